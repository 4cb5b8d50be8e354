"""The small form in which the user says which expression each class name of a dataset means."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from fer_core.data.class_names import ClassNamesError, Mapped, proposed, save_names
from fer_core.labels import EMOTIONS

LEAVE_OUT = "leave out"


def ask(error: ClassNamesError) -> None:
    """The form of a dataset that cannot be opened before its names are told."""
    st.info(
        f"**{error.path.name}** has classes that FER2013 doesn't have. Say which expression each of them is; what its "
        "name is like is proposed. Faces of the others are left out and counted. The answer is kept, and can be "
        "changed beside the notes on the data.",
        icon=":material/label:",
    )
    _form(error.path, {f"{name} ({n:,})": (name, proposed(name)) for name, n in error.counts.items()})


def offer(path: Path, mapped: Mapped) -> None:
    """The same for names that were told before."""
    with st.popover("Class names", icon=":material/label:"):
        _form(path, {name: (name, emotion) for name, emotion in mapped.items()})


def _form(path: Path, asked: Mapping[str, tuple[str, str | None]]) -> None:
    """A box each for the names in `asked`, label → name and what it means at first."""
    options = (LEAVE_OUT, *EMOTIONS)
    with st.form("class_names"):
        chosen = {
            name: st.selectbox(label, options, options.index(emotion or LEAVE_OUT), key=f"class-{path}-{name}")
            for label, (name, emotion) in asked.items()
        }
        if st.form_submit_button("Read the faces with these names", type="primary"):
            save_names(path, {name: None if word == LEAVE_OUT else word for name, word in chosen.items()})
            st.rerun()
