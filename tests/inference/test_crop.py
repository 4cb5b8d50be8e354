import numpy as np
import pytest

from fer_core.inference.crop import FRAMING, crop_face, whole_box, whole_picture
from fer_core.inference.detectors import Box


def grey(image: np.ndarray) -> np.ndarray:
    return np.repeat(image[..., None], 3, axis=2)


@pytest.fixture
def face() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)


def test_a_grey_picture_of_48_pixels_comes_back_bit_by_bit(face):
    """What already is a network's input isn't touched."""
    assert (whole_picture(grey(face)) == face).all()


def test_a_face_is_the_same_wherever_it_lies(face):
    """A 48 × 48 face in a large photo, boxed so that the crop is 48 wide, is that face bit by bit."""
    photo = np.zeros((300, 400, 3), np.uint8)
    photo[100:148, 200:248] = grey(face)
    side = round(48 / FRAMING)
    margin = (side - 48) // 2
    crop = crop_face(photo, Box(200 - margin, 100 - margin, side, side, 1.0))
    assert crop.dtype == np.uint8
    assert (crop == face).all()


def test_the_crop_is_centred_on_the_box():
    """A bright disc's box, tall or wide, gives a crop that is symmetric both ways."""
    y, x = np.indices((200, 200))
    photo = grey(np.where((x - 99.5) ** 2 + (y - 79.5) ** 2 < 900, 220, 40).astype(np.uint8))
    for box in (Box(60, 30, 80, 100, 1.0), Box(50, 40, 100, 80, 1.0)):
        crop = crop_face(photo, box).astype(int)
        assert np.abs(crop - crop[::-1]).max() <= 3
        assert np.abs(crop - crop[:, ::-1]).max() <= 3
        assert crop[24, 24] > 200 > 60 > crop[0, 0]


def test_past_the_picture_its_edge_is_repeated():
    """A face at the corner is filled up with the corner's values and nothing dark."""
    photo = np.full((60, 60, 3), 200, np.uint8)
    assert (crop_face(photo, Box(0, 0, 30, 60, 1.0)) == 200).all()


def test_a_large_face_is_averaged_not_sampled():
    """A fine chequered pattern of 480 pixels becomes its mean grey."""
    chequered = (np.indices((480, 480)).sum(0) % 2 * 255).astype(np.uint8)
    assert np.abs(whole_picture(grey(chequered)).astype(int) - 127).max() <= 3


def test_a_wide_picture_is_kept_whole():
    """Left and right halves of a 96 × 48 picture are both in the square, none is cut off or squeezed."""
    wide = np.zeros((48, 96), np.uint8)
    wide[:, 48:] = 255
    square = whole_picture(grey(wide))
    assert (square[:, :20] == 0).all()
    assert (square[:, 28:] == 255).all()


def test_box_of_the_whole_picture_and_of_a_single_pixel():
    """The extremes of a box give a crop and no error."""
    photo = np.full((20, 30, 3), 7, np.uint8)
    assert whole_box(photo) == Box(0, 0, 30, 20, 1.0)
    assert (crop_face(photo, Box(5, 5, 1, 1, 1.0)) == 7).all()
