"""Compare: the faces behind a number."""

from collections.abc import Sequence

import numpy as np

from fer_core.store import SavedModel
from pages._ui import errors, faces, frame


def show(model: SavedModel, rows: np.ndarray, captions: Sequence[str]) -> None:
    """The faces in `rows` of the dataset that `model` was scored on, in pages; else which one to load."""
    if not len(rows):
        return
    with errors.box():
        if dataset := frame.ask_dataset_of(model):
            shown = faces.page_of(len(rows))
            faces.wall(dataset, rows[shown], captions[shown])
