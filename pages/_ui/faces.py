"""Faces on a page: single ones with words below, many as a wall."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from fer_core.data import FaceDataset
from fer_core.labels import EMOTIONS
from pages._ui import theme

SINGLE = 24
"""Up to so many faces are pictures of their own, each with its words; more of them would take the browser seconds."""
SIZE = 96
"""Height and width of a single face, in pixels."""
ACROSS = 4
"""Faces side by side in one picture of a wall: it fits a phone, and several pictures fit a wide screen."""
WORDS = 20
"""Height of the words below a face in a wall, in pixels."""


def face(image: np.ndarray, caption: str | None, alt: str, size: int = SIZE) -> None:
    """One face, uint8 `(48, 48)`, `size` pixels wide."""
    st.image(_enlarged(image, size), caption, width=size, alt=alt)


def row_of_faces(dataset: FaceDataset, rows: np.ndarray, captions: Sequence[str] | None = None) -> None:
    """Faces of `dataset` side by side, with `captions` or what `describe` says of them."""
    with st.container(horizontal=True, gap="small"):
        for row, caption in zip(rows, captions or [describe(dataset, row) for row in rows], strict=True):
            face(dataset.images[row], caption, f"Face labelled {EMOTIONS[dataset.emotion[row]]}, row {row}")


def wall(dataset: FaceDataset, rows: np.ndarray, captions: Sequence[str] | None = None) -> None:
    """Any number of faces: `row_of_faces` up to `SINGLE`, above it pictures of so many faces over their row numbers."""
    if len(rows) <= SINGLE:
        row_of_faces(dataset, rows, captions)
        return
    with st.container(horizontal=True, gap="small"):
        for start in range(0, len(rows), SINGLE):
            some = rows[start : start + SINGLE]
            names = [str(row) for row in some]
            alt = f"{len(some)} faces: rows {', '.join(names)}"
            st.image(compose(dataset.images[some], names, theme.ink()), width=ACROSS * SIZE, alt=alt)


def compose(images: np.ndarray, names: Sequence[str], ink: str) -> Image.Image:
    """One transparent picture of faces, uint8 `(n, 48, 48)`, `ACROSS` side by side, each over its name in `ink`."""
    down = -(-len(images) // ACROSS)
    picture = Image.new("RGBA", (ACROSS * SIZE, down * (SIZE + WORDS)))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    for index, (image, name) in enumerate(zip(images, names, strict=True)):
        x, y = index % ACROSS * SIZE, index // ACROSS * (SIZE + WORDS)
        picture.paste(_enlarged(image, SIZE - 4), (x + 2, y))
        draw.text((x + SIZE / 2, y + SIZE + WORDS / 2 - 4), name, ink, font, anchor="mm")
    return picture


def describe(dataset: FaceDataset, row: int) -> str:
    """Label, Usage and row, for below a face."""
    return f"{EMOTIONS[dataset.emotion[row]]}  \n{dataset.usage[row]}  \n{row}"


def _enlarged(image: np.ndarray, size: int) -> Image.Image:
    return Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
