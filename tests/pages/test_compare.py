import numpy as np
import pytest
from networked import save_constant
from saved import save_model, start_model

from fer_core import machine, store
from fer_core.data import load_dataset
from fer_core.evaluation.agreement import ALL_FAIL, groups, mean_prediction
from fer_core.evaluation.comparison import paired_macro_recall_difference
from fer_core.evaluation.differences import difference_frame
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.inference import latency

OTHER_FACES = {"source": "other.csv", "fingerprint": "0" * 64, "drawn": True}
VIEWS = ("Scores", "Matrices", "Chance", "Agreement")


@pytest.fixture
def models(faces) -> list[store.SavedModel]:
    """Two models of which the second is better."""
    return [save_model("poor", faces, seed=1, skill=0.2), save_model("good", faces, seed=0, skill=3)]


def saved(model: store.SavedModel, split: str = "test", part: str = "raw") -> Predictions:
    return read_predictions(model.folder / "predictions.parquet", model.labels).select(split, part)


def table(app, column: str):
    """The table on the page that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value)


def test_scores_of_two(open_page, models):
    """Both stand in the tables with the numbers of `summary`; what was not measured is a dash."""
    app = open_page("compare", models=["poor", "good"])
    scores = summary(saved(models[1]))
    shown = table(app, "Sad → Happy").loc["good"]
    bounds = f"{100 * scores.macro_recall_low:.1f} to {100 * scores.macro_recall_high:.1f}"
    assert shown["Macro recall"] == f"{100 * scores.macro_recall:.1f} % ({bounds})"
    assert shown["Calibration error"] == f"{100 * scores.ece:.1f} %"
    faces_of_sad = (saved(models[1]).y_true == models[1].labels.index("Sad")).sum()
    sad = f"Sad (n = {faces_of_sad:,})"
    assert table(app, sad).loc["good", sad].startswith(f"{100 * scores.recall['Sad']:.1f} %")
    costs = table(app, "Size").loc["good"]
    assert costs.tolist() == ["4.70 M", "0.0 MB", "–", "–", "–"]


def test_the_newest_stands_beside_the_best_only_where_they_compare(open_page, models):
    """One that was scored on other faces is not chosen by itself."""
    store.update_record(save_model("other", load_dataset("demo"), seed=2), dataset=OTHER_FACES)
    assert set(open_page("compare").multiselect(key="models").value) == {"good", "poor"}


def test_measured_milliseconds(open_page, models):
    """What this machine remembers stands in the table, and can be measured anew."""
    assert open_page("compare").button(key="measure_latency").label == "Measure the milliseconds here"
    machine.remember("latency", {latency._key(models[0]): {"alone": 2.5, "batched": 0.25}})
    app = open_page("compare", models=["poor", "good"])
    assert table(app, "Size").loc["poor", ["Milliseconds a face", "in batches"]].tolist() == ["2.50", "0.25"]
    assert app.button(key="measure_latency").label == "Measure the milliseconds again"


def test_chance(open_page, said, models):
    """The sentence says who is better; the table has the difference to the reference."""
    app = open_page("compare", models=["poor", "good"], view="Chance")
    assert "good is better than poor by" in said(app)
    points = 100 * paired_macro_recall_difference(*map(saved, models)).value
    assert table(app, "McNemar's p").loc["good", "Points of macro recall"].startswith(f"{points:+.1f} (")


def test_a_reference_of_any_name_has_its_own_column(open_page, faces):
    """Also one called `it`: what only it gets right isn't what only the row's model does."""
    for name, seed in (("it", 1), ("other", 2)):
        save_model(name, faces, seed=seed)
    table = open_page("compare", models=["it", "other"], reference="it", view="Chance").dataframe[0].value
    assert {"Only this one is right", "Only it is right"} <= {*table.columns}


def test_the_reference_turns_the_difference(open_page, models):
    """Chosen by a link or in its box."""
    app = open_page("compare", models=["poor", "good"], view="Chance", reference="good")
    assert table(app, "McNemar's p").loc["poor", "Points of macro recall"].startswith("-")
    app.selectbox(key="reference").select("poor").run()
    assert table(app, "McNemar's p").loc["good", "Points of macro recall"].startswith("+")


@pytest.mark.parametrize("matrices", ["each model", "difference"])
def test_the_faces_that_changed(open_page, said, models, matrices):
    """A link names a cell, and the page counts the faces that went in and out."""
    poor, good = (saved(model, "validation", "honest") for model in models)
    cells = difference_frame(good, poor).set_index(["true", "predicted"])
    cell = {"true": "Sad", "predicted": "Fear", "matrices": matrices, "view": "Matrices"}
    app = open_page("compare", models=["poor", "good"], split="validation", part="honest", **cell)
    gained, lost = cells.loc[("Sad", "Fear"), ["gained", "lost"]]
    told = f"{gained} are predicted as **Fear** by good only, and {lost} by poor only: together {gained - lost:+}"
    assert told in said(app)


def test_a_click_chooses_model_and_cell(open_page, said, models, faces):
    """What a click puts into the state is what the boxes show and the sentence counts."""
    save_model("third", faces, seed=3)
    app = open_page("compare", models=["poor", "good", "third"], view="Matrices", matrices="difference")
    for key, value in {"against": "third", "true": "Happy", "predicted": "Sad"}.items():
        app.session_state[key] = value
    app.run()
    assert [app.selectbox(key=key).value for key in ("against", "true", "predicted")] == ["third", "Happy", "Sad"]
    assert "predicted as **Sad** by third only" in said(app)


def test_agreement(open_page, said, models):
    """The faces that all fail on and those that only one gets right are counted; the mean is scored."""
    together = dict(zip(("poor", "good"), map(saved, models), strict=True))
    sizes, n = groups(together), len(together["good"])
    app = open_page("compare", models=["poor", "good"], view="Agreement")
    assert f"All fail: {sizes[ALL_FAIL]:,} of {n:,} faces" in said(app)
    app.selectbox(key="alone").select("good").run()
    assert f"Only good is right: {sizes['good']:,} of {n:,} faces" in said(app)
    scores = summary(mean_prediction(together))
    assert table(app, "Calibration error").iloc[1]["Accuracy"].startswith(f"{100 * scores.accuracy:.1f} %")


@pytest.mark.parametrize("view", VIEWS)
def test_a_link_shows_what_its_sender_saw(open_page, models, view):
    """All choices come from the address and are kept."""
    link = {"models": ["good", "poor"], "split": "validation", "part": "honest", "reference": "poor", "view": view}
    app = open_page("compare", **link)
    for key, value in link.items():
        assert app.session_state[key] == value
    sent = dict(app.query_params)
    again = open_page("compare", **sent)
    assert {key: again.session_state[key] for key in link} == link


def test_the_first_choice_stands_in_the_link(open_page, faces, models):
    """Else the link would show other models once there are newer ones. The best, and the newest of its classes."""
    save_model("seven", faces, scheme="all")
    assert open_page("compare").query_params["models"] == ["good", "poor"]


def test_a_link_to_a_model_that_is_gone(open_page, models):
    """It is named, and the others are compared."""
    app = open_page("compare", models=["poor", "gone", "good"])
    assert app.multiselect(key="models").value == ["poor", "good"]
    assert app.warning[0].value == "Not among the models to choose from here: `gone`."
    app = open_page("compare", models=["poor", "good"], reference="gone")
    assert app.warning[0].value == "Not among the models to choose from here: `gone`; poor is the reference."


def test_other_classes_are_brought_together(open_page, said, faces, models):
    """Seven against six: on six, and it is said; the mean can't be saved."""
    save_model("seven", faces, scheme="all")
    app = open_page("compare", models=["poor", "seven"], view="Agreement")
    assert "Brought to what all share. seven: without Disgust" in said(app)
    assert "where all have the same classes" in said(app)


