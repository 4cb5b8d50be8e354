"""Faces as pictures."""

import numpy as np
import pytest
from PIL import ImageFont

from pages._ui import pictures


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


@pytest.mark.parametrize("words", ["1", "votes Surprise 10", "Neutral → Surprise and more"])
def test_words_are_no_wider_than_their_face(words):
    """A long caption is written smaller, so that it doesn't run into its neighbour's."""
    size = pictures.font_size([f"12  \n{words}"])
    assert ImageFont.load_default(size).getlength(words) <= pictures.SIZE
