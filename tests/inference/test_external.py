"""Networks of other frameworks, brought as tables of what they answered."""

import json

import numpy as np
import pandas as pd
import pytest
from saved import answers, save_model

from fer_core import store
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.card import model_card
from fer_core.evaluation.comparison import costs_table
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.scoring import headline
from fer_core.evaluation.verification import verify
from fer_core.inference.external import import_answers
from fer_core.paths import models_dir
from fer_core.training.combine import ensemble


@pytest.fixture(scope="module")
def drawn():
    return draw_dataset()


@pytest.fixture
def bring(drawn, tmp_path):
    """Write a table as a CSV and import it."""

    def bring(table: pd.DataFrame, name: str = "theirs") -> store.SavedModel:
        path = tmp_path / "given.csv"
        table.to_csv(path, index=False)
        return import_answers(path, name, drawn)

    return bring


def test_answers_become_a_model_without_a_network(bring, drawn):
    """The same predictions, leaks and scores as of a model that was trained here and answers so."""
    ours, theirs = save_model("ours", drawn, skill=3), bring(answers(drawn, skill=3))
    expected, found = (read_predictions(model.predictions_file, model.labels).frame for model in (ours, theirs))
    pd.testing.assert_frame_equal(found, expected, atol=1e-6)
    assert (theirs.status, theirs.answered, theirs.trained, theirs.was_run) == ("finished", True, False, False)
    assert theirs.record["answers"]["file"] == "given.csv"
    assert theirs.scores == json.loads(json.dumps(headline(read_predictions(theirs.predictions_file, ours.labels))))
    assert sorted(path.name for path in theirs.folder.iterdir()) == ["model.json", "predictions.parquet"]
    assert verify(theirs) == []
    assert [model.id for model in store.list_models() if model.problem] == []


def test_what_one_copy_wrote_the_other_reads(drawn, tmp_path):
    """The predictions of a split as a CSV, its labels by name, are those of a model that is brought by them."""
    ours = save_model("ours", drawn)
    tested = read_predictions(ours.predictions_file, ours.labels).select("test")
    path = tmp_path / "given.csv"
    path.write_text(tested.to_csv())
    assert pd.read_csv(path)["label"].tolist() == [ours.labels[label] for label in tested.y_true]
    theirs = import_answers(path, "theirs", drawn)
    found = read_predictions(theirs.predictions_file, theirs.labels)
    pd.testing.assert_frame_equal(found.frame, tested.frame, atol=1e-6)


def test_names_order_and_further_rows_do_not_matter(bring, drawn):
    """FER+'s words for the classes, p_ before them, the rows shuffled, Training rows and other columns among them."""
    table = answers(drawn)
    others = np.flatnonzero(drawn.usage == "Training")[:5]
    more = pd.DataFrame(1 / 6, others, table.columns).assign(row=others)
    words = {"Angry": "anger", "Happy": "p_happiness", "Sad": " Sadness ", "Fear": "FEAR"}
    shuffled = pd.concat([more, table]).sample(frac=1, random_state=1).rename(columns=words).assign(model="theirs")
    plain, odd = bring(table, "plain"), bring(shuffled[shuffled.columns[::-1]], "odd")
    expected, found = (read_predictions(model.predictions_file, model.labels).frame for model in (plain, odd))
    pd.testing.assert_frame_equal(found, expected)


def test_parquet_of_seven_classes_on_test_alone(drawn, tmp_path):
    """Of validation there is nothing, and its scores say so."""
    table = answers(drawn, scheme="all")
    table = table[drawn.usage[table["row"]] == "PublicTest"]
    table.to_parquet(tmp_path / "given.parquet")
    model = import_answers(tmp_path / "given.parquet", "seven", drawn)
    assert model.record["scheme"] == "all"
    assert model.scores["test"]["raw"]["n"] == len(table)
    assert (model.scores["validation"]["raw"]["n"], model.scores["validation"]["raw"]["macro_recall"]) == (0, None)


