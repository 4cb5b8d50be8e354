"""Matrices subtracted, and the faces behind each cell."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from fer_core.evaluation.differences import changed_faces, difference_frame


def test_difference_is_of_the_matrices(predictions, other):
    """Each normalised by scikit-learn before, then subtracted."""
    frame = difference_frame(other, predictions)
    for value, normalise in (("n", None), ("by_true", "true"), ("by_predicted", "pred")):
        after, before = (
            confusion_matrix(model.y_true, model.y_pred, normalize=normalise) for model in (other, predictions)
        )
        np.testing.assert_allclose(frame[value], (after - before).ravel(), atol=1e-9)


def test_gained_minus_lost_is_the_difference(predictions, other):
    """In every cell; and both are at most the faces that are there."""
    frame = difference_frame(other, predictions)
    assert (frame["gained"] - frame["lost"] == frame["n"]).all()
    assert (frame["gained"] <= frame["n_model"]).all()
    assert (frame["lost"] <= frame["n_reference"]).all()


def test_faces_are_exactly_those_that_changed(predictions, other):
    """Of every cell: as many gained and lost as the matrix says, each with what both predict, gained ones first."""
    rows = predictions.frame["row"].to_numpy()
    for cell in difference_frame(other, predictions).itertuples():
        faces = changed_faces(other, predictions, cell.true, cell.predicted)
        assert faces["gained"].tolist() == [True] * cell.gained + [False] * cell.lost
        at = np.searchsorted(rows, faces["row"])
        labels = np.array(predictions.labels)
        assert (labels[predictions.y_true[at]] == cell.true).all()
        assert faces["by_model"].tolist() == labels[other.y_pred[at]].tolist()
        assert faces["by_reference"].tolist() == labels[predictions.y_pred[at]].tolist()
        assert ((faces["by_model"] == cell.predicted) == faces["gained"]).all()
        assert ((faces["by_reference"] == cell.predicted) != faces["gained"]).all()


def test_nothing_changes_from_a_model_to_itself(predictions):
    """Zeros, and no face."""
    frame = difference_frame(predictions, predictions)
    assert not frame[["n", "by_true", "by_predicted", "gained", "lost"]].any(axis=None)
    assert changed_faces(predictions, predictions, "Sad", "Fear").empty


def test_unknown_class(predictions, other):
    with pytest.raises(ValueError, match="unknown class 'Bored'"):
        changed_faces(other, predictions, "Sad", "Bored")
