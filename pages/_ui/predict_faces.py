"""Predict: a picture, its faces boxed and numbered, and what is said of each."""

import io
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from fer_core.data import FaceDataset
from fer_core.evaluation.embeddings import kept_as
from fer_core.evaluation.figures import probability_bars
from fer_core.inference.annotation import annotate, scaled
from fer_core.inference.predict import UNSURE, FaceResult
from fer_core.labels import COLOURS
from fer_core.store import SavedModel
from pages._ui import cached, charts, errors, faces, frame, words
from pages._ui.evaluate_explanation import explain, show_explanation
from pages._ui.predict_pictures import Picture, Seen

PAGE = 6
"""Faces of a picture on one page; each has a chart."""
ENLARGED = 144  # pixels: three times what the network sees
NEAREST = 6
LOOKED, ALIKE = "Where the network looked", "Nearest training faces"
PATIENCE = 0.5
"""Seconds that the page waits for embeddings that may be there already."""


def show(
    picture: Picture, seen: Seen, by_model: Mapping[str, Sequence[FaceResult]], model: SavedModel, also: Sequence[str]
) -> None:
    """One picture; `by_model` has the answers of `model` and of those beside it to the same faces."""
    of_model = by_model[model.id]
    left, right = st.columns([2, 3])
    with left:
        _show_picture(seen, of_model)
    if not of_model:
        return
    shown = faces.turned(len(of_model), PAGE, f"page-{picture.key}")
    with right:
        for number, face in list(enumerate(of_model, 1))[shown]:
            _show_face(number, face, f"{picture.key}-{number}")
    crops = np.array([face.crop for face in of_model[shown]])
    names = [f"Face {number}" for number in range(shown.start + 1, shown.start + 1 + len(crops))]
    if len(by_model) > 1:
        _show_beside({name: some[shown] for name, some in by_model.items()}, names, picture.key)
    if LOOKED in also:
        with errors.box():
            labels = [face.label or face.most_probable for face in of_model[shown]]
            said = [
                f"{name}: {face.label or f'unsure, most probable {face.most_probable}'}"
                for name, face in zip(names, of_model[shown], strict=True)
            ]
            st.markdown(f"**{LOOKED}**, each face beside the parts that speak for what is named below it.")
            question = LOOKED, model.record["sha256"], shown.start, *labels
            explained = seen.once(question, lambda: explain(model, crops, labels))
            show_explanation(model, crops, explained, said)
    if ALIKE in also:
        with errors.box():
            _show_alike(seen, model, crops, names, shown.start)


def _show_picture(seen: Seen, of_model: Sequence[FaceResult]) -> None:
    picture = np.asarray(Image.open(io.BytesIO(seen.shown)))
    boxed = annotate(picture, [scaled(face, seen.scale) for face in of_model], COLOURS)
    found = words.faces(len(of_model))
    if of_model and not seen.boxes:
        found = "no face found, the whole picture"
    if boxed.width < ENLARGED:
        st.image(boxed, caption=found, width=ENLARGED, alt=f"The picture with {found} boxed")
    else:  # a large PNG would take ten times as long to pack
        st.image(boxed, caption=found, width="stretch", output_format="JPEG", alt=f"The picture with {found} boxed")


def _show_face(number: int, face: FaceResult, key: str) -> None:
    """What the network saw and what it says."""
    left, right = st.columns([1, 3])
    with left:
        seen = Image.fromarray(face.crop).resize((ENLARGED, ENLARGED), Image.Resampling.NEAREST)
        st.image(seen, caption=f"Face {number} as the network sees it", alt=f"Face {number}, 48 by 48 grey pixels")
    with right:
        st.markdown(f"#### {number}: {_answer(face)}")
        if face.label is None:
            others = f" other than {' and '.join(face.point.group)}" if face.point else ""
            st.caption(f"No expression{others} reaches a probability of {100 * UNSURE:.0f} %.")
        elif face.label != face.most_probable:
            st.caption(f"By the operating point; the most probable is {face.most_probable}.")
        charts.show(probability_bars(face.probabilities), f"bars-{key}", height=220)


