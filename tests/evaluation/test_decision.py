"""A chosen temperature and operating point in a model's folder: saved, read, refused, taken back."""

import json
from dataclasses import replace

import numpy as np
import pytest
from saved import save_model

from fer_core import store, upkeep
from fer_core.data import load_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.calibration import fit_temperature
from fer_core.evaluation.decision import PLAIN, Decision, calibrated, read_decision, recalibrated, save_decision
from fer_core.evaluation.operating import OperatingPoint, fit_point
from fer_core.evaluation.predictions import read_predictions

SAD = OperatingPoint(("Sad",), 0.25, 0.7)


@pytest.fixture
def model() -> store.SavedModel:
    return save_model("mine", load_dataset("demo"))


@pytest.mark.parametrize("decision", [Decision(1.5), Decision(point=SAD), Decision(0.8, SAD)])
def test_what_is_saved_is_read(model, decision):
    """It comes back equal, to the last digit, and the record stays as it was, byte by byte."""
    record = (model.folder / "model.json").read_bytes()
    save_decision(model, decision)
    assert read_decision(model) == decision
    assert (model.folder / "model.json").read_bytes() == record
    assert store.open_model("mine").status == "finished"


def test_calibrated_where_no_temperature_was_saved(model):
    """At that of the honest validation faces; a saved one stays, and so do models without such faces."""
    predictions = read_predictions(model.predictions_file, model.labels)
    temperature = fit_temperature(predictions.select("validation", "honest"))
    assert calibrated(PLAIN, predictions) == Decision(temperature)
    assert calibrated(Decision(1.5), predictions) == Decision(1.5)
    assert calibrated(PLAIN, predictions.select("test")) == PLAIN
    assert calibrated(Decision(point=SAD), predictions).point.threshold != SAD.threshold  # fitted anew


def test_nothing_saved_is_plain(model):
    """Without a file the network's own answer counts; so it does once a decision was taken back, twice even."""
    assert read_decision(model) == PLAIN
    save_decision(model, Decision(2.0))
    for _ in range(2):
        save_decision(model, PLAIN)
        assert read_decision(model) == PLAIN
    assert not (model.folder / "decision.json").exists()


def test_plain_changes_no_number():
    """Not even the last digit of what the network says."""
    y_prob = np.random.default_rng(0).dirichlet(np.ones(6), 50).astype(np.float32)
    assert (PLAIN.probabilities(y_prob) == y_prob).all()
    assert PLAIN.sentences == ()


def test_another_network_needs_another_decision(model):
    """Fitted for a network that was since replaced, it is not used."""
    save_decision(model, Decision(2.0))
    with pytest.raises(ModelError, match=r"mine/decision\.json: expected one fitted for this network"):
        read_decision(store.update_record(model, sha256="0" * 64))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", 2),
        ("temperature", 0),
        ("temperature", None),
        ("temperature", 10**400),
        ("operating_point", 3),
        ("operating_point", {"group": ["Joy"], "threshold": 0.5, "recall": 0.5}),
        ("operating_point", {"group": ["Sad"], "threshold": float("nan"), "recall": 0.5}),
        ("operating_point", {"group": ["Sad"], "threshold": 0.5}),
    ],
)
def test_a_file_that_says_something_else(model, key, value):
    """It is refused in one line, and can be removed."""
    save_decision(model, Decision(2.0, SAD))
    path = model.folder / "decision.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(ModelError, match=r"mine/decision\.json: expected format 1") as caught:
        read_decision(model)
    assert "\n" not in str(caught.value)
    save_decision(model, PLAIN)
    assert read_decision(model) == PLAIN


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_a_torn_file(model, text):
    """What is no object at all is refused too."""
    (model.folder / "decision.json").write_text(text)
    with pytest.raises(ModelError, match=r"mine/decision.json: expected"):
        read_decision(model)


def test_a_deleted_model_stays_deleted(model):
    """Saving for it makes no folder anew."""
    upkeep.delete(model)
    with pytest.raises(ModelError, match="expected its folder, found none"):
        save_decision(model, Decision(2.0))
    assert store.list_models() == []


def test_it_goes_with_its_model(model):
    """Under another name it is used as before."""
    save_decision(model, Decision(1.5, SAD))
    assert read_decision(upkeep.rename(model, "yours")) == Decision(1.5, SAD)


def test_another_temperature_fits_the_point_anew(model):
    """The same group and recall, on validation, of the probabilities at that temperature."""
    validation = read_predictions(model.folder / "predictions.parquet", model.labels).select("validation")
    changed = recalibrated(Decision(point=SAD), 2.0, validation)
    y_prob = changed.probabilities(validation.y_prob)
    assert changed.temperature == 2.0
    assert changed.point == fit_point(validation.y_true, y_prob, model.labels, ("Sad",), 0.7)
    assert recalibrated(PLAIN, 2.0, validation) == Decision(2.0)


def test_sentences():
    """Both parts say what they do."""
    assert Decision(1.5, SAD).sentences == (
        "Probabilities are calibrated: temperature 1.5.",
        "The answer is Sad where its probability is 25.0 % or more, chosen on validation for a recall of 70 %.",
    )
    assert Decision(1, replace(SAD, threshold=0.0)).sentences == (
        "The answer is Sad for every face: no less would reach a recall of 70 %.",
    )
