"""Saved models as folders: names, records, damage."""

import json

import pytest

from fer_core import store
from fer_core.errors import ModelError
from fer_core.paths import models_dir

RECORD = {
    "scheme": "study",
    "labels": ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"],
    "network": "compact",
    "settings": {},
    "dataset": {"source": "demo", "fingerprint": "0", "drawn": True},
    "versions": {},
}
TRAINED = {"parameters": 1, "pixels": {}, "rows": {}, "scores": {}, "sha256": "0" * 64}


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
    for name in ("model.keras", "predictions.parquet"):
        (model.folder / name).write_bytes(b"")
    store.update_record(model, **TRAINED)
    assert store.open_trained("both").status == "finished"


def test_model_of_parts_that_was_torn_is_no_run():
    """Killed while its folder was filled: damaged, and not a run that could be resumed."""
    store.create_model("both", RECORD | {"parts": []})
    assert store.list_models()[0].status == "damaged"


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


def test_half_written_event_is_left_out():
    """A worker that was killed while it wrote a line leaves the earlier ones readable."""
    model = store.create_model("killed", RECORD)
    (model.folder / "events.jsonl").write_text(json.dumps({"event": "started"}) + '\n{"event": "ep')
    assert [event["event"] for event in model.events()] == ["started"]


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
