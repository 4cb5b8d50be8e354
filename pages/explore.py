"""Class balance, sample faces, pixel statistics, one face in large."""

import numpy as np
import streamlit as st

from fer_core.data import FaceDataset, statistics
from fer_core.data.copies import copies_of
from fer_core.evaluation import data_figures
from fer_core.labels import EMOTIONS, SPLITS, VOTES
from fer_core.store import list_models
from fer_core.training.doubt import TAG
from pages._ui import cached, charts, errors, faces, frame, pickers, words

VALUES = {"count": "n", "share": "share"}


def show_balance(dataset: FaceDataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        value = pickers.choice("Bars", tuple(VALUES), "bars")
        by_split = st.toggle("By split", key="by_split", bind="query-params")
        log = st.toggle("Logarithmic", key="log", bind="query-params")
    counts = statistics.class_counts(dataset)
    charts.show(data_figures.class_histogram(counts, VALUES[value], by_split, log), "histogram")
    st.markdown(words.imbalance(counts))
    st.dataframe(words.counts(counts), key="counts", alt="Faces of each expression in each split")


def show_samples(dataset: FaceDataset) -> None:
    emotion = st.pills("Expression", EMOTIONS, default="Happy", required=True, key="emotion", bind="query-params")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = pickers.choice("Split", tuple(SPLITS), "split")
        n = pickers.choice("Faces", ("24", "72", "240"), "n")
        seed = st.number_input("Shuffle", 0, step=1, key="seed", bind="query-params", width=120)
        st.button("Shuffle again", icon=":material/shuffle:", on_click=_shuffle)
    rows = statistics.sample_rows(dataset, emotion, SPLITS[split], int(n), seed)
    if not len(rows):
        st.info(f"There is no face labelled {emotion} in {SPLITS[split]}.")
    faces.wall(dataset, rows, [str(row) for row in rows])


def show_averages(dataset: FaceDataset) -> None:
    split = pickers.choice("Split", tuple(SPLITS), "split")
    rows = rows_of(dataset, split)
    st.markdown("The mean of all faces of an expression: what most of them share stays, everything else blurs away.")
    with st.container(horizontal=True):
        for emotion, image in cached.average_faces(dataset, rows).items():
            n = int((dataset.emotion[rows] == EMOTIONS.index(emotion)).sum())
            faces.face(image, f"{emotion}  \nn = {n:,}", f"Average of {n} faces labelled {emotion}", size=144)


def show_light(dataset: FaceDataset) -> None:
    with st.container(horizontal=True, gap="medium"):
        value = pickers.choice("Measure", tuple(data_figures.PIXEL_VALUES), "measure")
        split = pickers.choice("Split", tuple(SPLITS), "split")
    if len(rows := rows_of(dataset, split)):
        measured = cached.pixel_statistics(dataset, rows)
        charts.show(data_figures.brightness_box(measured, value), "light")
        with st.expander("As a table"):
            st.dataframe(words.quartiles(measured, value), key="light_table", alt=f"Quartiles of {value}")


def rows_of(dataset: FaceDataset, split: str) -> np.ndarray:
    """The rows of a split; says so where there are none."""
    rows = np.flatnonzero(dataset.of_usage(SPLITS[split]))
    if not len(rows):
        st.info(f"This dataset has no face in {SPLITS[split]}. Choose another split.", icon=":material/info:")
    return rows


def show_one(dataset: FaceDataset) -> None:
    asked = st.query_params.get("row", "")
    row = st.number_input("Row", 0, len(dataset) - 1, step=1, key="row", bind="query-params", width=160)
    if asked.isdecimal() and int(asked) >= len(dataset):
        st.warning(f"There is no row {int(asked):,} here; row {row:,} is shown.", icon=":material/link_off:")
    left, right = st.columns([1, 2])
    with left:
        faces.face(dataset.images[row], None, f"Face in row {row}", size=288)
    with right:
        label, usage = EMOTIONS[dataset.emotion[row]], dataset.usage[row]
        st.markdown(f"Row **{row:,}**, labelled **{label}**, in **{usage}**.")
        [(exact, near)] = copies_of(cached.find_copies(dataset), np.array([row]))
        st.markdown(words.copies(exact, near))
        faces.wall(dataset, np.concatenate([exact, near])[: faces.SINGLE])
        if dataset.votes is not None:
            charts.show(data_figures.votes_bars(dataset.votes[row], VOTES).update_layout(height=320), "votes")
            st.caption(f"Votes: {words.votes(dataset.votes[row])}.")
    show_answers(dataset, row)


def show_answers(dataset: FaceDataset, row: int) -> None:
    """What saved models answered to this face, where they were scored on it."""
    models = [model for model in list_models() if model.answered and TAG not in model.tags]
    asked = [model for model in models if model.record["dataset"]["fingerprint"] == dataset.fingerprint]
    answers = {}
    for model in asked:
        with errors.box():
            answers[model.id] = cached.predictions(model).of_row(row)
    known = {name: answer for name, answer in answers.items() if answer is not None}
    if known:
        st.markdown("**What saved models answer**")
        st.dataframe(words.answers(known), hide_index=True, key="answers", alt=f"Answers of models to row {row}")
    elif asked:
        training = dataset.usage[row] == SPLITS["train"]
        label = EMOTIONS[dataset.emotion[row]]
        why = "Training faces are for learning" if training else f"none of them knows the class {label}"
        st.caption(f"No saved model was scored on this face: {why}.")


def _shuffle() -> None:
    st.session_state["seed"] += 1


VIEWS = {
    "Balance": show_balance,
    "Samples": show_samples,
    "Averages": show_averages,
    "Light": show_light,
    "One face": show_one,
}

frame.start(__file__, "Explore", "Which expressions are in the dataset, how many of each, and what they look like.")
pickers.views(VIEWS, frame.dataset())
