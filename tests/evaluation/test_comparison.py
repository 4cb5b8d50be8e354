"""Comparison of models on the same faces."""

import numpy as np
import pytest
from saved import save_model
from scipy.stats import binomtest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

from fer_core.data import FaceDataset
from fer_core.data.demo import draw_dataset
from fer_core.evaluation.comparison import (
    Difference,
    _holm,
    costs_table,
    difference_sentence,
    mcnemar,
    paired_macro_recall_difference,
    paired_tests,
    scores_table,
)
from fer_core.evaluation.metrics import class_scores, summary
from fer_core.evaluation.predictions import Predictions, predictions_frame, probability_columns
from fer_core.lineage import origin
from fer_core.store import update_record


@pytest.fixture(scope="module")
def faces() -> FaceDataset:
    return draw_dataset()


def test_scores_table(predictions, other):
    """One row a model, with the numbers of `summary`."""
    table = scores_table({"a": predictions, "b": other})
    assert table["model"].tolist() == ["a", "b"]
    scores = summary(other)
    assert table.loc[1, "macro_recall_low"] == scores.macro_recall_low
    assert table.loc[1, "accuracy"] == scores.accuracy
    assert table.loc[1, "recall_Sad"] == scores.recall["Sad"]
    assert table["n"].tolist() == [600, 600]


def test_scores_table_of_different_schemes(predictions, hand_made):
    """Models of other classes stand together; a recall one doesn't have is NaN."""
    table = scores_table({"six": predictions, "two": hand_made})
    assert np.isnan(table.loc[1, "recall_Sad"])
    assert table.loc[1, "recall_Negative"] == 0.5


def test_intervals_of_recalls(predictions):
    """Those of `class_scores`."""
    table, scores = scores_table({"a": predictions}), class_scores(predictions).set_index("label")
    assert table.loc[0, "recall_Sad_low"] == scores.loc["Sad", "recall_low"]
    assert table.loc[0, "recall_Sad_high"] == scores.loc["Sad", "recall_high"]


def test_sad_as_happy(predictions):
    """The cell of the confusion matrix over its row, with Wilson's interval; none for a model without these classes."""
    table = scores_table({"a": predictions}).loc[0]
    sad, happy = predictions.labels.index("Sad"), predictions.labels.index("Happy")
    row = confusion_matrix(predictions.y_true, predictions.y_pred)[sad]
    assert table["sad_as_happy"] == pytest.approx(row[happy] / row.sum(), abs=1e-9)
    expected = binomtest(int(row[happy]), int(row.sum())).proportion_ci(method="wilson")
    assert (table["sad_as_happy_low"], table["sad_as_happy_high"]) == pytest.approx(tuple(expected), abs=1e-9)


def test_costs(faces):
    """What the record and the file say; a combined model has no training time."""
    model = update_record(save_model("one", faces), training_seconds=90.5)
    table = costs_table([model, save_model("two", faces)])
    assert table["model"].tolist() == ["one", "two"]
    assert table["parameters"].tolist() == [4_700_000] * 2
    assert table["bytes"].tolist() == [len(b"no network")] * 2
    assert table["training_seconds"][0] == 90.5
    assert np.isnan(table["training_seconds"][1])
    child = update_record(model, parent=origin(model), sha256="0" * 64)
    assert costs_table([child])["training_seconds"][0] == 181


def test_paired_tests(predictions, other):
    """Each model but the reference: its difference, who alone is right, scipy's exact p."""
    table = paired_tests({"a": predictions, "b": other, "c": predictions}, "b")
    assert table["model"].tolist() == ["a", "c"]
    y_true = predictions.y_true
    right_a, right_b = predictions.y_pred == y_true, other.y_pred == y_true
    first = table.loc[0]
    assert (first["difference"], first["low"], first["high"]) == paired_macro_recall_difference(other, predictions)
    assert (first["only_model"], first["only_reference"]) == ((right_a & ~right_b).sum(), (right_b & ~right_a).sum())
    expected = binomtest(int(first["only_model"]), int(first["only_model"] + first["only_reference"])).pvalue
    assert first["p"] == pytest.approx(expected, abs=1e-9)
    assert first["p_holm"] == pytest.approx(min(1, 2 * expected))  # of two equal ones


def test_holm_by_hand():
    """Smallest times three, next times two, but never below the one before, and never above 1."""
    np.testing.assert_allclose(_holm(np.array([0.04, 0.01, 0.03])), [0.06, 0.03, 0.06])
    np.testing.assert_allclose(_holm(np.array([0.9, 0.8])), [1, 1])
    assert len(_holm(np.array([]))) == 0


def test_one_model_has_no_tests(predictions):
    """No row, but all columns."""
    table = paired_tests({"a": predictions}, "a")
    assert table.empty
    assert {"difference", "holds", "p", "p_holm"} <= set(table)


def test_mcnemar_by_hand():
    """Of eight disagreements one model wins seven: 2 · (1 + 8) / 256; faces where both are right don't count."""
    y_true = np.zeros(20, int)
    a, b = np.zeros(20, int), np.zeros(20, int)
    a[:7] = 1
    b[7] = 1
    assert mcnemar(y_true, a, b) == mcnemar(y_true, b, a) == pytest.approx(18 / 256)
    assert mcnemar(y_true, a, a) == 1


