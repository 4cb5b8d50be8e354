"""Edits of the dataset's draft, beside the faces that they are of: any tab of Audit offers them."""

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.draft import Command, Draft
from fer_core.data.versions import by_emotion
from fer_core.errors import VersionError
from fer_core.labels import EMOTIONS, SPLITS
from pages._ui import cached, errors, faces, words

OWN = "the dataset's own labels"
"""Stands for no version, wherever one can be chosen."""


def offer_undo(dataset: FaceDataset) -> None:
    """What was edited last, and the way back; nothing where nothing is edited since the last saving."""
    draft = cached.draft(dataset)
    if draft.commands:
        st.button(
            f"Undo: {told(draft.commands[-1])}",
            "undo",
            icon=":material/undo:",
            on_click=attempt,
            args=("Undone", lambda: copy(draft).undo(), "undo"),
        )
    errors.say_kept("undo")


def told(command: Command) -> str:
    """`12 faces labelled Sad`, `3 faces left out`."""
    n = words.faces(len(command.rows))
    return {
        "relabel": lambda: f"{n} labelled {', '.join(by_emotion(command.labels))}",
        "exclude": lambda: f"{n} left out",
        "restore": lambda: f"{n} brought back",
        "continue": lambda: f"continued from {command.base or OWN}",
    }[command.do]()


def edit(dataset: FaceDataset, rows: Sequence[int] | np.ndarray, key: str, why: str) -> None:
    """Buttons that relabel the faces at `rows`, leave them out, or bring them back; `why` is kept with the edit."""
    draft = cached.draft(dataset)
    rows = np.asarray(rows, np.int64)
    said = words.faces(len(rows))
    with st.container(horizontal=True, gap="small"):
        st.menu_button(
            "Relabel as…",
            EMOTIONS,
            key=f"relabel-{key}",
            icon=":material/label:",
            help=said,
            disabled=not len(rows),
            on_click=_relabel,
            args=(draft, rows, f"relabel-{key}", why),
        )
        leave_out(dataset, rows, key, "Leave out", why)
        st.button(
            "Bring back",
            f"restore-{key}",
            icon=":material/undo:",
            help=f"{said}, with the labels that the dataset has",
            disabled={*draft.labels, *draft.excluded}.isdisjoint(rows.tolist()),
            on_click=edit_draft,
            args=(f"{said} as in the dataset again", lambda: copy(draft).restore(rows), f"relabel-{key}"),
        )
    errors.say_kept(f"relabel-{key}")
    if held_out := int((dataset.usage[rows] != SPLITS["train"]).sum()):
        st.caption(f"{held_out:,} of them are no Training faces: what is changed of these changes scores only.")


def leave_out(dataset: FaceDataset, rows: np.ndarray, key: str, label: str, why: str) -> None:
    """One button that leaves the faces at `rows` out, without the way back that `edit` has."""
    draft = cached.draft(dataset)
    said = words.faces(len(rows))
    st.button(
        label,
        f"exclude-{key}",
        icon=":material/visibility_off:",
        help=said,
        disabled=not len(rows),
        on_click=edit_draft,
        args=(f"{said} left out", lambda: copy(draft).exclude(rows, why), f"exclude-{key}"),
    )
    errors.say_kept(f"exclude-{key}")


def captions(dataset: FaceDataset, rows: Sequence[int] | np.ndarray, draft: Draft) -> list[str]:
    """`faces.describe` of each, with what the draft makes of it."""
    said = said_by(draft, rows)
    return ["  \n".join([faces.describe(dataset, row), *lines]) for row, lines in zip(rows, said, strict=True)]


def said_by(draft: Draft, rows: Sequence[int] | np.ndarray) -> list[list[str]]:
    """What the draft makes of each: lines, none where it leaves it as it is."""
    labels, excluded = draft.labels, set(draft.excluded)
    return [
        [*([f"now {EMOTIONS[labels[row]]}"] if row in labels else []), *(["left out"] if row in excluded else [])]
        for row in np.asarray(rows).tolist()
    ]


def attempt(said: str, do: Callable[[], object], key: str) -> None:
    """For `on_click`: do it and say what was done, or keep the reason why not for `errors.say_kept`."""
    try:
        do()
    except VersionError as error:
        errors.keep(key, error)
    else:
        st.toast(f"{said}.", icon=":material/check:")


def edit_draft(said: str, do: Callable[[], object], key: str) -> None:
    """`attempt` an edit, away from the view that shows what it adds to."""
    attempt(f"{said}. Undo stands above, the draft in the view Versions", do, key)


def _relabel(draft: Draft, rows: np.ndarray, key: str, why: str) -> None:
    emotion = st.session_state[key]
    code = EMOTIONS.index(emotion)
    edit_draft(f"{len(rows):,} labelled {emotion}", lambda: copy(draft).relabel(rows, code, why), key)
