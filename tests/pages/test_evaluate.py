import shutil

import numpy as np
import pandas as pd
import pytest
from saved import save_model, start_model

from fer_core.data.copies import copies_of, find_copies
from fer_core.evaluation.metrics import cell_faces, confusion_frame
from fer_core.evaluation.predictions import read_predictions
from fer_core.store import NAME, update_record
from pages._ui import evaluate_reference


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


def test_a_model_nobody_chose_stands_in_the_address(open_page, model, faces):
    """Else the link that somebody shares would show the next newest one."""
    assert open_page("evaluate").query_params["model"] == "mine"
    save_model("zz-newer", faces)
    assert open_page("evaluate", model="mine").selectbox(key="model").value == "mine"


def test_a_link_keeps_its_model(open_page, model, faces):
    """Also where it names the one that would be shown without it; one that is gone gives way to that, which is said."""
    app = open_page("evaluate", model="mine")
    assert app.query_params["model"] == "mine"
    assert not app.warning
    app = open_page("evaluate", model="gone")
    assert app.selectbox(key="model").value == "mine"
    assert app.warning[0].value == "Not among the models to choose from here: `gone`; mine is shown."


def test_a_link_keeps_the_cell_that_nobody_chose(open_page, model):
    """The most frequent mistake of one model, which may be another of the next; also after a look at other views."""
    app = open_page("evaluate", model="mine")
    cell = [app.selectbox(key=key).value for key in ("true", "predicted")]
    assert [app.query_params[key] for key in ("true", "predicted")] == cell
    for view in ("Classes", "Confusion"):
        app.session_state["view"] = view
        app.run()
        assert not app.exception
    assert [app.selectbox(key=key).value for key in ("true", "predicted")] == cell


def test_a_model_that_goes_while_it_is_shown(open_page, model, faces):
    """The next click shows another."""
    other = save_model("zz-other", faces)
    app = open_page("evaluate", model="mine")
    shutil.rmtree(model.folder)
    app.run()
    assert not app.exception
    assert app.selectbox(key="model").value == other.id


def test_a_link_to_a_damaged_model_tells_what_is_wrong(open_page, model, faces):
    """Not only that it isn't among the others."""
    broken = save_model("broken", faces)
    (broken.folder / "model.keras").unlink()
    app = open_page("evaluate", model="broken")
    assert app.warning[1].value == "broken is damaged: expected model.keras in its folder, found none"
    assert "Models: what can be done" in [link.label for link in app.get("page_link")]


@pytest.mark.parametrize("view", ["Confusion", "Classes", "Slices", "Calibration"])
def test_a_dataset_that_is_not_there_costs_the_faces_only(open_page, said, model, view, monkeypatch):
    """All numbers stand, and nothing is called an error; where faces would be, it is said which dataset they need."""
    monkeypatch.setenv("FER_SOURCE", "no/such.csv")
    app = open_page("evaluate", model="mine", view=view)
    assert len(app.metric) >= 4
    assert not app.error
    if view in ("Confusion", "Slices"):
        assert "expected demo, kaggle" in app.warning[0].value
        assert "choose the dataset that this model was evaluated on: `demo`" in said(app)


def test_only_damaged_models(open_page, said, model):
    """It says that there is none, and where the reason stands."""
    (model.folder / "model.keras").unlink()
    app = open_page("evaluate")
    assert "There is no trained model yet" in said(app)
    assert "Damaged ones: what is wrong with them" in [link.label for link in app.get("page_link")]


