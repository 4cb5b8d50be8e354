import pytest
from saved import save_model, start_model

from fer_core.evaluation.metrics import cell_faces
from fer_core.evaluation.predictions import read_predictions
from fer_core.store import update_record


@pytest.fixture
def model(faces):
    return save_model("mine", faces)


def test_headline(open_page, model):
    """Macro recall and accuracy, raw and honest, are the saved scores, with interval and n."""
    scores = model.scores["test"]
    metrics = open_page("evaluate").metric
    expected = [scores[part][key] for key in ("macro_recall", "accuracy") for part in ("raw", "honest")]
    assert [metric.value for metric in metrics] == [f"{100 * value:.1f} %" for value in expected]
    assert metrics[1].delta.endswith(f"n = {scores['honest']['n']}")


def test_the_faces_behind_a_cell(open_page, said, model):
    """A link names a cell, and the page counts its faces."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels).select("validation", "honest")
    n = len(cell_faces(predictions, "Sad", "Fear"))
    app = open_page("evaluate", split="validation", part="honest", true="Sad", predicted="Fear")
    assert f"{n} faces labelled **Sad** were predicted as **Fear**" in said(app)


def test_at_first_the_most_frequent_mistake(open_page, model):
    """Without a choice the cell is off the diagonal."""
    app = open_page("evaluate")
    assert app.session_state["true"] != app.session_state["predicted"]


def test_another_dataset_is_loaded(open_page, said, model):
    """Faces are shown of the dataset that the model was evaluated on only; else the page says which to choose."""
    update_record(model, dataset={"source": "other.csv", "fingerprint": "0" * 64})
    assert "choose the dataset that this model was evaluated on: `other.csv`" in said(open_page("evaluate"))


def test_a_model_of_other_classes(open_page, faces, model):
    """Going from one model to one of other classes drops the chosen cell."""
    save_model("two-classes", faces, scheme="valence")
    app = open_page("evaluate", model="mine", true="Sad", predicted="Fear")
    app.selectbox(key="model").select("two-classes").run()
    assert not app.exception
    assert app.session_state["true"] in ("Negative", "Positive")


@pytest.mark.parametrize("view", ["Classes", "Learning"])
def test_other_views(open_page, model, view):
    """Each view opens from a link."""
    assert open_page("evaluate", view=view).session_state["view"] == view


def test_a_model_that_combines_others_has_no_curves(open_page, said, model):
    """Its Learning view names the models that were trained."""
    update_record(model, parts=[{"id": "first", "scheme": "valence", "sha256": "0" * 64}])
    assert "it combines first" in said(open_page("evaluate", view="Learning"))


def test_a_run_that_is_not_finished(open_page, said, faces):
    """It says so and what there is not yet."""
    start_model("half-way", faces)
    assert "half-way is interrupted" in said(open_page("evaluate"))


def test_damaged_predictions(open_page, model):
    """What is wrong with the file is told in a box."""
    (model.folder / "predictions.parquet").write_bytes(b"no parquet")
    assert "expected a readable parquet file" in open_page("evaluate").error[0].value
