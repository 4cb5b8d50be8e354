"""The views Operating point and Calibration, and what they save for Predict."""

import pytest
from saved import save_model

from fer_core.evaluation.calibration import fit_temperature
from fer_core.evaluation.decision import PLAIN, Decision, read_decision, save_decision
from fer_core.evaluation.operating import OperatingPoint, fit_point
from fer_core.evaluation.predictions import read_predictions
from fer_core.store import update_record

POINT, CALIBRATION = "Operating point", "Calibration"


@pytest.fixture
def model(faces):
    return save_model("mine", faces)


@pytest.fixture
def fitted_on(model):
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    return predictions.select("validation", "honest")


def press(app, label: str) -> None:
    (button,) = [button for button in app.button if button.label.startswith(label)]
    button.click().run()
    assert not app.exception


def test_a_point_is_chosen_saved_and_taken_back(open_page, said, model, fitted_on):
    """A link asks for a recall of a group; the threshold is the one fitted on validation; both buttons work."""
    group = ("Angry", "Fear", "Sad")
    app = open_page("evaluate", view=POINT, group=list(group), asked="80")
    point = fit_point(fitted_on.y_true, fitted_on.y_prob, model.labels, group, 0.8)
    assert f"their probabilities add up to {100 * point.threshold:.1f} % or more" in said(app)
    press(app, "Use this")
    assert read_decision(model) == Decision(point=point)
    assert "Predict now: The answer is Angry or Fear or Sad where" in said(app)
    press(app, "Stop using it")
    assert read_decision(model) == PLAIN


def test_the_saved_point_is_the_first_to_be_shown(open_page, model):
    """Whoever comes back sees what Predict uses."""
    save_decision(model, Decision(point=OperatingPoint(("Angry", "Fear"), 0.25, 0.8)))
    app = open_page("evaluate", view=POINT)
    assert app.multiselect(key="group").value == ["Angry", "Fear"]
    assert app.slider(key="asked").value == 80


def test_a_point_goes_with_its_model_and_stands_in_the_address(open_page, model, faces):
    """Another model's own is shown first; a link shows what its sender saw, whatever is saved by then."""
    other = save_model("other", faces, seed=1)
    save_decision(other, Decision(point=OperatingPoint(("Fear",), 0.25, 0.85)))
    app = open_page("evaluate", model="mine", view=POINT)
    assert (app.multiselect(key="group").value, app.slider(key="asked").value) == (["Sad"], 70)
    assert (app.query_params["group"], app.query_params["asked"]) == ("Sad", "70")
    app.selectbox(key="model").set_value("other").run()
    assert (app.multiselect(key="group").value, app.slider(key="asked").value) == (["Fear"], 85)


@pytest.mark.parametrize("group", [[], ["Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"]])
def test_no_group(open_page, said, model, group):
    """None and all are no group, and the page says so."""
    assert "at least one expression, and not all" in said(open_page("evaluate", view=POINT, group=group or ""))


def test_a_temperature_is_saved_and_the_point_follows(open_page, said, model, fitted_on):
    """The point that was there is fitted anew; taking the temperature back does so again."""
    plain = fit_point(fitted_on.y_true, fitted_on.y_prob, model.labels, ("Sad",), 0.7)
    save_decision(model, Decision(point=plain))
    app = open_page("evaluate", view=CALIBRATION)
    temperature = fit_temperature(fitted_on)
    assert f"Temperature {temperature:.3f}" in said(app)
    press(app, "Use this")
    now = read_decision(model)
    assert (now.temperature, now.point.group, now.point.recall) == (temperature, ("Sad",), 0.7)
    assert now.point.threshold != plain.threshold
    press(app, "Stop using it")
    assert read_decision(model) == Decision(point=plain)


def test_predict_says_what_was_saved(open_page, said, model):
    """Whoever classifies a photo is told that there is an operating point and a temperature."""
    assert "temperature" not in said(open_page("predict"))
    save_decision(model, Decision(1.5, OperatingPoint(("Sad",), 0.25, 0.7)))
    assert all(sentence in said(open_page("predict")) for sentence in read_decision(model).sentences)


def test_calibration_without_votes(open_page, said, model):
    """It says which dataset to choose for the distance to the annotators, but not where the faces are drawn."""
    assert "fer2013new.csv" not in said(open_page("evaluate", view=CALIBRATION))
    update_record(model, dataset=model.record["dataset"] | {"drawn": False})
    assert "FER+'s `fer2013new.csv` lies beside it" in said(open_page("evaluate", view=CALIBRATION))


def test_validation_is_told_apart(open_page, said, model):
    """Scores on the faces it was fitted on are not what it is worth."""
    assert "was fitted on these faces" in said(open_page("evaluate", view=CALIBRATION, split="validation"))


@pytest.mark.parametrize("view", [POINT, CALIBRATION])
def test_a_damaged_file_can_be_removed(open_page, model, view):
    """The view says what is wrong and offers to remove it."""
    (model.folder / "decision.json").write_text("{")
    app = open_page("evaluate", view=view)
    assert "expected readable JSON" in app.error[0].value
    press(app, "Remove it")
    assert read_decision(model) == PLAIN
    assert not app.error


def test_a_model_of_other_classes(open_page, faces, model):
    """Going from one model to one of other classes drops the group."""
    save_model("two-classes", faces, scheme="valence")
    app = open_page("evaluate", model="mine", view=POINT, group=["Sad"])
    app.selectbox(key="model").select("two-classes").run()
    assert not app.exception
    assert set(app.session_state["group"]) <= {"Negative", "Positive"}


def test_a_group_of_other_classes_gives_way(open_page, faces, model):
    """As one goes from a model of six expressions to one of negative and positive: not to an empty box."""
    save_model("sides", faces, scheme="valence")
    app = open_page("evaluate", view=POINT, model="mine")
    assert app.multiselect(key="group").value == ["Sad"]
    app.selectbox(key="model").select("sides").run()
    assert app.multiselect(key="group").value == ["Negative"]
