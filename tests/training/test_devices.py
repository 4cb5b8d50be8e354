"""How the cores are shared."""

import os

import pytest

from fer_core.training.devices import share_cores


@pytest.mark.parametrize(("cores", "parts", "threads"), [(2, 2, "1"), (8, 2, "4"), (1, 2, "1"), (8, 1, None)])
def test_each_part_of_a_batch_has_its_own_cores(monkeypatch, cores, parts, threads):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    share_cores(parts)
    assert os.environ.get("TF_NUM_INTRAOP_THREADS") == threads
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)  # which the function sets for the process to come


def test_what_a_user_says_about_threads_stands(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "3")
    share_cores(2)
    assert os.environ["TF_NUM_INTRAOP_THREADS"] == "3"
