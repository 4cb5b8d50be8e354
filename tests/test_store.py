"""Saved models as folders: names, records, damage."""

import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

from fer_core import store, upkeep
from fer_core.errors import ModelError
from fer_core.integrity import CURVES, MEASURES, prediction_columns
from fer_core.paths import models_dir

RECORD = {
    "scheme": "study",
    "labels": ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"],
    "network": "compact",
    "settings": {},
    "dataset": {"source": "demo", "fingerprint": "0", "drawn": True},
    "versions": {},
}
TRAINED = {
    "parameters": 1,
    "pixels": {},
    "rows": {"train": 1, "left_out": 0},
    "scores": {},
    "sha256": "0" * 64,
}
ORIGIN = {"id": "a", "sha256": "0", "settings": {}, "dataset": {}, "rows": {"train": 5, "left_out": 0}}
SCORES = {"n": 1} | dict.fromkeys(MEASURES, 0.5)
WITHOUT_LOW = {key: value for key, value in SCORES.items() if key != "macro_recall_low"}


def fill(model: store.SavedModel) -> store.SavedModel:
    """Give a model the files of a trained one, without a face in them, and say so in its record."""
    model.weights_file.write_bytes(b"no network")
    pd.DataFrame(columns=prediction_columns(list(model.labels))).to_parquet(model.folder / "predictions.parquet")
    curves = [*CURVES, *(f"val_recall_{label}" for label in model.labels)]
    pd.DataFrame([dict.fromkeys(curves, 1)]).to_csv(model.folder / "history.csv", index=False)
    return store.update_record(model, **TRAINED | {"sha256": store.sha256_of(model.weights_file)})


def test_trained_model_without_its_scores_is_damaged():
    """A record that speaks of weights says all that is known of them."""
    store.update_record(store.create_model("bare", RECORD), sha256="0")
    assert "expected parameters, pixels, rows, scores" in store.list_models()[0].problem


def test_created_model_is_listed_and_not_trained():
    """A folder with a record and no weights is a run that nobody is at work on."""
    store.create_model("first", RECORD)
    (model,) = store.list_models()
    assert (model.id, model.status, model.trained) == ("first", "interrupted", False)
    with pytest.raises(ModelError, match="expected a trained model"):
        store.open_trained("first")


