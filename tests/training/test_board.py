"""TensorBoard files."""

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from fer_core.training.board import CELL, Board, matrix_picture

RECORD = {"epoch": 3, "loss": 1.25, "val_recall": 0.5, "confusion": [[3, 1], [0, 2]]}


def test_epoch_is_written_as_scalars_and_a_picture(tmp_path):
    """TensorBoard's own reader finds the numbers at their epoch, and the matrix as an image."""
    Board(tmp_path, ("Negative", "Positive")).write(RECORD)
    events = EventAccumulator(str(tmp_path), size_guidance={"tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    assert {"loss", "val_recall"} < set(tags)
    assert any(tag.startswith("confusion") for tag in tags)
    (loss,) = events.Tensors("loss")
    assert (loss.step, float(make_ndarray(loss.tensor_proto))) == (3, 1.25)


def test_matrix_picture_shows_shares_of_the_true_class():
    """A row of 3 and 1 is grey at a quarter and three quarters; black is all of a class."""
    picture = matrix_picture(RECORD["confusion"])[0, ..., 0]
    np.testing.assert_allclose(picture[::CELL, ::CELL], [[0.25, 0.75], [1, 0]])
