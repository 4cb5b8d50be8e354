"""TensorBoard event files, as the study looked at its runs: the scalars and the confusion matrix of each epoch."""

from pathlib import Path

import numpy as np
import tensorflow as tf

CELL = 24
"""Pixels of a cell's side in the picture of the matrix."""


class Board:
    """Writes into `folder`; look with `tensorboard --logdir models`."""

    def __init__(self, folder: Path, labels: tuple[str, ...]):
        self._writer = tf.summary.create_file_writer(str(folder))
        self._labels = labels

    def write(self, record: dict) -> None:
        """Add one epoch: the record of its `epoch` event."""
        with self._writer.as_default(step=record["epoch"]):
            for name, value in record.items():
                if name not in ("epoch", "confusion"):
                    tf.summary.scalar(name, value)
            tf.summary.image(f"confusion: {', '.join(self._labels)}; rows true", matrix_picture(record["confusion"]))
        self._writer.flush()


def matrix_picture(confusion: list[list[int]]) -> np.ndarray:
    """Shares of each true class as grey, white 0 and black 1: float32 `(1, side, side, 1)`, 0 to 1."""
    matrix = np.asarray(confusion, np.float32)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    return 1 - np.kron(shares, np.ones((CELL, CELL), np.float32))[np.newaxis, ..., np.newaxis]