def test_a_lock_that_may_not_be_opened_is_nobody_at_work(monkeypatch):
    """A folder of somebody else, whose lock file we may not write; looked at by somebody who isn't root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("FER_MODELS", folder)
        (fill(store.create_model("theirs", RECORD)).folder / "lock").touch(0o444)
        code = (
            "import os, pyarrow.parquet; from fer_core.store import list_models; os.getuid() or os.setuid(65534);"
            "print(list_models()[0].status)"
        )
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert told.stdout.strip() == "finished", told.stderr


def test_without_room_for_its_record_no_folder_stays(tmp_path):
    """A full disk is told in a line, and the name can be taken later."""
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, -1));"
        "from fer_core.errors import ModelError; from fer_core.store import create_model\n"
        "try: create_model('x', {})\nexcept ModelError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "expected room for a model's record, found: File too large" in told.stdout, told.stderr
    assert not (models_dir() / "x").exists()


def test_no_folder_of_models_is_an_empty_list():
    """A fresh machine has no models and that is no error."""
    assert store.list_models() == []


def test_name_is_taken_once():
    """The second of the same name is refused."""
    store.create_model("first", RECORD)
    with pytest.raises(ModelError, match="expected one that is not taken"):
        store.create_model("first", RECORD)


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "../up", "a" * 65, "a b", "-dash"])
def test_name_that_leaves_the_folder_is_refused(name):
    """Names are plain words; nothing resolves to a place outside of the folder of models."""
    with pytest.raises(ModelError, match="model name: expected"):
        store.create_model(name, RECORD)


def test_missing_model_lists_those_that_are_there():
    """The refusal helps."""
    store.create_model("first", RECORD)
    with pytest.raises(ModelError, match="there are: first"):
        store.open_model("second")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "found none"),
        ('{"format": 1, "na', "expected JSON"),
        ("[]", "found list"),
        ('{"format": 99}', "found 99"),
        ('{"format": 1, "name": "x"}', "expected created, scheme"),
    ],
)
def test_damaged_model_is_listed_with_its_problem_and_breaks_nothing(text, problem):
    """A torn, foreign or missing record leaves the others alone."""
    store.create_model("whole", RECORD)
    folder = models_dir() / "broken"
    folder.mkdir()
    if text is not None:
        (folder / "model.json").write_text(text)
    by_id = {model.id: model for model in store.list_models()}
    assert by_id["whole"].problem == ""
    assert problem in by_id["broken"].problem
    assert by_id["broken"].status == "damaged"
    with pytest.raises(ModelError, match="broken"):
        store.open_model("broken")


def test_trained_model_without_its_files_is_damaged():
    """A record that speaks of weights needs them."""
    store.update_record(store.create_model("bare", RECORD), **TRAINED)
    assert "model.keras, predictions.parquet, history.csv" in store.list_models()[0].problem


def test_model_of_parts_needs_no_curve():
    """A model that combines others was not trained itself: finished without `history.csv`."""
    model = store.create_model("both", RECORD | {"parts": []})
    fill(model)
    (model.folder / "history.csv").unlink()
    assert store.open_trained("both").status == "finished"


def test_model_of_parts_that_was_torn_is_no_run():
    """Killed while its folder was filled: damaged, and not a run that could be resumed."""
    store.create_model("both", RECORD | {"parts": []})
    assert store.list_models()[0].status == "damaged"


def test_a_model_that_was_read_earlier_loses_nothing():
    """What another wrote meanwhile stays, and the newer word on the same key counts."""
    early = store.create_model("shared", RECORD)
    store.update_record(early, tags=["good"], settings={"seed": 1})
    late = store.update_record(early, settings={"seed": 2})
    assert late.record["tags"] == ["good"]
    assert store.open_model("shared").record == late.record
    assert late.record["settings"] == {"seed": 2}


def test_free_name_is_the_first_number_not_taken():
    """`both-1`, then `both-2`; a taken name is refused."""
    assert store.check_free(store.free_name("both")) == "both-1"
    store.create_model("both-1", RECORD)
    assert store.free_name("both") == "both-2"
    with pytest.raises(ModelError, match="not taken, found 'both-1'"):
        store.check_free("both-1")


def test_weights_other_than_recorded_are_not_loaded():
    """The sha256 of the record guards the file."""
    model = store.create_model("swapped", RECORD)
    for name in ("model.keras", "history.csv", "predictions.parquet"):
        (model.folder / name).write_bytes(b"other")
    with pytest.raises(ModelError, match="with the sha256"):
        store.load_network(store.update_record(model, **TRAINED))


def test_weights_that_keras_does_not_read():
    """One line, though the sha256 is right: no zip file, or one of a later Keras."""
    model = store.create_model("alien", RECORD)
    for name in ("model.keras", "history.csv", "predictions.parquet"):
        (model.folder / name).write_bytes(b"no network")
    model = store.update_record(model, **TRAINED | {"sha256": store.sha256_of(model.weights_file)})
    with pytest.raises(ModelError, match=r"'alien': expected model.keras to be a file that Keras .* reads"):
        store.load_network(model)


def test_half_written_event_is_left_out():
    """A worker that was killed while it wrote a line leaves the earlier ones readable."""
    model = store.create_model("killed", RECORD)
    (model.folder / "events.jsonl").write_text(json.dumps({"event": "started"}) + '\n{"event": "ep')
    assert [event["event"] for event in model.recent_events()] == ["started"]


def test_newest_event_of_a_kind_however_long_ago():
    """Found before half a megabyte of others; a half-written line and a missing kind are no events."""
    model = store.create_model("long", RECORD)
    assert model.last_event("epoch") is None
    path = model.folder / "events.jsonl"
    path.write_text('{"event": "epoch"', encoding="utf-8")
    assert model.last_event("epoch") is None
    lines = ['{"event": "epoch", "epoch": 1}', '{"event": "epoch", "epoch": 2}', *['{"event": "progress"}'] * 20_000]
    path.write_text("\n".join([*lines, '{"event": "epoch", "epo']), encoding="utf-8")
    assert len(model.recent_events()) < 20_000
    assert model.last_event("epoch") == {"event": "epoch", "epoch": 2}
    assert model.last_event("started") is None


def test_folder_whose_record_tells_another_name_is_called_as_it_lies():
    """The folder's name is the id, so a kill between the two halves of a rename costs nothing."""
    store.create_model("first", RECORD).folder.rename(models_dir() / "second")
    assert (store.open_model("second").record["name"], store.open_model("second").problem) == ("second", "")


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        ("model.keras", b"other", "expected model.keras with the sha256"),
        ("predictions.parquet", b"PAR1 torn", "expected a readable predictions.parquet"),
        ("history.csv", b"", "expected the columns epoch"),
        ("history.csv", b"epoch,loss\n1,2\n", "missing ['val_loss'"),
        ("history.csv", b"epoch,loss\n1\n", "expected 2 numbers in each row of history.csv, found '1'"),
        ("history.csv", b"\xff\xfe", "expected a readable history.csv"),
        ("model.json", b"{", "expected JSON"),
        ("model.json", b"[" * 100_000, "expected JSON"),
    ],
)
def test_damaged_file_is_told_and_leaves_the_others_alone(file, content, problem):
    """Each file of a trained model damaged in turn: listed with the reason, beside a whole one."""
    fill(store.create_model("whole", RECORD))
    broken = fill(store.create_model("broken", RECORD))
    assert store.open_trained("broken").status == "finished"
    (broken.folder / file).write_bytes(content)
    by_id = {model.id: model for model in store.list_models()}
    assert problem in by_id["broken"].problem
    assert (by_id["broken"].status, by_id["broken"].scores) == ("damaged", {})
    assert by_id["whole"].problem == ""


