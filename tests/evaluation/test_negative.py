"""Negative expressions that are called positive ones."""

import numpy as np
import pytest

from fer_core.evaluation.curves_figures import called_positive_bars
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.negative import NEGATIVE, POSITIVE, called_positive, sides
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import SCHEMES


def test_shares_are_counted(predictions):
    """Sad called Happy, Sad called any positive, any negative called any positive: counted face by face."""
    frame = called_positive(predictions).set_index(["labelled", "called"])
    names = np.array(predictions.labels)
    true, predicted = names[predictions.y_true], names[predictions.y_pred]
    negative, positive = ("Angry", "Fear", "Sad"), ("Happy", "Surprise", "Neutral")
    for (labelled, called), these, those in (
        (("Sad", "Happy"), ["Sad"], ["Happy"]),
        (("Sad", POSITIVE), ["Sad"], positive),
        ((NEGATIVE, "Happy"), negative, ["Happy"]),
        ((NEGATIVE, POSITIVE), negative, positive),
    ):
        told = frame.loc[labelled, called]
        among = np.isin(true, these)
        assert told["n"] == among.sum()
        assert told["n_called"] == np.isin(predicted[among], those).sum()
        assert told["share"] == pytest.approx(told["n_called"] / told["n"])
        assert (told["low"], told["high"]) == wilson(told["n_called"], told["n"])
    assert len(frame) == 4 * 4


def test_two_classes(hand_made):
    """A model of two classes has one number: one of two Negative faces is called Positive."""
    frame = called_positive(hand_made)
    assert frame[["labelled", "called", "n", "n_called"]].to_numpy().tolist() == [["Negative", "Positive", 2, 1]]


def test_a_model_of_one_side(predictions):
    """It cannot make this mistake: refused."""
    assert sides(SCHEMES["negative"].labels) == (["Angry", "Fear", "Sad"], [])
    frame = predictions.frame.query("label < 2")[["row", "usage", "label", "leak", "p_Angry", "p_Fear"]]
    with pytest.raises(ValueError, match="expected negative and positive classes"):
        called_positive(Predictions(frame, ("Angry", "Fear")))


def test_disgust_is_on_neither_side():
    """The study dropped it."""
    assert sides(SCHEMES["all"].labels) == (["Angry", "Fear", "Sad"], ["Happy", "Surprise", "Neutral"])


def test_no_faces(predictions):
    """Shares of no faces are no numbers."""
    assert called_positive(predictions.select("train"))["share"].isna().all()


def test_bars_draw_the_frame(predictions):
    """One group of bars a label, one bar in it a prediction, with its interval; all positive ones are hatched."""
    frame = called_positive(predictions)
    *alone, together = called_positive_bars(frame).data
    assert [bars.name for bars in alone] == ["called Happy", "called Surprise", "called Neutral"]
    expected = frame[frame["called"] == "Happy"]
    np.testing.assert_array_equal(alone[0].y, expected["share"])
    np.testing.assert_allclose(alone[0].y + alone[0].error_y.array, expected["high"])
    np.testing.assert_allclose(alone[0].y - alone[0].error_y.arrayminus, expected["low"])
    assert alone[0].marker.color != alone[1].marker.color
    assert (alone[0].marker.pattern.shape, together.marker.pattern.shape) == ("", "/")
