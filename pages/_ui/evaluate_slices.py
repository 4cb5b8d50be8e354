"""Evaluate, view Slices: recall where faces are dark or bright, copies, disputed, or as the user's own table says."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.evaluation import slices
from fer_core.evaluation.attributes import read_attributes
from fer_core.evaluation.data_figures import PIXEL_VALUES
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.slices_figures import slice_bars
from fer_core.store import SavedModel
from pages._ui import cached, charts, errors, frame, uploads, words

_AGREEMENT = "agreement"
_MEANINGS = PIXEL_VALUES | {
    _AGREEMENT: "share of FER+'s ten annotators who chose what most of them chose",
    "copies": "whether a training face shows the same photograph",
}


def show(model: SavedModel, predictions: Predictions) -> None:
    """A picture and a table of one score by the slices of one attribute; below them the place for a CSV."""
    top = st.container()
    dataset = None
    with errors.box():
        dataset = frame.ask_dataset_of(model)
    own = _ask_table(dataset)
    with top, errors.box():
        _show_scores(model, predictions, _attributes(model, predictions, dataset, own))


def _show_scores(model: SavedModel, predictions: Predictions, attributes: dict[str, Callable[[], pd.Series]]) -> None:
    with st.container(horizontal=True, gap="medium"):
        by = st.selectbox("Slices by", list(attributes), key="slice_by", bind="query-params", width=280)
        scores = {_score_name(score): score for score in ("macro_recall", "accuracy", *predictions.labels)}
        score = scores[st.selectbox("Score", list(scores), key="slice_score", bind="query-params", width=280)]
    found = attributes[by]()
    frame = slices.slice_scores(predictions, found, score)
    everyone = pd.Series(pd.Categorical(np.full(len(predictions), "all")))
    overall = slices.slice_scores(predictions, everyone, score)["value"].iloc[0]
    charts.show(slice_bars(frame, score, by, overall), "slices", height=180 + 56 * len(frame))
    st.caption(_explained(by, found, frame, predictions))
    st.dataframe(words.slices(frame, _score_name(score)), hide_index=True, key="slice_table", alt=f"{score} by {by}")


def _attributes(
    model: SavedModel, predictions: Predictions, dataset: FaceDataset | None, own: pd.DataFrame
) -> dict[str, Callable[[], pd.Series]]:
    """What there is to slice by, and how; the first is shown at first."""
    known = {}
    if dataset is not None:
        known |= {name: partial(_by_pixels, model, predictions, dataset, name) for name in PIXEL_VALUES}
    if dataset is not None and dataset.votes is not None:
        known[_AGREEMENT] = partial(slices.agreement, dataset.votes, predictions)
    known["copies"] = partial(slices.copies, predictions)
    return known | {f"CSV: {name}": partial(slices.own, own[name], predictions) for name in own}


def _by_pixels(model: SavedModel, predictions: Predictions, dataset: FaceDataset, name: str) -> pd.Series:
    """Cut at the quartiles of the validation faces, of all scored ones where there are none."""
    scored = cached.predictions(model).frame
    rows, validation = scored["row"], scored["usage"] == "PrivateTest"
    values = cached.pixel_statistics(dataset, rows.to_numpy()).set_index("row")[name]
    return slices.quarters(values, predictions, (rows[validation] if validation.any() else rows).to_numpy())


def _ask_table(dataset: FaceDataset | None) -> pd.DataFrame:
    """The user's attributes by row, kept in memory only; no columns where there are none."""
    with st.expander("Attributes of your own, as a CSV"):
        st.markdown(
            "A column `row`, the row of the dataset, and any others: words or numbers. The workbench never guesses "
            "anything about the people on the pictures, such as age, gender or origin; where you know such things, "
            "bring them. The file stays in memory until you take it away or close this session."
        )
        with errors.box():
            for file in uploads.ask("CSV of attributes", "attributes", several=False, type="csv"):
                own = read_attributes(file.getvalue(), None if dataset is None else len(dataset))
                names = ", ".join(f"CSV: {name}" for name in own)
                st.success(f"To be chosen under *Slices by* now: {words.literal(names)}.")
                return own
    return pd.DataFrame()


def _explained(by: str, found: pd.Series, frame: pd.DataFrame, predictions: Predictions) -> str:
    said = [f"{by.capitalize()}: {_MEANINGS[by]}." if by in _MEANINGS else "As your CSV says."]
    if by in PIXEL_VALUES:
        said.append("Cut at the quartiles of the validation faces, of all scored ones where there are none.")
    if missing := int(found.isna().sum()):
        said.append(f"{missing:,} of {len(predictions):,} faces have no value and stand in no slice.")
    if (frame["classes"] < len(predictions.labels)).any():
        said.append("Not every slice holds all classes: look at the table before you compare macro recalls.")
    said.append(
        "Slices differ in their expressions too, which alone may make one harder. With many slices some differ by "
        "chance: about one interval in twenty misses."
    )
    return " ".join(said)


def _score_name(score: str) -> str:
    return words.name(score) if score in ("macro_recall", "accuracy") else f"Recall of {score}"
