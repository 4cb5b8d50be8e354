import io
import json

import numpy as np
import pandas as pd

from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.answers import WHOLE, Answered, answers_frame, answers_json
from fer_core.inference.detectors import Box
from fer_core.inference.predict import FaceResult
from fer_core.labels import MEANING

LABELS = {"a": ("Sad", "Happy"), "b": ("Negative", "Positive")}


def face(model: str, first: float) -> FaceResult:
    share = dict(zip(LABELS[model], (first, round(1 - first, 2)), strict=True))
    return FaceResult(Box(1, 2, 3, 4, 1.0), np.zeros((48, 48), np.uint8), share)


PICTURES = [
    Answered("10. z.png", {"a": [face("a", 0.9), face("a", 0.2)], "b": [face("b", 0.7), face("b", 0.1)]}),
    Answered("2. bad.png", error="expected a picture"),
    Answered("1. empty.png", {"a": [], "b": []}),
]

DECISIONS = {"a": PLAIN, "b": Decision(1.3)}


def test_csv_has_a_row_for_each_face_and_model():
    """In the order of the pictures, then of the faces; read back from the CSV, every row says what it means."""
    written = answers_frame(PICTURES, LABELS, DECISIONS).to_csv(index=False)
    frame = pd.read_csv(io.StringIO(written))
    assert frame["picture"].tolist() == ["10. z.png"] * 4 + ["2. bad.png", "1. empty.png"]
    assert frame["face"].tolist()[:4] == [1, 1, 2, 2]
    assert frame["model"].tolist()[:4] == ["a", "b", "a", "b"]
    assert frame["label"].tolist()[:4] == ["Sad", "Negative", "Happy", "Positive"]
    assert frame["p_Happy"].round(3).tolist()[:3:2] == [0.1, 0.8]
    assert frame["error"].tolist()[4:] == ["expected a picture", "no face found"]
    assert (frame["meaning"] == MEANING).all()
    calibrated = frame["rule"].str.startswith("Probabilities are calibrated: temperature 1.3.").tolist()
    assert calibrated[:4] == [False, True, False, True]


def test_a_picture_taken_for_a_face_is_told_from_one_with_a_face():
    """In both files: that the detector found none belongs to the answer."""
    whole = FaceResult(Box(0, 0, 80, 60, 0.0), np.zeros((48, 48), np.uint8), {"Sad": 0.9, "Happy": 0.1})
    pictures = [Answered("x", {"a": [whole]}), Answered("y", {"a": [face("a", 0.9)]})]
    assert answers_frame(pictures, {"a": LABELS["a"]}, DECISIONS)["error"].fillna("").tolist() == [WHOLE, ""]
    (first, second) = json.loads(answers_json(pictures, {"a": PLAIN}))["models"]["a"]["files"]
    assert (first["note"], "note" in second) == (WHOLE, False)


def test_an_unsure_face_is_called_so():
    """No label is not an empty cell, which could be taken for a fault."""
    labels = {"a": ("Sad", "Happy", "Neutral")}
    unsure = FaceResult(
        Box(1, 2, 3, 4, 1.0), np.zeros((48, 48), np.uint8), dict(zip(labels["a"], (0.3, 0.35, 0.35), strict=True))
    )
    assert answers_frame([Answered("x", {"a": [unsure]})], labels, DECISIONS)["label"].tolist() == ["unsure"]


def test_json_is_the_verbs_by_model():
    """`files` as the verb `predict` prints them, beside the meaning and the rule by which the model answers."""
    point = Decision(1.5, OperatingPoint(("Sad",), 0.2, 0.7))
    told = json.loads(answers_json(PICTURES, {"a": point, "b": PLAIN}))
    assert told["meaning"] == MEANING
    plain, pointed = (told["models"][model]["rule"] for model in ("b", "a"))
    assert plain.startswith("The label is the most probable expression; below a probability of 40 %")
    assert "temperature 1.5" in pointed
    assert "The answer is Sad where its probability is 20.0 % or more" in pointed
    assert "Otherwise the label is the most probable other expression" in pointed
    first, bad, empty = told["models"]["b"]["files"]
    assert first["faces"][0] == {
        "box": [1, 2, 3, 4],
        "probabilities": {"Negative": 0.7, "Positive": 0.3},
        "label": "Negative",
    }
    assert bad == {"path": "2. bad.png", "error": "expected a picture"}
    assert empty == {"path": "1. empty.png", "faces": []}
