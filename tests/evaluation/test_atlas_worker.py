"""The process that draws a map, over embeddings that are kept already: no network is asked."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from saved import save_model

from fer_core.data import load_dataset
from fer_core.errors import DatasetError
from fer_core.evaluation import atlas_worker
from fer_core.evaluation.atlas import is_known
from fer_core.evaluation.atlas_worker import Drawing, draw, is_drawing, read_drawing, start_drawing, stop_drawing
from fer_core.evaluation.embeddings import Embeddings, kept_as


@pytest.fixture
def drawn():
    return load_dataset("demo")


@pytest.fixture
def model(drawn):
    """A saved model whose embeddings are kept."""
    saved = save_model("mine", drawn)
    path = kept_as("embeddings", saved, drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = np.random.default_rng(0).normal(size=(len(drawn), 8)).astype(np.float32)
    np.savez(path, **vars(Embeddings(vectors, np.eye(6, dtype=np.float32)[np.arange(len(drawn)) % 6])))
    return saved


def wait(condition) -> None:
    """Until it is so; the test's own limit ends what never is."""
    while not condition():
        time.sleep(0.1)


def test_it_draws_in_a_process_of_its_own(model, drawn):
    """Which has the lock when `start_drawing` returns; afterwards the map is there and the note of it gone."""
    start_drawing(model, drawn)
    assert is_drawing(model, drawn) or is_known(model, drawn)
    wait(lambda: not is_drawing(model, drawn))
    assert is_known(model, drawn)
    assert read_drawing(model, drawn) is None


def test_the_time_that_it_tells_is_that_of_looking(model, drawn, monkeypatch):
    """And not of loading, which would make the time that is left too long by an hour at first."""
    path, clock = kept_as("atlas", model, drawn), SimpleNamespace(now=0.0)
    monkeypatch.setattr(atlas_worker, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def look(model, dataset, tell):
        for clock.now, done in ((40.0, 0), (50.0, 256)):
            tell(done, len(dataset))
        raise KeyboardInterrupt

    monkeypatch.setattr(atlas_worker, "find_atlas", look)
    with pytest.raises(KeyboardInterrupt):
        draw("mine", "demo", path.resolve())
    told = read_drawing(model, drawn)
    assert (told.done, told.n, told.seconds) == (256, 778, 10.0)


def test_it_says_why_it_failed(drawn):
    """In one line that stays, also where the embeddings would have to be measured by what is no network."""
    model = save_model("mine", drawn)
    start_drawing(model, drawn)
    wait(lambda: not is_drawing(model, drawn))
    assert read_drawing(model, drawn).problem.startswith("model 'mine': expected model.keras to be a file that Keras")


def test_faces_that_have_changed_are_refused(model, drawn):
    """What lies at the source is no longer what the page showed: no map of the one under the other's name."""
    path = kept_as("atlas", model, drawn).with_name("atlas-other.npz")
    with pytest.raises(DatasetError, match="demo: expected the faces and the model 'mine' as they were, found others"):
        draw("mine", "demo", path.resolve())
    assert json.loads(path.with_suffix(".json").read_text())["problem"].startswith("demo: expected the faces")
    assert not is_known(model, drawn)


def test_one_draws_at_a_time(model, drawn):
    """Whoever finds the lock taken leaves without a word."""
    path = kept_as("atlas", model, drawn)
    with FileLock(path.with_suffix(".lock")):
        assert is_drawing(model, drawn)
        draw("mine", "demo", path.resolve())
        assert read_drawing(model, drawn) is None
    assert not is_drawing(model, drawn)
    assert not is_known(model, drawn)


def test_looks_do_not_take_each_other_for_a_worker(model, drawn):
    """Two tabs that ask at once: neither draws."""
    kept_as("atlas", model, drawn).with_suffix(".lock").touch()
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: is_drawing(model, drawn), range(1000)))


def test_it_can_be_stopped(model, drawn):
    """The process that has the lock ends, and nothing stays of what it told."""
    path = kept_as("atlas", model, drawn)
    stop_drawing(model, drawn)  # nothing is to be done
    holds = "import sys, time, filelock; lock = filelock.FileLock(sys.argv[1]).acquire(); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", holds, str(path.with_suffix(".lock"))]) as worker:
        path.with_suffix(".json").write_text(json.dumps(vars(Drawing(worker.pid, 256, 778, 1.5))))
        wait(lambda: is_drawing(model, drawn))
        assert read_drawing(model, drawn) == Drawing(worker.pid, 256, 778, 1.5)
        stop_drawing(model, drawn)
        worker.wait()
    assert not is_drawing(model, drawn)
    assert read_drawing(model, drawn) is None
