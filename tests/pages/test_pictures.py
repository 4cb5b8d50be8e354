"""Faces as pictures."""

import numpy as np
import pandas as pd
import pytest
from PIL import ImageFont

from fer_core.data.draft import Draft
from fer_core.labels import EMOTIONS
from pages._ui import audit_edit, audit_labels, pictures


def test_a_wall_holds_every_face():
    """Five faces, four across: each is where it belongs, as bright as it is; the rest is transparent."""
    images = np.repeat(np.array([10, 60, 110, 160, 210], np.uint8), 48 * 48).reshape(5, 48, 48)
    captions = ["1  \nHappy 93%"] * 5
    picture = np.array(pictures.compose(images, captions, "#1C2830", np.zeros(5, bool), 13))
    down = picture.shape[0] // 2
    for index, image in enumerate(images):
        y, x = index // 4 * down + pictures.SIZE // 2, index % 4 * pictures.SIZE + pictures.SIZE // 2
        assert picture[y, x].tolist() == [image[0, 0], 255]
    assert not picture[down:, pictures.SIZE :, 1].any()


def test_the_badge_is_on_the_copies_only():
    """A marked face differs from the same face unmarked, in its upper left corner."""
    images = np.full((2, 48, 48), 128, np.uint8)
    marked = np.array([True, False])
    picture = np.array(pictures.compose(images, ["1", "2"], "#1C2830", marked, 13))
    first, second = (
        picture[: pictures.SIZE - 4, : pictures.SIZE, 0],
        picture[: pictures.SIZE - 4, pictures.SIZE : 2 * pictures.SIZE, 0],
    )
    differs = np.argwhere(first != second)
    assert len(differs)
    assert (differs < [18, 41]).all()


def test_what_is_said_of_an_edited_face_can_be_drawn(faces):
    """Pillow's own font lacks some characters, an arrow among them, and draws a box for each."""
    draft, row = Draft(faces), 5
    draft.relabel([row], (faces.emotion[row] + 1) % 7)
    draft.exclude([row])
    label = {"row": [row], "label": ["Sad"], "p_label": [0.1], "suggested": ["Fear"], "p_suggested": [0.9]}
    said = audit_edit.captions(faces, [row], draft) + audit_labels.captions(faces, pd.DataFrame(label), draft)
    font = ImageFont.load_default(13)
    missing = bytes(font.getmask("\uffff"))
    assert [letter for letter in set("".join("".join(said).split())) if bytes(font.getmask(letter)) == missing] == []
    assert said[0].endswith(f"5  \nnow {EMOTIONS[draft.labels[row]]}  \nleft out")


@pytest.mark.parametrize("words", ["1", "votes Surprise 10", "Neutral → Surprise and more"])
def test_words_are_no_wider_than_their_face(words):
    """A long caption is written smaller, so that it doesn't run into its neighbour's."""
    size = pictures.font_size([f"12  \n{words}"])
    assert ImageFont.load_default(size).getlength(words) <= pictures.SIZE