def _answer(face: FaceResult) -> str:
    return f"{face.label}, {words.percent(face.probabilities[face.label])}" if face.label else "Unsure"


def _show_beside(by_model: Mapping[str, Sequence[FaceResult]], names: Sequence[str], key: str) -> None:
    """The answers of several models to the same faces, one row a face and model."""
    rows = [
        {"Face": names[index], "Model": model, "Label": said[index].label or "Unsure"}
        | {label: words.percent(share) for label, share in said[index].probabilities.items()}
        for index in range(len(names))
        for model, said in by_model.items()
    ]
    table = pd.DataFrame(rows).fillna("–")  # a class that the model doesn't know
    st.markdown("**The same faces by other models**")
    st.dataframe(table, hide_index=True, key=f"beside-{key}", alt="Labels and probabilities")


def _show_alike(seen: Seen, model: SavedModel, crops: np.ndarray, names: Sequence[str], start: int) -> None:
    """For each face, from number `start` of the picture on, the training faces that the model takes for most alike."""
    dataset = frame.dataset_of(model)  # `follow_measuring` says what is missing
    if dataset is None or not len(crops) or not _may_measure(model, dataset):
        return
    measuring = cached.nearest(model, dataset)
    measuring.wait(PATIENCE)
    if measuring.nearest is None:
        return
    st.markdown(
        f"**{ALIKE}**, those that the last hidden layer of {model.id} takes for most alike, with their label, row, and "
        "cosine: 1 would be the same."
    )
    find = measuring.nearest.find
    rows, cosines = seen.once((ALIKE, model.record["sha256"], start), lambda: find(crops, NEAREST))
    for name, its_rows, its_cosines in zip(names, rows, cosines, strict=True):
        st.caption(name)
        said = [
            f"{faces.describe(dataset, row)}  \n{cosine:.2f}" for row, cosine in zip(its_rows, its_cosines, strict=True)
        ]
        faces.row_of_faces(dataset, its_rows, said)


def follow_measuring(model: SavedModel) -> None:
    """How far the embeddings are that `ALIKE` needs; runs the page again when they are there."""
    with errors.box():
        dataset = frame.ask_dataset_of(model, "")
        if dataset is None:
            return
        if not _may_measure(model, dataset):
            _offer_measuring(model, dataset)
            return
        measuring = cached.nearest(model, dataset)
        measuring.wait(PATIENCE)
        if measuring.problem:
            errors.show(measuring.problem)
            if st.button("Try again", icon=":material/refresh:"):
                cached.nearest.clear(model, dataset)
                st.rerun()
        elif measuring.nearest is None:
            st.fragment(_progress, run_every=1)(model, dataset)


def _may_measure(model: SavedModel, dataset: FaceDataset) -> bool:
    """Whether the embeddings are kept, or somebody asked for them here."""
    return st.session_state.get(_asked(model)) or kept_as("embeddings", model, dataset).exists()


def _offer_measuring(model: SavedModel, dataset: FaceDataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Let {model.id} look at all {len(dataset):,} faces",
            "measure_alike",
            on_click=st.session_state.update,
            args=[{_asked(model): True}],
            icon=":material/image_search:",
        )
        st.caption(f"For *{ALIKE}*: once, in the background; it takes minutes, and says how far it is.")


def _asked(model: SavedModel) -> str:
    return f"alike_{model.record['sha256']}"


def _progress(model: SavedModel, dataset: FaceDataset) -> None:
    measuring = cached.nearest(model, dataset)
    if measuring.nearest or measuring.problem:
        st.rerun()
    st.progress(
        measuring.done / measuring.n,
        f"{measuring.done:,} of {measuring.n:,} faces of the dataset looked at by {model.id}. This is done once, in "
        "the background, and kept; the nearest training faces then appear.",
    )
