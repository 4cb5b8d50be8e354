"""Runs that learn from a version of the labels: which faces it touches, and that it stays what it was."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from saved import save_model

from fer_core import store
from fer_core.data.versions import Version, save_version, version_file
from fer_core.errors import RunError, VersionError
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS, SCHEMES
from fer_core.paths import ROOT
from fer_core.training import runs
from fer_core.training.config import get_preset
from fer_core.training.data import gather, training_rows, validation_rows, versioned
from fer_core.training.fit import fit
from fer_core.training.teachers import open_teachers

SAD, HAPPY, DISGUST = (EMOTIONS.index(name) for name in ("Sad", "Happy", "Disgust"))
TINY = get_preset("quick", width=2, epochs=1)


@pytest.fixture
def faces_of(drawn):
    """Rows of a Usage with an emotion."""
    return lambda usage, emotion: np.flatnonzero((drawn.usage == usage) & (drawn.emotion == emotion)).tolist()


@pytest.fixture
def config(drawn, faces_of):
    """Learns from a version that makes Disgust and Happy faces Sad and leaves one out, in each Usage alike."""
    labels, excluded = {}, []
    for usage in np.unique(drawn.usage):
        happy = faces_of(usage, HAPPY)
        labels |= {happy[0]: SAD, faces_of(usage, DISGUST)[0]: SAD}
        excluded.append(happy[1])
    save_version(Version("better", drawn.fingerprint, labels, tuple(excluded)))
    return replace(TINY, version="better")


def test_only_training_faces_change(drawn, faces_of, config):
    """Relabelled, left out and taken in; what a run is measured on is the same with and without a version."""
    happy, disgust = faces_of("Training", HAPPY), faces_of("Training", DISGUST)
    rows, own = training_rows(drawn, config), training_rows(drawn, TINY)
    assert set(rows) - set(own) == {disgust[0]}
    assert set(own) - set(rows) == {happy[1]}
    learned = versioned(drawn, config)
    label = gather(learned, rows, "study").label
    sad = SCHEMES["study"].labels.index("Sad")
    assert label[np.isin(rows, [happy[0], disgust[0]])].tolist() == [sad, sad]
    assert validation_rows(drawn, config).tolist() == validation_rows(drawn, TINY).tolist()
    tested = drawn.usage != "Training"
    assert learned.emotion[tested].tolist() == drawn.emotion[tested].tolist()
    assert not learned.excluded[tested].any()


def test_no_such_version_is_refused_before_the_run(drawn):
    """One line; no folder is made."""
    with pytest.raises(VersionError, match=r"version 'none': expected one of the versions of demo \(none yet\)"):
        runs.create_run(replace(TINY, version="none"), drawn, "run")
    assert store.list_models() == []


@pytest.mark.parametrize(("text", "found"), [(" ", "sha256"), (None, "none")])
def test_a_version_that_was_changed_stops_the_run(drawn, config, text, found):
    """Neither a new start nor a worker goes on with other labels than the run was created with; put back, it can."""
    model = runs.create_run(config, drawn, "run")
    file = version_file(drawn.fingerprint, "better")
    kept = file.read_bytes()
    if text is None:
        file.unlink()
    else:
        file.write_bytes(kept + text.encode())
    for act in (lambda: runs.start_run(model), lambda: fit(model)):
        with pytest.raises(RunError, match=rf"expected version 'better' as it was .*, found {found}") as raised:
            act()
        assert "\n" not in str(raised.value)
    file.write_bytes(kept)
    assert fit(model)


@pytest.mark.slow
def test_a_worker_refuses_a_changed_version_in_one_line(drawn, config):
    """A process that waited in the queue looks again: failed, with the reason."""
    model = runs.create_run(config, drawn, "run")
    version_file(drawn.fingerprint, "better").write_text("{}")
    worker = [sys.executable, "-m", "fer_core.training.worker", "run"]
    done = subprocess.run(worker, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "expected version 'better' as it was" in model.last_event("failed")["reason"]


def test_run_of_a_version(drawn, config):
    """Settings and sha256 stand in the record; it is scored on the dataset's own labels, and its rows are counted."""
    model = runs.create_run(config, drawn, "run")
    file = version_file(drawn.fingerprint, "better")
    assert model.record["settings"]["version"] == "better"
    assert model.record["dataset"]["version_sha256"] == store.sha256_of(file)
    assert fit(model)
    model = store.open_trained("run")
    assert model.record["rows"] == {"train": len(training_rows(drawn, config)), "left_out": 1}
    frame = read_predictions(model.folder / "predictions.parquet", model.labels).frame
    scheme = SCHEMES["study"]
    scored = np.sort(np.concatenate([drawn.rows(split, scheme) for split in ("validation", "test")]))
    assert frame["row"].tolist() == scored.tolist()
    assert frame["label"].tolist() == scheme.classes(drawn.emotion[scored]).tolist()


def test_a_teacher_knows_the_faces_of_its_own_version(drawn, faces_of, config):
    """A face that only its version gave it a class for is one it has learned; so is it asked about no other."""
    disgust = faces_of("Training", DISGUST)[0]
    model = save_model("teacher", drawn)
    created = runs.create_run(replace(config, folds=2), drawn, "settings")
    store.update_record(model, **{key: created.record[key] for key in ("settings", "dataset")})
    student = replace(config, teachers=("teacher",))
    rows = training_rows(drawn, student)
    ((_, blind),) = open_teachers(drawn, rows, student)
    assert not blind[np.isin(rows, training_rows(drawn, replace(config, folds=2)))].any()
    assert disgust in rows
    version_file(drawn.fingerprint, "better").write_text("{}")
    with pytest.raises(RunError, match="run 'teacher': expected version 'better' as it was"):
        open_teachers(drawn, rows, student)
