"""The model card: each of its numbers stands in the record or can be counted in the predictions."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from saved import save_model

from fer_core import store
from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.evaluation.card import model_card
from fer_core.evaluation.metrics import class_scores
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.evaluation.verification import verify
from fer_core.integrity import prediction_columns
from fer_core.lineage import origin


@pytest.fixture
def model() -> store.SavedModel:
    return save_model("carded", draw_dataset())


def predictions_of(model: store.SavedModel) -> Predictions:
    return read_predictions(model.folder / "predictions.parquet", model.labels)


def cells(card: str, first: str) -> list[list[str]]:
    """The rows of the card's tables that begin with that word."""
    rows = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("|")]
    return [row for row in rows if row[0] == first]


def test_scores_are_those_of_the_record(model):
    """Every split and part: faces, macro recall and accuracy with their intervals, calibration error."""
    card = model_card(model, predictions_of(model))
    for split, parts in model.scores.items():
        for row in cells(card, split):
            told = parts[row[1]]
            expected = [f"{told['n']:,}"] + [
                f"{told[name]:.3f} ({told[name + '_low']:.3f} to {told[name + '_high']:.3f})"
                for name in ("macro_recall", "accuracy")
            ]
            assert row[2:] == [*expected, f"{told['ece']:.3f}"]
        assert [row[1] for row in cells(card, split)] == ["raw", "honest"]


def test_recall_of_each_class_is_that_of_the_predictions(model):
    """Raw and honest beside each other, with the faces of each."""
    predictions = predictions_of(model)
    raw, honest = (class_scores(predictions.select("test", part)) for part in ("raw", "honest"))
    card = model_card(model, predictions)
    for k, label in enumerate(model.labels):
        (row,) = cells(card, label)
        assert row[1].replace(",", "") == str(raw["n"][k])
        assert row[2].startswith(f"{raw['recall'][k]:.3f} ({raw['recall_low'][k]:.3f} to")
        assert row[4].replace(",", "") == str(honest["n"][k])
        assert row[5].startswith(f"{honest['recall'][k]:.3f} (")


def test_card_tells_data_settings_and_uses(model):
    """Fingerprints, settings, rows, that the faces are drawn, limits and prohibited uses, whatever is in a tag."""
    model = store.update_record(model, tags=["a | b"], rows={"train": 1234, "left_out": 56})
    card = model_card(model, predictions_of(model))
    for told in (
        model.record["dataset"]["fingerprint"],
        model.record["sha256"],
        "| learning_rate | ",
        "1,234 Training faces",
        "56 of these classes left out",
        "drawn by a program",
        "a \\| b",
        "## Limits",
        "at work or in education",
    ):
        assert told in card
    leaked = predictions_of(model).select("test").frame["leak"].value_counts()
    assert [cells(card, f"{kind} copy in Training")[0][1] for kind in ("exact", "near")] == [
        str(leaked.get(kind, 0)) for kind in ("exact", "near")
    ]


def test_card_tells_what_went_into_a_model(model):
    """Of what it started from and learned from: faces, rule, votes and settings, though those models may be gone."""
    settings = model.record["settings"]
    dataset = model.record["dataset"] | {"votes_sha256": "5" * 64}
    rows = {"train": 77, "left_out": 8}
    parent = store.update_record(
        save_model("gone", draw_dataset(), seed=1),
        settings=settings | {"rows": "clean", "votes_weight": 0.5, "epochs": 7},
        dataset=dataset,
        rows=rows,
        sha256="1" * 64,
    )
    child = store.update_record(model, parent=origin(parent), settings=settings | {"start": "gone"})
    card = model_card(child, predictions_of(model))
    (line,) = [line for line in card.splitlines() if line.startswith("- **gone (111111111111), which went into it, ")]
    for told in ("77 Training faces, 8 of", "without blank faces", f"annotators' votes, sha256 {'5' * 64}"):
        assert told in line
    assert [row[1] for row in cells(card, "epochs")] == ["20", "7"]
    assert "### gone (111111111111)" in card
    same_name = store.update_record(child, parent=origin(parent) | {"id": "carded"})
    assert [row[1] for row in cells(model_card(same_name, predictions_of(model)), "epochs")] == ["20", "7"]
    elsewhere = origin(parent) | {"dataset": dataset | {"fingerprint": "0" * 64}}
    assert "of whose faces copies may be" in model_card(
        store.update_record(child, parent=elsewhere), predictions_of(model)
    )
    brought = {"id": "brought", "settings": {}, "dataset": {}, "sha256": "2" * 64, "imported": {}}
    soup = store.update_record(model, settings={}, parts=[origin(parent), brought], rows={})
    told = model_card(soup, predictions_of(model))
    assert "gone (111111111111), which went into it" in told
    assert "- **brought (222222222222), which went into it, learned from:** what is not known" in told


