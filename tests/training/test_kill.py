"""`kill -9` at random moments: of a run, and of nothing but the saving of its state.

`make test-kill` kills a run 20 times, `make test` less often.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from following import events_of, wait_until, worker_of

from fer_core import store
from fer_core.evaluation.predictions import read_predictions
from fer_core.paths import PARTIAL, ROOT
from fer_core.training import runs
from fer_core.training.state import load_state

KILLS = int(os.environ.get("FER_KILLS", "4"))
EPOCHS = 5
SAVER = """
import itertools, sys
from pathlib import Path
import numpy as np
from fer_core.paths import remove_partial
from fer_core.training.state import save_state
folder = Path(sys.argv[1])
remove_partial(folder)
for epoch in itertools.count(int(sys.argv[2])):
    save_state(folder, [np.full(300_000, epoch, np.float32)] * 3, {"epoch": epoch})
    print(epoch, flush=True)
"""


def test_saving_killed_at_any_moment_leaves_the_state_that_was_reported(tmp_path):
    """20 kills of a process that saves and saves: a whole state each time, the last reported or the one under way."""
    rng, epoch = random.Random(0), 0
    for _ in range(20):
        saver = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(tmp_path), str(epoch + 1)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        saver.stdout.readline()
        time.sleep(rng.uniform(0, 0.2))
        saver.kill()
        reported = [epoch + 1, *map(int, saver.communicate()[0].splitlines())][-1]
        arrays, record = load_state(tmp_path, pytest.fail)
        epoch = record["epoch"]
        assert epoch in (reported, reported + 1)
        np.testing.assert_array_equal(arrays, np.full((3, 300_000), epoch))
        assert len(list(tmp_path.glob(f"{PARTIAL}*"))) <= 1


@pytest.mark.timeout(3000)
def test_runs_killed_at_random_moments_lose_nothing(short_run):
    """Killed while it loads, trains or saves: all files can be read, nothing readable is lost, the curve is whole."""
    rng, killed, number = random.Random(1), [], itertools.count()
    while len(killed) < KILLS:
        model = short_run(f"run-{next(number)}", EPOCHS)  # one that finished before a kill has its name too
        killed += kill_and_resume(model, KILLS - len(killed), rng)
        if not store.open_model(model.id).trained:
            runs.start_run(model)
            wait_until(lambda model=model: not model.busy)
        check_finished(store.open_trained(model.id))
    print("killed after:", ", ".join(killed))


def kill_and_resume(model: store.SavedModel, times: int, rng: random.Random) -> list[str]:
    """Start `model` and kill it, so many times or until it has finished: the last event before each kill."""
    killed, history, events = [], [], []
    while len(killed) < times and not store.open_model(model.id).trained:
        runs.start_run(model)
        target = len(model.recent_events()) + rng.randint(0, 6)
        wait_until(lambda target=target: len(model.recent_events()) >= target or not model.busy)
        time.sleep(rng.uniform(0, 0.7))
        with suppress(ProcessLookupError):
            os.kill(worker_of(model), signal.SIGKILL)
        wait_until(lambda: not model.busy)
        check_readable(store.open_model(model.id), history, events)
        history, events = model.history().to_dict("records"), model.recent_events()
        if events[-1]["event"] != "finished":
            killed.append(events[-1]["event"])
    return killed


def check_readable(model: store.SavedModel, history: list[dict], events: list[dict]) -> None:
    """Every file there is loads, and `history` and `events`, read before, are still there and go on without a gap."""
    assert model.status in ("interrupted", "finished")
    now = model.history().to_dict("records")
    assert [row["epoch"] for row in now] == list(range(1, len(now) + 1))
    assert now[: len(history)] == history
    assert model.recent_events()[: len(events)] == events
    assert len(model.recent_events()) == len((model.folder / "events.jsonl").read_bytes().splitlines())
    if model.weights_file.exists():
        assert zipfile.ZipFile(model.weights_file).testzip() is None
    if (model.folder / "predictions.parquet").exists():
        read_predictions(model.folder / "predictions.parquet", model.labels)
    if not model.trained:
        state = load_state(model.folder, pytest.fail)
        told = [event["epoch"] for event in events_of(model, "epoch")]
        assert (state[1]["epoch"] if state else 0) >= max([len(now), *told])


def check_finished(model: store.SavedModel) -> None:
    """All epochs, each once; a network that loads; nothing half written left."""
    assert model.status == "finished"
    assert list(model.history()["epoch"]) == list(range(1, EPOCHS + 1))
    told = [event["epoch"] for event in events_of(model, "epoch")]
    assert told == sorted(set(told))
    assert store.load_network(model).count_params() == model.record["parameters"]
    assert list(model.folder.glob(f"{PARTIAL}*")) == []
