import contextlib
import os
import signal
import time

import pytest

from fer_core import store
from fer_core.data import load_dataset

LONGEST = (
    *("training/test_runs", "browser/test_pages", "training/test_cluster", "training/test_kill", "training/test_fit"),
    *("browser/test_run", "inference/test_importing", "browser/test_upload"),
)
"""Files of tests that take minutes: begun first, so that at the end no process works alone."""

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `fer_core.apart` has it: tests run beside each other


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; xdist keeps that order with `--no-loadscope-reorder`."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get("/".join(item.path.with_suffix("").parts[-2:]), len(LONGEST)))


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    """Each test writes its caches and models into a folder of its own, and leaves no worker behind."""
    monkeypatch.setenv("FER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("FER_MODELS", str(tmp_path / "models"))
    yield
    for lock in (tmp_path / "models").glob("*/lock"):
        _end_worker(store.SavedModel(lock.parent.name, lock.parent))


def _end_worker(model: store.SavedModel) -> None:
    while model.busy:
        pids = [event["pid"] for event in model.recent_events() if event["event"] == "queued"]
        for pid in pids[-1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


@pytest.fixture
def real_source() -> str:
    """The real FER2013 CSV; skips where there is none."""
    return os.environ.get("FER_SOURCE") or pytest.skip("FER_SOURCE names no real CSV")


@pytest.fixture(scope="session")
def real_dataset(tmp_path_factory):
    """The real FER2013, read once for all tests; skips where there is none."""
    source = os.environ.get("FER_SOURCE") or pytest.skip("FER_SOURCE names no real CSV")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FER_DATA", str(tmp_path_factory.mktemp("real")))
        return load_dataset(source)
