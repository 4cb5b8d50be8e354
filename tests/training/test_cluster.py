"""One run shared by two worker processes, and by two devices of one process."""

import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from following import wait_until

from fer_core import store
from fer_core.errors import RunError
from fer_core.paths import ROOT
from fer_core.training.devices import is_chief

QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}


def free_ports(n: int) -> list[int]:
    sockets = [socket.socket() for _ in range(n)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def task(cluster: list[str], index: int) -> str:
    """What `TF_CONFIG` holds for one worker."""
    return json.dumps({"cluster": {"worker": cluster}, "task": {"type": "worker", "index": index}})


def start(folder, cluster: list[str] | None = None, index: int = 0, batches: int | None = None) -> subprocess.Popen:
    """One process that trains in `folder`, alone or as one of `cluster`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.cluster_worker", str(folder), *([str(batches)] if batches else [])],
        env=os.environ | QUIET | ({"TF_CONFIG": task(cluster, index)} if cluster else {}),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_pair(folder, **waiting) -> list[subprocess.Popen]:
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    return [start(folder, addresses, index, **(waiting if index == 1 else {})) for index in (0, 1)]


def outcome(process: subprocess.Popen) -> tuple[int, np.ndarray]:
    """Epochs done and the weights at the end."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    epochs, *weights = out.split()[-1000:]
    return int(epochs), np.array(weights, float)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> tuple[int, np.ndarray]:
    """The outcome of one process that does it all."""
    return outcome(start(tmp_path_factory.mktemp("alone")))


def test_two_workers_end_with_the_weights_of_one(tmp_path, alone):
    """Both hold identical weights after three epochs, and agree with one process that saw the whole batches."""
    (epochs, first), (_, second) = map(outcome, start_pair(tmp_path))
    assert epochs == alone[0] == 3
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone[1], atol=2e-3)


def test_a_killed_worker_ends_the_other_and_the_pair_resumes(tmp_path, alone):
    """The survivor ends by itself with one line that says what to do; started again, both end as if nothing was."""
    chief, other = start_pair(tmp_path, batches=6)
    assert other.stdout.readline().strip() == "waiting"
    other.send_signal(signal.SIGKILL)
    other.communicate()
    _, err = chief.communicate(timeout=300)
    assert chief.returncode == 1
    assert "lost one of them" in err.strip().splitlines()[-1]
    (epochs, first), (_, second) = map(outcome, start_pair(tmp_path))
    assert epochs == 3
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, alone[1], atol=2e-3)


def test_two_devices_of_one_process_agree_with_one(tmp_path, alone):
    """The same under `MirroredStrategy`, over two logical processors."""
    code = (
        "import sys, pathlib, tensorflow as tf\n"
        "cpu = tf.config.list_physical_devices('CPU')[0]\n"
        "tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)\n"
        "from tests.training import cluster_worker\n"
        "cluster_worker.get_strategy = lambda: tf.distribute.MirroredStrategy(['CPU:0', 'CPU:1'])\n"
        "cluster_worker.main(pathlib.Path(sys.argv[1]), None)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        env=os.environ | QUIET,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    epochs, weights = outcome(process)
    assert epochs == 3
    np.testing.assert_allclose(weights, alone[1], atol=2e-3)


def test_a_run_of_two_workers_is_saved_by_the_chief(short_run):
    """As a user starts it: the chief has lock and files, the other joins a run at work, and the model is whole."""
    model = short_run("shared")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    verbs = []
    for index in (0, 1):
        verbs.append(
            subprocess.Popen(
                [sys.executable, "-m", "fer_core", "train", "--resume", "--name", model.id],
                env=os.environ | QUIET | {"TF_CONFIG": task(addresses, index)},
                cwd=ROOT,
            )
        )
        wait_until(lambda: model.busy)
    assert [verb.wait(timeout=300) for verb in verbs] == [0, 0]
    model = store.open_trained("shared")
    assert model.status == "finished"
    assert list(model.history()["epoch"]) == [1, 2]
    assert {"joined", "started"} <= {event["event"] for event in model.recent_events()}


@pytest.mark.parametrize("said", ["{}", "nonsense", '{"cluster": {"worker": ["a:1"]}, "task": {"index": 0}}'])
def test_a_cluster_that_is_none_is_refused_in_words(monkeypatch, said):
    """What TF_CONFIG was expected to hold stands in the line."""
    monkeypatch.setenv("TF_CONFIG", said)
    with pytest.raises(RunError, match="TF_CONFIG: expected"):
        is_chief()
