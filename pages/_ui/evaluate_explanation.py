"""Where the network looked: of the faces behind a cell of the matrix, and of any other faces."""

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from fer_core.data import FaceDataset
from fer_core.evaluation.metrics import cell_faces, confusion_frame
from fer_core.evaluation.predictions import Predictions
from fer_core.inference.overlay import beside, colours
from fer_core.store import SavedModel
from pages._ui import cached, errors, frame, pickers

AVERAGED = 96
"""Faces of a cell that are averaged, the most confident."""
SHOWN = 12
INDEPENDENT = 0.7
"""From such a correlation with random last layers on, a map shows the face rather than what the network learned."""
SIZE, LARGE = 96, 192  # pixels

_DETAILS = ("last map", "finer map")
_DETAIL_HELP = "The network's last feature map, as in the paper, often 3 × 3 cells; or an earlier one with more."


def show(model: SavedModel, predictions: Predictions) -> None:
    """Evaluate's view: the average over a cell, and its most confident faces."""
    if not model.trained:
        st.info(
            f"Of {model.id} only the answers are here: where its network looked isn't known.", icon=":material/info:"
        )
        return
    true, predicted = pickers.cell(confusion_frame(predictions))
    with st.container(horizontal=True, gap="medium"):
        of = pickers.choice("What speaks for", ("predicted", "labelled"), "speaks_for")
        fine = _ask_fine()
    rows = cell_faces(predictions, true, predicted)["row"].to_numpy()
    st.markdown(f"Labelled **{true}**, predicted as **{predicted}**: n = {len(rows):,}.")
    with errors.box():
        dataset = frame.ask_dataset_of(model)
        if len(rows) and dataset is not None:
            _show_cell(model, dataset, rows, {"predicted": predicted, "labelled": true}[of], fine)


def explain(model: SavedModel, images: np.ndarray, labels: Sequence[str]) -> tuple[np.ndarray, float]:
    """`Explainer.heat` of any faces, uint8 `(n, 48, 48)`, for a class of `labels` each, and its check of the weights.

    Loads TensorFlow; nothing of the faces is kept. Raises `ModelError` for a network without feature maps.
    """
    explainer = cached.explainer(model, False)
    classes = np.array([model.labels.index(label) for label in labels], int)
    return explainer.heat(images, classes), explainer.correlation_with_random_heads(images, classes)


def show_explanation(
    model: SavedModel, images: np.ndarray, explained: tuple[np.ndarray, float], captions: Sequence[str]
) -> None:
    """Each of the faces beside itself with the parts that speak for its class, as `explain` found them."""
    heat, correlation = explained
    _row(images, heat, captions)
    _explain(model, False, correlation)


def _show_cell(model: SavedModel, dataset: FaceDataset, rows: np.ndarray, label: str, fine: bool) -> None:
    some = rows[:AVERAGED]
    heat = cached.heat(model, fine, dataset, some, label)
    left, right = st.columns(2)
    with left:
        face = np.rint(dataset.images[some].mean(axis=0)).astype(np.uint8)
        said = f"Average of the {len(some)} most confident (n = {len(rows):,}): what speaks for {label}"
        average = heat.mean(axis=0)
        st.image(beside(face, average / (average.max() or 1), LARGE), said, width=2 * LARGE, alt=said)
        st.caption("A mean says nothing about one face.")
    with right:
        of_shown = cached.correlation_with_random_heads(model, fine, dataset, some[:SHOWN], label)
        _explain(model, fine, of_shown)
    st.markdown(f"**The most confident faces**, each beside what speaks for {label} in it.")
    _row(dataset.images[some[:SHOWN]], heat, [f"row {row}" for row in some[:SHOWN]])


def _row(images: np.ndarray, heat: np.ndarray, captions: Sequence[str]) -> None:
    with st.container(horizontal=True, gap="small"):
        for image, warm, caption in zip(images, heat, captions, strict=False):
            alt = f"{caption}: the face, and the same with its warm parts {_where(warm)}"
            st.image(beside(image, warm, SIZE), caption, width=2 * SIZE, alt=alt)


def _explain(model: SavedModel, fine: bool, correlation: float) -> None:
    """What the colours mean, and whether they depend on what the network learned."""
    height, width = cached.explainer(model, fine).cells
    scale = colours(np.linspace(0, 1, 192))[None].repeat(14, 0).astype(np.uint8)
    st.image(Image.fromarray(scale), "0: nothing – 1: the warmest place", width=192, alt="Dark blue is 0, yellow is 1")
    st.caption(
        f"Yellow parts raise the probability of the class most; the white line surrounds where it is at least half as "
        f"warm as at the warmest place. Grad-CAM of a map of {height} × {width} cells, enlarged. Where the network "
        f"looked, not why."
    )
    st.caption(_depends(correlation))


def _depends(correlation: float) -> str:
    """Whether heat maps depend on the weights, from `Explainer.correlation_with_random_heads`."""
    if math.isnan(correlation):
        return "Nothing in these faces speaks for the class, so there is no map to check."
    verdict = (
        "depends on the weights" if correlation < INDEPENDENT else "depends too little on the weights to be believed"
    )
    return f"**It {verdict}:** correlation {correlation:.2f} with the same network under random last layers."


def _where(heat: np.ndarray) -> str:
    """`top left`, `middle`: the ninth of a heat map that is warmest, in words."""
    if not heat.any():
        return "nowhere"
    ninths = heat.reshape(3, 16, 3, 16).mean(axis=(1, 3))
    down, across = divmod(int(ninths.argmax()), 3)
    return " ".join(dict.fromkeys([("top", "middle", "bottom")[down], ("left", "middle", "right")[across]]))


def _ask_fine() -> bool:
    return pickers.choice("Detail", _DETAILS, "detail", help=_DETAIL_HELP) == _DETAILS[1]