def test_what_needs_a_network_is_refused(bring, drawn):
    """And its costs are told as unknown."""
    theirs, ours = bring(answers(drawn)), save_model("ours", drawn)
    for call in (lambda: store.open_trained("theirs"), lambda: ensemble([theirs, ours], "both", drawn)):
        with pytest.raises(
            ModelError, match="'theirs': expected a trained model, found only what its network answered"
        ):
            call()
    costs = costs_table([theirs]).drop(columns="model")
    assert costs.isna().all(axis=None)


def test_its_card_tells_what_is_not_known(bring, drawn):
    model = bring(answers(drawn))
    card = model_card(model, read_predictions(model.predictions_file, model.labels))
    assert "a table of what it answers; the network itself is not here" in card
    assert "**Learned from:** what is not known: it was imported" in card
    assert "model.keras" not in card
    assert "Predict" not in card


def test_a_table_of_more_rows_than_faces_is_refused_unread(drawn, tmp_path):
    """However small its file is: 60 million equal rows pack into two megabytes."""
    path = tmp_path / "bomb.parquet"
    pd.DataFrame({"row": np.zeros(len(drawn) + 1, int)}).to_parquet(path)
    with pytest.raises(ModelError, match=r"bomb.parquet: expected at most [\d,]+ rows, one a face, and 1,000 columns"):
        import_answers(path, "bomb", drawn)


def test_probabilities_of_three_digits_are_taken(bring, drawn):
    """Rounded they sum to 1 by a few thousandths; in the model they do exactly."""
    model = bring(answers(drawn).round(3))
    y_prob = read_predictions(model.predictions_file, model.labels).y_prob
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-6)


def test_one_without_its_table_is_damaged(bring, drawn):
    model = bring(answers(drawn))
    model.predictions_file.unlink()
    (model,) = store.list_models()
    assert model.problem == "expected predictions.parquet in its folder, found none"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="row"), "expected a column row"),
        (lambda t: t.drop(columns="Sad"), "found the columns row, Angry, Fear, Happy, Surprise, Neutral"),
        (
            lambda t: t.assign(row=t["row"] + 0.5),
            r"expected whole numbers from 0 to 777 in the column row, found \d+\.5",
        ),
        (lambda t: t.assign(anger=t["Angry"]), "expected one column for each class, found 2 for Angry"),
        (lambda t: t.assign(row=-1), "in the column row, found -1"),
        (lambda t: t.assign(row="a"), "in the column row, found a"),
        (lambda t: pd.concat([t, t.head(1)]), "expected each row once, found row"),
        (lambda t: t.assign(Sad=2 * t["Sad"] + 1), "have to go through a softmax first"),
        (lambda t: t.assign(Sad=np.nan), "probabilities from 0 to 1 that sum to 1 in each row, found .*nan"),
        (lambda t: t.iloc[:-1], r"expected all \d+ (test|validation) faces of Angry.*missing are rows \d+: a score"),
        (lambda t: t.assign(row=range(len(t))), "a row counts from 0 over the whole CSV, not over its split"),
        (lambda t: t.iloc[:-1].assign(row=t["row"] + 1), r"far better with -1 added to each row \(accuracy"),
        (lambda t: t.rename(columns={"Angry": "Sad", "Sad": "Angry"}), "as Sad, Fear, Happy, Angry, Surprise, Neutral"),
    ],
)
def test_another_table_is_refused_in_one_line(bring, drawn, change, message):
    """What was expected and what was found; nothing is left among the models."""
    with pytest.raises(ModelError, match=message) as refused:
        bring(change(answers(drawn, skill=3)))
    assert "\n" not in str(refused.value)
    assert not models_dir().exists() or [path.name for path in models_dir().iterdir()] == []


@pytest.mark.parametrize(("name", "content"), [("a.csv", b""), ("a.csv", b"\xff\xfe\x00row"), ("a.parquet", b"PAR1")])
def test_a_file_that_is_no_table(drawn, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="expected a CSV or Parquet file that can be read, found: "):
        import_answers(tmp_path / name, "theirs", drawn)
    with pytest.raises(ModelError, match="No such file"):
        import_answers(tmp_path / f"no-{name}", "theirs", drawn)
