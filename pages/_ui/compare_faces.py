"""Compare: the faces behind a number."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from fer_core.store import SavedModel
from pages._ui import cached, errors, faces, frame


def show(model: SavedModel, rows: np.ndarray, captions: Sequence[str]) -> None:
    """The faces in `rows` of the dataset that `model` was scored on, in pages; else which one to load."""
    if not len(rows):
        return
    with errors.box():
        dataset = cached.dataset(frame.chosen_source())
        scored_on = model.record["dataset"]
        if dataset.fingerprint == scored_on["fingerprint"]:
            shown = faces.page_of(len(rows))
            faces.wall(dataset, rows[shown], captions[shown])
        else:
            st.info(
                f"To see the faces choose in the sidebar what these models were scored on: `{scored_on['source']}`."
            )
