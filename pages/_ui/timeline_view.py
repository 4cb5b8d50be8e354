"""Timeline: one recording over time, and the frame that is looked at."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.evaluation.figures import probability_bars
from fer_core.evaluation.timeline_figures import KINDS, mark, timeline_figure
from fer_core.inference.annotation import annotate
from fer_core.inference.predict import rule
from fer_core.inference.timeline import Timeline, classify, faces_at, timeline_frame, timeline_table
from fer_core.labels import COLOURS
from fer_core.recurrent import SINGLE_FACES, find_recurrent, has_recurrent
from fer_core.store import SavedModel
from pages._ui import cached, charts, decisions, errors, pickers, theme, words
from pages._ui.timeline_input import Recording

UNSMOOTHED, RECURRENT = "None", "Recurrent"
LARGEST = 900
"""Width, in pixels, at which a frame is shown at most."""
DRAWN = 4
"""Faces that have a part in the chart, those that are seen most often."""
ENLARGED = 96

_SAID = "timeline_said"  # in the session's state: of the last recording, what the model says of each face by itself


@dataclass(frozen=True, eq=False)
class Shown:
    """A recording as a model and a smoothing tell it."""

    recording: Recording
    timeline: Timeline
    decision: Decision
    read_by: str
    """The model and its smoothing, in words."""

    @property
    def table(self) -> pd.DataFrame:
        """What is exported."""
        table = timeline_table(self.timeline, self.read_by, self.decision)
        if names := self.recording.names:
            table = table.drop(columns="seconds")
            table.insert(1, "picture", [names[frame - 1] for frame in table["frame"]])
        return table


def read(recording: Recording, model: SavedModel) -> Shown:
    """What `model` says of each face, made steadier as the visitor chooses."""
    decision = decisions.used(model)
    key = (recording.key, model.record["sha256"], decision)
    known = st.session_state.get(_SAID)
    if known is None or known[0] != key:
        known = key, classify(recording.watched, cached.classifier(model), decision)
        st.session_state[_SAID] = known
    shown = _smoothed(recording, known[1], model, decision)
    st.caption(rule(shown.decision))
    return shown


def show(shown: Shown) -> None:
    """The chart, the frame, and the table to take away."""
    faces = shown.timeline.faces
    if not faces:
        st.warning("No face was found in it.", icon=":material/face_retouching_off:")
        return
    said = f"{len(shown.timeline.seconds):,} {_noun(shown)}, {len(faces)} {'face' if len(faces) == 1 else 'faces'}"
    without = len(shown.timeline.seconds) - len(np.unique(shown.timeline.frame))
    gaps = f"; in {without:,} of them no face is seen, and nothing is said of these" if without else ""
    more = f" At first the {DRAWN} that are seen most often are drawn." if len(faces) > DRAWN else ""
    st.caption(f"{said}{gaps}.{more} A face is followed by where it is, not by who it is.")
    kind = pickers.choice("Chart", KINDS, "chart")
    drawn = sorted(faces[:DRAWN])
    if len(faces) > DRAWN:
        key = f"drawn_{hash(shown.recording.key)}"
        drawn = st.multiselect("Faces drawn", sorted(faces), drawn, max_selections=DRAWN, key=key) or drawn
    _scrub(shown, kind, sorted(drawn))
    st.download_button(
        "Table as CSV",
        lambda: shown.table.to_csv(index=False),
        f"{Path(shown.recording.name).stem}-timeline.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        help="One row a frame and face. Nothing is kept here: bring it again to lay recordings side by side.",
    )


@st.fragment
@errors.boxed
def _scrub(shown: Shown, kind: str, faces: list[int]) -> None:
    """The chart with the moment that is looked at, and the frame of that moment."""
    recording, timeline = shown.recording, shown.timeline
    chart = st.container()
    seconds = timeline.seconds
    index = 0
    if len(seconds) > 1:
        axis = "Picture" if recording.names else "Second"
        low, high, step = (1, len(seconds), 1) if recording.names else (0.0, float(seconds[-1]), recording.step)
        at = st.slider(axis, low, high, step=step, key=f"at_{hash(recording.key)}")
        index = int(np.abs(seconds - at).argmin())
    with chart:
        figure = timeline_figure(timeline_frame(timeline, faces), kind, recording.step, recording.unit)
        charts.show(mark(figure, float(seconds[index]), theme.ink()), "timeline")
    left, right = st.columns([3, 2])
    found = faces_at(timeline, recording.watched.crops, index, shown.decision.point)
    with left:
        picture = annotate(recording.look(index), found.values(), COLOURS, found)
        picture.thumbnail((LARGEST, LARGEST))
        name = recording.names[index] if recording.names else f"Second {seconds[index]:.1f}"
        words_of = ", ".join(f"face {number} {face.label or 'unsure'}" for number, face in found.items())
        st.image(picture, caption=f"{words.literal(name)}: {words_of or 'no face is seen'}", alt=f"{name}, faces boxed")
    with right:
        for number, face in ((number, face) for number, face in found.items() if number in faces):
            st.markdown(f"**Face {number}: {face.label or 'unsure'}**")
            seen = Image.fromarray(face.crop).resize((ENLARGED, ENLARGED), Image.Resampling.NEAREST)
            st.image(seen, alt=f"Face {number} as the network sees it")
            charts.show(probability_bars(face.probabilities), f"bars_{number}", height=220)


def _smoothed(recording: Recording, said: Timeline, model: SavedModel, decision: Decision) -> Shown:
    is_video = not recording.names
    saved = find_recurrent(model) if is_video else None
    options = [*([RECURRENT] if saved else ()), "Window", "Exponential", UNSMOOTHED]
    name = pickers.choice("Smoothing", options, "smoothing")
    if is_video and not saved and (others := [one.id for one in pickers.trained_models() if has_recurrent(one)]):
        st.caption(f"A recurrent network reads along with {', '.join(others)}, not with {model.id}.")
    read_by = f"{model.id}, smoothing {name.lower()}"
    if name == RECURRENT:
        st.caption(_scores(saved.record))
        if decision != PLAIN:
            st.info(SINGLE_FACES, icon=":material/tune:")
        return Shown(recording, cached.reader(model).read(recording.watched, said), PLAIN, read_by)
    if name == UNSMOOTHED:
        return Shown(recording, said, decision, read_by)
    low, high, first = (0.2, 10.0, 1.8) if is_video else (1.0, 20.0, 3.0)
    explained = (
        "The mean of what is seen within it."
        if name == "Window"
        else "After it, a frame counts half; it follows a change late."
    )
    width = st.slider(
        f"Width in {recording.unit}", low, high, first, low, key=f"width_{recording.unit}", help=explained
    )
    return Shown(recording, said.smoothed(name.lower(), width), decision, f"{read_by} of {width:g} {recording.unit}")


def _scores(record: dict) -> str:
    """How it did on sequences that nobody had seen, those where faces stay the shortest and the longest, in words."""
    first, *_, last = (
        "; ".join(
            f"{row['method']} {words.interval(row['macro_recall'], row['macro_recall_low'], row['macro_recall_high'])}"
            for row in table
        )
        for table in record["scores"].values()
    )
    return (
        "A recurrent network (GRU) reads each face forwards and backwards over the whole recording. Macro recall of a "
        f"frame on sequences composed of test faces, which are no film: {first}, where each frame shows another face; "
        f"where one face stays as long as its expression, as on a film: {last}."
    )


def _noun(shown: Shown) -> str:
    return "pictures" if shown.recording.names else "frames"