@pytest.mark.parametrize("view", VIEWS)
def test_refused_with_the_reason(open_page, said, faces, models, view):
    """Another dataset, and other classes; the rest is compared."""
    other = {"source": "other.csv", "fingerprint": "0" * 64}
    store.update_record(save_model("elsewhere", faces), dataset=other)
    save_model("sides", faces, scheme="valence")
    app = open_page("compare", models=["poor", "elsewhere", "sides", "good"], view=view)
    assert "**elsewhere** is not compared: it was scored on other.csv (000000000000), poor on demo" in said(app)
    assert "**sides** is not compared: it tells Negative, Positive apart" in said(app)
    assert not app.error
    assert len(app.tabs) == len(VIEWS)


def test_predictions_that_are_torn_are_refused_alone(open_page, said, faces, models):
    """Right columns with impossible values: the others are compared."""
    torn = save_model("torn", faces)
    frame = read_predictions(torn.folder / "predictions.parquet", torn.labels).frame
    frame["p_Sad"] = np.float32(7)
    frame.to_parquet(torn.folder / "predictions.parquet")
    app = open_page("compare", models=["poor", "torn", "good"])
    assert "**torn** is not compared" in said(app)
    assert list(table(app, "Macro recall").index) == ["poor", "good"]


def test_nothing_left_to_compare(open_page, said, faces, models):
    """All but the reference were refused: the reason, and no table."""
    save_model("sides", faces, scheme="valence")
    app = open_page("compare", models=["sides", "poor"])
    assert "**poor** is not compared" in said(app)
    assert "Choose two models or more" in said(app)
    assert not app.dataframe


def test_without_the_dataset(open_page, said, models):
    """Every number is there; where faces would stand, the page says what to load, or scores on the chosen dataset."""
    other = {"source": "other.csv", "fingerprint": "0" * 64}
    for model in models:
        store.update_record(model, dataset=other)
    app = open_page("compare", models=["poor", "good"], view="Agreement")
    assert "the dataset that this model was evaluated on: `other.csv`" in said(app)
    assert "dataset that it is to be scored on: `other.csv`" in said(app)
    assert [button.label for button in app.button] == ["Score them on demo"]
    assert not app.error


def test_one_model_is_not_enough(open_page, said, faces):
    """It says where a second would come from."""
    save_model("only", faces)
    start_model("half-way", faces)
    app = open_page("compare")
    assert "There is no model beside only yet" in said(app)
    assert [link.label for link in app.get("page_link")] == ["Train a model", "Import a model"]


@pytest.mark.slow
def test_the_mean_is_saved(open_page, said, faces):
    """A button, and it is a model like any other; a name that is taken is told in a box."""
    for name, sides in (("a", (0.8, 0.2)), ("b", (0.1, 0.9))):
        save_constant(name, faces, "valence", sides)
    app = open_page("compare", models=["a", "b"], view="Agreement")
    app.text_input(key="ensemble_name").input("mean")
    app.button(key="save_ensemble").click().run(timeout=120)
    assert "Saved as **mean**" in "\n".join(element.value for element in app.success)
    assert store.open_trained("mean").record["network"] == "ensemble"
    app.button(key="save_ensemble").click().run(timeout=120)
    assert "Saved as **mean**" in "\n".join(element.value for element in app.success)  # a second click at once
    store.update_record(store.open_model("mean"), created="2020-01-01T00:00:00+00:00")
    app.button(key="save_ensemble").click().run(timeout=120)
    assert "expected one that is not taken, found 'mean'" in app.error[0].value