def test_a_short_origin_stands_for_one_that_is_told():
    """By its id and sha256 alone, where the record tells of that model elsewhere, and only there."""
    whole = ORIGIN | {"dataset": RECORD["dataset"]}
    taught = whole | {"id": "b", "sha256": "1", "teachers": [{"id": "a", "sha256": "0"}]}
    for name, parts in (("told", [whole, taught]), ("gone", [taught])):
        model = fill(store.create_model(name, RECORD))
        store.save_record(store.SavedModel(model.id, model.folder, model.record | {"parts": parts}))
    problems = {model.id: model.problem for model in store.list_models()}
    assert problems["told"] == ""
    assert "expected id, settings, dataset, rows and sha256" in problems["gone"]


def test_predictions_with_alien_columns_are_damaged():
    """Columns of other classes, one too many, one missing."""
    model = fill(store.create_model("alien", RECORD))
    columns = [*prediction_columns(list(model.labels))[:-1], "p_Disgust"]
    pd.DataFrame(columns=columns).to_parquet(model.folder / "predictions.parquet")
    assert "missing ['p_Neutral'], unknown ['p_Disgust']" in store.list_models()[0].problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"created": 5}, "found created int"),
        ({"created": "yesterday"}, "expected a time in created"),
        ({"created": "2026-01-31T12:00:00"}, "expected a time in created"),  # of which zone?
        ({"settings": {"start": "first"}}, "expected under parent what the record keeps of 'first', found none"),
        ({"parts": ["a"]}, "expected id, settings, dataset, rows and sha256 of each model that went into it, found a"),
        ({"parent": {"id": "a", "sha256": "0"}}, "expected id, settings, dataset, rows and sha256"),
        ({"settings": []}, "found settings list"),
        ({"dataset": {"source": "demo"}}, "expected words as source and fingerprint"),
        ({"scheme": "nine"}, "expected a scheme among study"),
        ({"labels": ["Sad"]}, "expected the labels Angry"),
        ({"tags": [1]}, "expected words as tags"),
        ({"scores": {"test": {"raw": {"n": 3}}}}, "in scores of test"),
        ({"scores": {"holiday": {}}}, "in scores of holiday"),
        ({"scores": {"train": {"raw": SCORES, "honest": SCORES}}}, "in scores of train"),
        ({"scores": {"test": {"raw": SCORES, "honest": WITHOUT_LOW}}}, "in scores of test"),
        (
            {"parent": {"id": "a", "sha256": "0", "settings": "s", "dataset": {}}},
            "expected id, settings, dataset, rows and",
        ),
        ({"parent": ORIGIN | {"parts": 3}}, "expected id, settings, dataset, rows and sha256"),
        ({"parent": ORIGIN | {"sha256": ["a"]}}, "expected id, settings, dataset, rows and sha256"),
        (
            {"parent": ORIGIN | {"parent": ORIGIN | {"teachers": [["a"]]}}},
            "expected id, settings, dataset, rows and sha256",
        ),
        ({"parts": [ORIGIN | {"rows": {}}]}, "expected in rows how many are train and left_out, found {}"),
        ({"imported": {"by": "x"}}, "expected file and sha256 in imported, found {'by': 'x'}"),
        ({"answers": {"file": "x"}}, "expected file and sha256 in answers, found {'file': 'x'}"),
        ({"rows": {}}, "expected in rows how many are train and left_out, found {}"),
        ({"training_seconds": None}, "found training_seconds NoneType"),
        ({"parameters": "many"}, "found parameters str"),
    ],
)
def test_record_with_alien_values_is_damaged(change, problem):
    """What pages and verbs rely on is checked once, so that none of them fails on it."""
    model = fill(store.create_model("alien", RECORD))
    store.create_model("whole", RECORD)
    store.save_record(store.SavedModel(model.id, model.folder, model.record | change))
    by_id = {model.id: model for model in store.list_models()}
    assert problem in by_id["alien"].problem
    assert by_id["whole"].problem == ""


