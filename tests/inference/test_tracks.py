"""Faces followed from frame to frame, by boxes small enough to check by hand."""

import numpy as np
import pytest

from fer_core.inference.detectors import Box
from fer_core.inference.tracks import Tracks, overlap


def box(x: float, y: float = 0, side: float = 10) -> Box:
    return Box(round(x), round(y), round(side), round(side), 1.0)


def test_two_people_are_two_lines():
    """Each keeps its number while both move, whatever order they are found in."""
    tracks = Tracks()
    assert tracks.follow(0, [box(0), box(50)]) == [1, 2]
    assert tracks.follow(0.2, [box(52, 3), box(3, 1)]) == [2, 1]
    assert tracks.follow(0.4, [box(6, 2), box(55, 6)]) == [1, 2]


def test_a_face_keeps_its_number_over_a_gap():
    """Out of sight for two seconds it is the same, for longer it is a new one."""
    tracks = Tracks(patience=2)
    assert tracks.follow(0, [box(0)]) == [1]
    assert tracks.follow(1, []) == []
    assert tracks.follow(2, [box(1)]) == [1]
    assert tracks.follow(4.1, [box(1)]) == [2]


def test_a_far_or_much_larger_box_is_another_face():
    """More than a face's width away, or more than twice its size."""
    tracks = Tracks()
    tracks.follow(0, [box(0)])
    assert tracks.follow(0.2, [box(11)]) == [2]
    assert tracks.follow(0.4, [box(8, -3, 25)]) == [3]


def test_the_nearer_pairs_win_together():
    """A newcomer beside someone who moved: the sum of the distances decides, not who is looked at first."""
    tracks = Tracks()
    assert tracks.follow(0, [box(0), box(8)]) == [1, 2]
    assert tracks.follow(0.2, [box(6), box(14)]) == [1, 2]


def test_pictures_in_order_have_no_reach():
    """The one face of each picture is the same, wherever it is and however large, also after pictures without one."""
    tracks = Tracks(patience=np.inf, reach=np.inf)
    assert tracks.follow(0, [box(0)]) == [1]
    assert tracks.follow(9, [box(500, 300, 40)]) == [1]
    assert tracks.follow(10, [box(400, 300, 40), box(0)]) == [1, 2]


@pytest.mark.parametrize(("other", "expected"), [(box(0), 1), (box(5), 1 / 3), (box(10), 0), (box(2, 2, 5), 1 / 4)])
def test_overlap(other, expected):
    """Intersection over union of a square of 10 with itself, half a side off, beside it, and one inside."""
    assert overlap(box(0), other) == pytest.approx(expected)


def test_of_two_near_faces_the_one_of_that_size_is_the_same():
    """The larger one is a little nearer."""
    tracks = Tracks()
    assert tracks.follow(0, [box(0), box(7, -4, 18)]) == [1, 2]
    assert tracks.follow(0.2, [box(5)]) == [1]


def test_two_seconds_are_what_a_face_may_be_away_by_default():
    tracks = Tracks()
    assert [tracks.follow(at, [box(0)]) for at in (0, 2, 4.1)] == [[1], [1], [2]]
