"""A model that is here by its answers alone, on every page that it can be chosen on or has to be missing from."""

import pytest
from saved import answers, save_model

from fer_core import store
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import read_predictions
from fer_core.inference.external import import_answers

VIEWS = ("Confusion", "Classes", "ROC and PR", "Negative", "Operating point", "Calibration", "Slices")


@pytest.fixture
def theirs(faces, tmp_path) -> store.SavedModel:
    answers(faces, skill=3).to_csv(tmp_path / "theirs.csv", index=False)
    return import_answers(tmp_path / "theirs.csv", "theirs", faces)


def test_import_by_path(open_page, said, faces, tmp_path):
    """A table is known by its suffix, and no order of outputs asked for; its card says what isn't known."""
    answers(faces).to_csv(tmp_path / "resnet.csv", index=False)
    app = open_page("models", import_from="Path")
    app.text_input(key="import_path").set_value(str(tmp_path / "resnet.csv")).run()
    assert "import_scheme" not in app.session_state
    app.button(key="import").click().run()
    assert "Imported resnet." in [toast.value for toast in app.toast]
    assert "the network itself is not here" in said(app)
    assert "has no network to export: only its answers were imported" in said(
        open_page("models", model="resnet", view="Export")
    )


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_evaluate(view, open_page, said, theirs):
    """With the scores of its predictions; nothing is offered to Predict, which has no network to ask."""
    app = open_page("evaluate", model="theirs", view=view)
    score = summary(read_predictions(theirs.predictions_file, theirs.labels).select("test")).macro_recall
    assert app.metric[0].value == f"{100 * score:.1f} %"
    assert not [button.label for button in app.button if "Predict" in button.label]
    assert "theirs: scored on drawn faces" in said(app)  # what it learned from nobody knows


@pytest.mark.parametrize(("view", "told"), [("Explanation", "isn't known"), ("Learning", "imported from theirs.csv")])
def test_views_that_need_more_say_so(view, told, open_page, said, theirs):
    assert told in said(open_page("evaluate", model="theirs", view=view))


@pytest.mark.parametrize("view", ["Scores", "Matrices", "Chance", "Agreement"])
def test_compared_with_a_model_that_was_trained_here(view, open_page, said, faces, theirs):
    """Its costs are dashes, and the mean of both can't be saved."""
    save_model("ours", faces, seed=1)
    app = open_page("compare", models=["ours", "theirs"], view=view)
    if view == "Scores":
        costs = next(table.value for table in app.dataframe if "Size" in table.value)
        assert costs.loc["theirs"].tolist() == ["–"] * 5
    if view == "Agreement":
        assert "of theirs only the answers are here" in said(app)


def test_on_another_dataset_there_is_no_network_to_ask(open_page, said, theirs, tmp_path, monkeypatch):
    """Its own scores stay."""
    other = tmp_path / "other.csv"
    pixels = " ".join(["7"] * 2304)
    other.write_text(f"emotion,pixels,Usage\n0,{pixels},PublicTest\n", encoding="utf-8")
    monkeypatch.setenv("FER_SOURCE", str(other))
    app = open_page("evaluate", model="theirs")
    assert "Of theirs only the answers are here, and no network that could be asked." in said(app)
    assert "score_elsewhere" not in [button.key for button in app.button]


@pytest.mark.parametrize("page", ["predict", "timeline", "train", "audit", "overview", "explore"])
def test_it_is_no_model_to_predict_or_train_with(page, open_page, theirs):
    """Pages that need a network do as if it weren't there, and none fails."""
    app = open_page(page)
    assert not any("theirs" in str(box.options) for box in app.selectbox)