def test_mcnemar_equals_binomtest(predictions, other):
    """The p is scipy's exact binomial test's on the faces where one is right and one is wrong."""
    y_true = predictions.y_true
    right_a, right_b = predictions.y_pred == y_true, other.y_pred == y_true
    expected = binomtest(int((right_a & ~right_b).sum()), int((right_a != right_b).sum())).pvalue
    assert mcnemar(y_true, predictions.y_pred, other.y_pred) == pytest.approx(expected)


def test_difference_is_of_the_macro_recalls(predictions, other):
    """The value is macro recall of b minus that of a, inside its interval, and turns its sign with the order."""
    value, low, high = paired_macro_recall_difference(predictions, other)
    expected = [balanced_accuracy_score(model.y_true, model.y_pred) for model in (predictions, other)]
    assert value == pytest.approx(expected[1] - expected[0])
    assert low < value < high
    assert paired_macro_recall_difference(other, predictions).value == pytest.approx(-value)


def test_difference_as_drawn_by_hand(predictions, other):
    """The multinomial draw agrees with drawing faces one by one."""
    rng, recalls = np.random.default_rng(5), []
    y_true, gain = predictions.y_true, (other.y_pred == other.y_true) * 1.0 - (predictions.y_pred == predictions.y_true)
    for _ in range(3000):
        drawn = rng.integers(600, size=600)
        recalls.append(np.mean([gain[drawn][y_true[drawn] == k].mean() for k in range(6)]))
    _, low, high = paired_macro_recall_difference(predictions, other)
    assert (low, high) == pytest.approx(np.quantile(recalls, [0.025, 0.975]), abs=0.008)


def test_difference_of_a_model_from_itself(predictions):
    """A model is no better than itself, with certainty."""
    assert paired_macro_recall_difference(predictions, predictions) == (0, 0, 0)


@pytest.mark.parametrize(("differing", "shown"), [(1, False), (5, False), (6, True)])
def test_a_difference_in_five_faces_may_be_chance(predictions, differing, shown):
    """One model is right everywhere, the other but for a few faces of one class: below six nothing is shown."""
    few = predictions.frame[predictions.y_true == 0].head(differing)
    y_true, rows = np.zeros(differing, int), few["row"].to_numpy()

    def answering(label: int) -> Predictions:
        y_prob = np.eye(6)[np.full(differing, label)]
        usage, leak = few["usage"].to_numpy(), few["leak"].to_numpy()
        frame = predictions_frame(rows, usage, y_true, leak, y_prob, predictions.labels)
        return Predictions(frame, predictions.labels)

    value, low, _ = paired_macro_recall_difference(answering(1), answering(0))
    assert value == 1
    assert (low > 0) == shown


def test_difference_needs_the_same_faces(predictions):
    """Models that saw other faces, or none, cannot be paired."""
    with pytest.raises(ValueError, match="different faces"):
        paired_macro_recall_difference(predictions, predictions.select("test"))
    nothing = predictions.select("train")
    with pytest.raises(ValueError, match="found none"):
        paired_macro_recall_difference(nothing, nothing)


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        ((0.018, 0.004, 0.031), "B is better than A by 1.8 points of macro recall, 95 % interval 0.4 to 3.1"),
        ((-0.018, -0.031, -0.004), "A is better than B by 1.8 points of macro recall, 95 % interval 0.4 to 3.1"),
        (
            (0.003, -0.01, 0.016),
            "No difference in macro recall between A and B that 3,533 faces could show: "
            "B minus A is 0.3 points of macro recall, 95 % interval -1.0 to 1.6",
        ),
    ],
)
def test_difference_sentence(difference, sentence):
    """The better model comes first; an interval that holds 0 claims nothing."""
    assert difference_sentence("A", "B", Difference(*difference), 3533) == sentence


def test_one_of_many_differences_may_be_chance():
    """A sentence that claims one says so, one that claims none doesn't have to."""
    told = difference_sentence("A", "B", Difference(0.018, 0.001, 0.031), 3533, among=9)
    assert told.endswith("95 % interval 0.1 to 3.1; as one of 9 comparisons it may be chance")
    assert "comparisons" not in difference_sentence("A", "B", Difference(0.003, -0.01, 0.016), 3533, among=9)


def test_a_difference_holds_alone_and_not_among_many(predictions):
    """The same pair, once by itself and once beside eight others: the interval stays, what it is worth doesn't."""
    changed = predictions.y_prob.copy()
    wrong = np.flatnonzero(predictions.y_pred != predictions.y_true)
    better = paired_tests({"a": predictions, "b": predictions}, "a")
    for n in range(1, len(wrong)):  # mend answers until the difference just shows
        changed[wrong[:n]] = np.eye(len(predictions.labels), dtype=np.float32)[predictions.y_true[wrong[:n]]]
        columns = {name: changed[:, k] for k, name in enumerate(probability_columns(predictions.labels))}
        mended = Predictions(predictions.frame.assign(**columns), predictions.labels)
        better = paired_tests({"a": predictions, "b": mended}, "a")
        if better["holds"][0]:
            break
    among = paired_tests({"a": predictions, "b": mended} | {f"c{n}": predictions for n in range(8)}, "a")
    assert better.loc[0, ["low", "high"]].tolist() == among.loc[0, ["low", "high"]].tolist()
    assert better["low"][0] > 0
    assert not among["holds"][0]
