"""Heat laid over a face: colours, the line around the warm part, sizes."""

import numpy as np
import pytest

from fer_core.inference.overlay import beside, colours, overlay

FACE = np.full((48, 48), 100, np.uint8)


def lightness(colour) -> float:
    return float(np.dot(colour, [0.2126, 0.7152, 0.0722]))


def test_colours_grow_lighter():
    """Warmer is lighter, so that nobody needs to tell hues apart."""
    found = [lightness(colour) for colour in colours(np.linspace(0, 1, 20))]
    assert (np.diff(found) > 0).all()


def test_a_warm_corner_is_yellow_and_outlined():
    """The corner is lighter than the rest, and a white line parts them."""
    heat = np.zeros((48, 48), np.float32)
    heat[:16, :16] = 1
    picture = np.asarray(overlay(FACE, heat, 48)).astype(int)
    assert picture.shape == (48, 48, 3)
    assert picture[5, 5, 2] < picture[5, 5, 0] > picture[40, 40, 0]  # yellow
    assert (picture[5, 15] == 255).all()
    assert not (picture[5, 5] == 255).all()


def test_no_heat_has_no_line():
    """A face in which nothing speaks for the class is dark blue all over."""
    picture = np.asarray(overlay(FACE, np.zeros((48, 48), np.float32), 96))
    assert (picture == picture[0, 0]).all()


def test_the_face_stands_beside():
    """Left the face as it is, right the overlay."""
    picture = np.asarray(beside(FACE, np.ones((48, 48), np.float32), 96))
    assert picture.shape == (96, 192, 3)
    assert (picture[:, :96] == 100).all()
    assert picture[10, 150, 0] > 100
    assert pytest.approx(lightness(picture[10, 150]), abs=60) == lightness(colours(np.array(1.0)))