def test_card_of_an_imported_model_says_what_is_not_known(model):
    """No settings, no rows: told as such and not made up."""
    imported = {"settings": {}, "rows": {}, "pixels": {}, "imported": {"file": "x.keras", "sha256": "0" * 64}}
    card = model_card(store.update_record(model, **imported), predictions_of(model))
    assert "not known: it was imported" in card
    assert "x.keras" in card


def test_card_of_settings_that_are_not_known_here(model):
    """Of another version of the workbench, say: they are told as they are."""
    settings = model.record["settings"] | {"rows": "best", "folds": 3}
    del settings["fold"]
    card = model_card(store.update_record(model, settings=settings), predictions_of(model))
    assert "by a rule that is not known here: best; without part 1 of 3" in card


def test_class_without_a_face_has_dashes():
    """A split without faces of a class: no number is made up."""
    model = save_model("sparse", draw_dataset())
    everything = predictions_of(model)
    frame = everything.frame[everything.frame["label"] != 3]
    card = model_card(model, Predictions(frame.reset_index(drop=True), everything.labels))
    assert cells(card, "Sad")[0][1:3] == ["0", "–"]


def test_columns_that_the_listing_expects_are_those_of_predictions(model):
    """Two modules name them: the one that writes and the one that looks for damage."""
    assert list(predictions_of(model).frame) == prediction_columns(list(model.labels))


def test_verify_finds_what_listing_does_not(model):
    """A whole model has no finding; changed probabilities, or scores, are told."""
    assert verify(model) == []
    frame = predictions_of(model).frame
    columns = [name for name in frame if name.startswith("p_")]
    frame.loc[0, columns] = [2.0, 0, 0, 0, 0, 0]
    frame.to_parquet(model.folder / "predictions.parquet")
    assert "probabilities from 0 to 1" in verify(store.open_model("carded"))[0]
    other = save_model("other", draw_dataset(), seed=1)
    scores = other.record["scores"]["test"]["honest"]
    scores["macro_recall"] += 0.01
    scores["macro_recall_low"] += 0.01
    scores["recall"]["Sad"] = 0.99
    wrong = "macro_recall, macro_recall_low, recall of Sad"
    assert verify(other) == [f"expected the scores of its predictions on test, honest, found other {wrong}"]


def test_verify_looks_at_what_lies_beside(model):
    """A decision that is half written, and a network over time that isn't the one that was saved."""
    (model.folder / "decision.json").write_text('{"format": 1')
    record = {"format": 1, "network": model.record["sha256"], "sha256": "0" * 64}
    (model.folder / "timeline.json").write_text(json.dumps(record))
    (model.folder / "timeline.keras").write_bytes(b"torn")
    over_time, decision = verify(model)
    assert "expected the file of which timeline.json speaks" in over_time
    assert "decision.json: expected readable JSON" in decision


def test_limits_are_those_of_the_faces(model):
    """Nobody searched the web for drawn faces."""
    drawn = model_card(model, predictions_of(model))
    of_photographs = store.update_record(model, dataset=model.record["dataset"] | {"drawn": False})
    photographs = model_card(of_photographs, predictions_of(model))
    assert ("drawn by a program: the scores say nothing" in drawn, "web pictures" in drawn) == (True, False)
    assert ("drawn by a program: the scores say nothing" in photographs, "web pictures" in photographs) == (False, True)


def test_a_card_goes_into_what_is_no_file_without_taking_its_place(model, tmp_path):
    """A pipe stays one, and so does /dev/stdout."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_text, encoding="utf-8")
        assert main(["card", model.id, "--out", str(pipe)]) == 0
        assert read.result(30).startswith(f"# Model card: {model.id}")
    assert pipe.is_fifo()
