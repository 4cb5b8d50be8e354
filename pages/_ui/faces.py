"""Faces on a page: single ones with words below, many as a wall, in pages, and as a table."""

from collections.abc import Sequence
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.labels import EMOTIONS
from pages._ui import cached, pictures, theme, words
from pages._ui.pictures import ACROSS, SIZE

SINGLE = 24
"""Up to so many faces are pictures of their own, each with its words; more of them would take the browser seconds."""
EACH_PAGE = 48
"""Faces on one of several pages."""
PAGE = "faces_page"
"""The key of the page of faces, or of groups of them, that is open."""


def face(image: np.ndarray, caption: str | None, alt: str, size: int = SIZE) -> None:
    """One face, uint8 `(48, 48)`, `size` pixels wide."""
    st.image(pictures.enlarged(image, size), caption, width=size, alt=alt)


def row_of_faces(dataset: FaceDataset, rows: np.ndarray, captions: Sequence[str]) -> None:
    """Faces of `dataset` side by side, with `captions`."""
    with st.container(horizontal=True, gap="small"):
        for row, caption in zip(rows, captions, strict=True):
            face(dataset.images[row], caption, f"Face labelled {EMOTIONS[dataset.emotion[row]]}, row {row}")


def wall(
    dataset: FaceDataset, rows: np.ndarray, captions: Sequence[str] | None = None, copied: np.ndarray | None = None
) -> None:
    """Any number of faces: `row_of_faces` up to `SINGLE`, above it pictures of `ACROSS` faces over their captions.

    Lines of a caption are parted by two spaces and a newline. Those marked in `copied`, bool `(n,)`, get a badge.
    """
    captions = list(captions) if captions else [describe(dataset, row) for row in rows]
    copied = np.zeros(len(rows), bool) if copied is None else copied
    if len(rows) <= SINGLE:
        badges = ["  \n:orange-badge[copy]" if has else "" for has in copied]
        row_of_faces(dataset, rows, [caption + badge for caption, badge in zip(captions, badges, strict=True)])
        return
    ink, size = theme.ink(), pictures.font_size(captions)
    with st.container(horizontal=True, gap="small"):
        for start in range(0, len(rows), ACROSS):  # a line each, so that they read in their order on any width
            some = slice(start, start + ACROSS)
            marked = [f"{row}{', a copy' if has else ''}" for row, has in zip(rows[some], copied[some], strict=True)]
            picture = cached.wall_picture(dataset.images[rows[some]], captions[some], ink, copied[some], size)
            st.image(picture, width=ACROSS * SIZE, alt=f"{len(marked)} faces: rows {'; '.join(marked)}")


def page_of(n: int) -> slice:
    """Which of `n` faces to show: all, or the `EACH_PAGE` of a page that the reader turns to."""
    shown = turned(n, EACH_PAGE, PAGE, bind="query-params")
    if n > EACH_PAGE:
        st.caption(f"Faces {shown.start + 1:,} to {min(shown.stop, n):,} of {n:,}.")
    return shown


def turned(n: int, each: int, key: str, **kwargs) -> slice:
    """Which of `n` things to show, `each` on a page, where there are several pages that the reader turns."""
    pages = -(-n // each)
    first = each * (st.pagination(pages, key=key, **kwargs) - 1) if pages > 1 else 0
    return slice(first, first + each)


def first_page() -> None:
    """Back to the first page: other faces are chosen."""
    st.session_state[PAGE] = 1


def table(frame: pd.DataFrame, dataset: FaceDataset | None, alt: str, key: str = "faces_table", **kwargs):
    """A table that the keyboard can walk through, a face a row of `frame`, whose columns are shown as they are.

    Its column `Row` tells which faces these are; they stand in front where there is a `dataset`, each with a link to
    all that Explore knows of it. Columns of fractions are shares. `kwargs`, and what is returned, are those of
    `st.dataframe`.
    """
    fractions = frame.select_dtypes("floating")
    frame = frame.assign(**100 * fractions)
    shares = {name: st.column_config.NumberColumn(format=words.PERCENT) for name in fractions}
    if dataset is not None:
        rows = frame["Row"].to_numpy()
        in_front = {"Face": cached.data_urls(dataset.images[rows]), "Explore": [_in_explore(row) for row in rows]}
        frame = pd.concat([pd.DataFrame(in_front, frame.index), frame], axis=1)
    config = shares | {
        "Face": st.column_config.ImageColumn(width="small"),
        "Explore": st.column_config.LinkColumn(width="small", display_text="Open", help="Opens this face in Explore."),
    }
    return st.dataframe(frame, hide_index=True, row_height=56, column_config=config, key=key, alt=alt, **kwargs)


def describe(dataset: FaceDataset, row: int) -> str:
    """Label, Usage and row, for below a face."""
    return f"{EMOTIONS[dataset.emotion[row]]}  \n{dataset.usage[row]}  \n{row}"


def _in_explore(row: int) -> str:
    """Where Explore shows this face of the dataset that is chosen here."""
    here = {"source": source} if (source := st.query_params.get("source")) else {}
    return f"explore?{urlencode({'view': 'One face', 'row': row} | here)}"