def test_a_lock_brings_no_deleted_model_back():
    """Who asks whether a run is busy makes none; who wants it alone may make its folder anew, and takes that away."""
    model = fill(store.create_model("gone", RECORD))
    shutil.rmtree(model.folder)
    assert not model.busy
    assert not model.folder.exists()
    model.folder.mkdir()
    with pytest.raises(ModelError, match="renamed or deleted meanwhile"), upkeep.alone(model, "tagged"):
        pass
    assert not model.folder.exists()


def test_who_looks_at_the_same_time_is_nobody_at_work():
    """A look holds the lock for an instant, and is not taken for a worker by another; a worker is."""
    model = fill(store.create_model("looked-at", RECORD))
    (model.folder / "lock").touch()
    with ThreadPoolExecutor(4) as pool:
        assert not any(pool.map(lambda _: model.busy, range(2000)))
    with model.lock:
        assert store.open_model("looked-at").busy


def test_a_file_changed_into_one_as_long_is_noticed():
    """By when it was written; what was remembered of it doesn't count any more."""
    model = fill(store.create_model("swapped", RECORD))
    assert store.open_trained("swapped")
    model.weights_file.write_bytes(b"x" * model.weights_file.stat().st_size)
    assert "expected model.keras with the sha256" in store.list_models()[0].problem


def test_models_are_listed_newest_first():
    for name, day in (("b", 2), ("c", 3), ("a", 1)):
        store.update_record(store.create_model(name, RECORD), created=f"2026-01-0{day}T12:00:00+00:00")
    assert [model.id for model in store.list_models()] == ["c", "b", "a"]