def test_the_faces_behind_a_cell(open_page, said, model):
    """A link names a cell, and the page counts its faces."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels).select("validation", "honest")
    n = len(cell_faces(predictions, "Sad", "Fear"))
    app = open_page("evaluate", split="validation", part="honest", true="Sad", predicted="Fear")
    assert f"Labelled **Sad**, predicted as **Fear**: n = {n}" in said(app)


def test_every_face_of_a_cell_is_shown(open_page, model, monkeypatch):
    """Turning its pages shows exactly the cell's faces, in their order, each with all its probabilities."""
    monkeypatch.setattr("pages._ui.faces.EACH_PAGE", 5)
    test = read_predictions(model.folder / "predictions.parquet", model.labels).select("test")
    behind = cell_faces(test, "Happy", "Happy")
    pages = -(-len(behind) // 5)
    assert pages > 1
    shown = []
    for page in range(1, pages + 1):
        app = open_page("evaluate", true="Happy", predicted="Happy", faces_page=str(page))
        shown.append(next(table.value for table in app.dataframe if "Row" in table.value))
    shown = pd.concat(shown)
    assert shown["Row"].tolist() == behind["row"].tolist()
    probabilities = behind[[f"p_{label}" for label in model.labels]]
    np.testing.assert_allclose(shown[list(model.labels)], 100 * probabilities)  # in percent


def test_copies_have_a_badge(open_page, model, faces):
    """A face whose photograph stands in another row is marked, and the table says in which."""
    validation = read_predictions(model.folder / "predictions.parquet", model.labels).select("validation")
    rows = validation.frame["row"].to_numpy()
    copies = copies_of(find_copies(faces), rows)
    face = next(number for number, (exact, _) in enumerate(copies) if len(exact))
    true, predicted = (model.labels[classes[face]] for classes in (validation.y_true, validation.y_pred))
    app = open_page("evaluate", split="validation", true=true, predicted=predicted)
    table = next(table.value for table in app.dataframe if "Row" in table.value).set_index("Row")
    assert f"{copies[face][0][0]} exact" in table.loc[rows[face], "Copies in rows"]
    assert table.loc[rows[face], "Explore"] == f"explore?view=One+face&row={rows[face]}"


def test_the_matrix_as_a_table(open_page, model):
    """A link shows the matrix as a table, and without its diagonal."""
    app = open_page("evaluate", matrix="table", cells="count", mistakes="true", true="Sad", predicted="Happy")
    cells = confusion_frame(read_predictions(model.folder / "predictions.parquet", model.labels).select("test"))
    table = app.dataframe[0].value
    expected = [f"{n}" if true != predicted else "" for true, predicted, n in cells.iloc[:, :3].to_numpy()]
    assert table.to_numpy().ravel().tolist() == expected
    assert app.session_state["confusion_table"]["selection"]["cells"] == [(3, "Happy")]


def test_at_first_the_most_frequent_mistake(open_page, model):
    """Without a choice the cell is off the diagonal."""
    app = open_page("evaluate")
    assert app.session_state["true"] != app.session_state["predicted"]


def test_another_dataset_is_loaded(open_page, said, model):
    """Faces are shown of the dataset that the model was evaluated on only; else the page says which to choose."""
    update_record(model, dataset={"source": "other.csv", "fingerprint": "0" * 64})
    app = open_page("evaluate")
    assert "choose the dataset that this model was evaluated on: `other.csv`" in said(app)
    assert any("Copy of a training face" in table.value for table in app.dataframe)  # the numbers are there


def test_a_model_of_other_classes(open_page, faces, model):
    """Going from one model to one of other classes drops the chosen cell."""
    save_model("two-classes", faces, scheme="valence")
    app = open_page("evaluate", model="mine", true="Sad", predicted="Fear")
    app.selectbox(key="model").select("two-classes").run()
    assert not app.exception
    assert app.session_state["true"] in ("Negative", "Positive")


@pytest.mark.parametrize("view", ["Classes", "ROC and PR", "Negative", "Learning"])
def test_other_views(open_page, model, view):
    """Each view opens from a link."""
    assert open_page("evaluate", view=view).session_state["view"] == view


def test_how_many_sad_faces_are_called_happy(open_page, model):
    """The Negative view counts them on both parts, and its button goes to them."""
    app = open_page("evaluate", view="Negative", split="validation")
    told = dict(zip(("raw", "honest"), (m.delta for m in app.metric if m.label == "Sad called Happy"), strict=True))
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    for part in ("raw", "honest"):
        chosen = predictions.select("validation", part)
        called, sad = len(cell_faces(chosen, "Sad", "Happy")), int((chosen.y_true == 3).sum())
        assert told[part].endswith(f"{called} of n = {sad}")
    app.button[0].click().run()
    assert [app.session_state[key] for key in ("view", "true", "predicted")] == ["Confusion", "Sad", "Happy"]


@pytest.mark.parametrize("view", ["Confusion", "Slices", "Calibration"])
def test_a_split_without_faces(open_page, said, model, view):
    """It says so, and which way on."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    of_validation = predictions.frame[predictions.frame["usage"] == "PrivateTest"]
    of_validation.to_parquet(model.folder / "predictions.parquet")
    told = said(open_page("evaluate", view=view))
    assert "no raw test faces of mine: it was scored on none. Choose others" in told
    assert "the mean of the other classes" not in told


def test_a_split_of_copies_only(open_page, said, model):
    """There are faces, and none of them is honest."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    predictions.frame.assign(leak="exact").to_parquet(model.folder / "predictions.parquet")
    told = said(open_page("evaluate", part="honest"))
    assert "no honest test faces of mine: all are copies of a training face" in told


def test_the_headline_says_what_it_is_the_mean_of(open_page, said, model):
    """Where a class has no face; and that validation has had a part in training."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    others = predictions.frame[predictions.frame["label"] != 1]
    others.reset_index(drop=True).to_parquet(model.folder / "predictions.parquet")
    assert "There is no face of Fear: macro recall is the mean of the other classes" in said(open_page("evaluate"))
    assert "flatters it a little" in said(open_page("evaluate", split="validation"))


def test_a_model_of_negative_expressions_only(open_page, said, faces):
    """It says that the question doesn't arise."""
    save_model("negative-only", faces, scheme="negative")
    assert "doesn't tell negative expressions from positive" in said(open_page("evaluate", view="Negative"))


def test_references(open_page, said, faces, model):
    """A constant answer is there always; the annotators' needs their votes, and the page says how to get them.

    Not so of drawn faces, which nobody can vote on.
    """
    app = open_page("evaluate", view="Classes")
    overall = next(table.value for table in app.dataframe if "Macro F1" in table.value)
    assert list(overall.index) == ["mine", "one answer"]
    assert "`fer2013new.csv` lies beside it" not in said(app)
    update_record(model, dataset=model.record["dataset"] | {"drawn": False})
    assert "`fer2013new.csv` lies beside it" in said(open_page("evaluate", view="Classes"))


def test_no_model_can_be_called_as_a_reference():
    """Else its own scores would stand in the row of the annotators, or the other way round."""
    for name in (evaluate_reference.ANNOTATORS, evaluate_reference.MAJORITY):
        assert not NAME.fullmatch(name)


def test_what_validation_faces_are_of_another_dataset_flatters_nobody(open_page, said, faces, model):
    """No epoch was chosen by them; of its own that is said."""
    flatters = "it was the best on these faces"
    assert flatters in said(open_page("evaluate", split="validation"))
    update_record(model, imported={"file": "x.keras", "sha256": "0"})
    assert flatters not in said(open_page("evaluate", split="validation"))


def test_a_model_that_combines_others_has_no_curves(open_page, said, model):
    """Its Learning view names the models that were trained."""
    first = {"id": "first", "settings": {}, "dataset": {}, "rows": {"train": 1, "left_out": 0}, "sha256": "0" * 64}
    update_record(model, parts=[first])
    assert "it combines first" in said(open_page("evaluate", view="Learning"))


def test_a_run_that_is_not_finished(open_page, said, faces):
    """It says so and what there is not yet."""
    start_model("half-way", faces)
    assert "half-way is interrupted" in said(open_page("evaluate"))


def test_damaged_predictions(open_page, said, model):
    """A model whose predictions cannot be read is not offered."""
    (model.folder / "predictions.parquet").write_bytes(b"no parquet")
    assert "There is no trained model yet" in said(open_page("evaluate"))
