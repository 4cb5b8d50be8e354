"""Predict: all faces as a table, and what can be taken away; each carries what a label is and is not."""

import io
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from fer_core.inference.annotation import annotate, captioned
from fer_core.inference.answers import Answered, answers_frame, answers_json
from fer_core.inference.photo import read_photo
from fer_core.inference.predict import FaceResult, rule
from fer_core.labels import COLOURS, MEANING
from pages._ui import words
from pages._ui.predict_models import Answerer

QUALITY = 92
"""Of the JPEG of an annotated picture."""


def show_table(pictures: Sequence[Answered], answerers: Sequence[Answerer]) -> None:
    """One row a face and model, or a picture that has none; and the same as CSV and JSON."""
    decisions = {one.model.id: one.decision for one in answerers}
    frame = answers_frame(pictures, {one.model.id: one.model.labels for one in answerers}, decisions)
    with st.expander(f"All as a table (n = {len(frame):,}), probabilities from 0 to 1"):
        st.dataframe(_in_words(frame), hide_index=True, key="predict_table", alt="One row a face and model")
    with st.container(horizontal=True):
        _download("Table as CSV", lambda: frame.to_csv(index=False), "expressions.csv", "text/csv")
        _download("All as JSON", lambda: answers_json(pictures, decisions), "expressions.json", "application/json")


def offer_annotated(name: str, read: Callable[[], bytes], faces: Sequence[FaceResult], answerer: Answerer) -> None:
    """The picture at its full size with its faces boxed, what is said of each below it; drawn when asked for."""
    stem = name.partition(": ")[2].rpartition(".")[0] or "picture"
    label = f"{words.literal(name)} with boxes"
    _download(label, lambda: annotated(read(), faces, answerer), f"{stem}-annotated.jpg", "image/jpeg", f"boxes-{name}")


def annotated(data: bytes, faces: Sequence[FaceResult], answerer: Answerer) -> bytes:
    """A JPEG; `data` is the encoded picture."""
    words = f"{said(faces)} (model {answerer.model.id}).\n{rule(answerer.decision)}\n{MEANING}"
    buffer = io.BytesIO()
    picture = captioned(annotate(read_photo(data), faces, COLOURS), words)
    picture.save(buffer, "JPEG", quality=QUALITY, comment=MEANING)
    return buffer.getvalue()


def said(faces: Sequence[FaceResult]) -> str:
    """The answers in one line; where no face was found, that they are of the whole picture."""
    found = any(face.box.confidence for face in faces)
    answers = [f"{number}: {_answer(face)}" for number, face in enumerate(faces, 1)]
    return "; ".join(answers if found else ["No face found", *answers])


def _answer(face: FaceResult) -> str:
    share = f"{face.probabilities[face.label or face.most_probable]:.0%}"
    return f"{face.label} {share}" if face.label else f"unsure, at most {face.most_probable} {share}"


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """For the reader's eyes: without what is the same in every row, or in none."""
    filled = frame.drop(columns=["rule", "meaning"]).dropna(axis="columns", how="all")
    return filled.rename(columns=lambda name: name.removeprefix("p_"))


def _download(label: str, data: Callable, name: str, mime: str, key: str | None = None) -> None:
    st.download_button(label, data, name, mime, key, on_click="ignore", icon=":material/download:")
