"""Faces in a photo and the expressions they show."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.evaluation.decision import Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.classifier import Classifier
from fer_core.inference.crop import crop_face, whole_box, whole_picture
from fer_core.inference.detectors import Box, Detector

UNSURE = 0.4
"""A face whose most probable class is below this probability gets no label: the classifier abstains.

Not where an operating point calls its group: its threshold was fitted for a recall, which abstaining would lower again.
"""
UNSURE_LABEL = "unsure"
"""What stands where a label would."""


def rule(decision: Decision) -> str:
    """How an answer comes about, in words."""
    share = f"{100 * UNSURE:.0f} %"
    most = "Otherwise the label is the most probable other" if decision.point else "The label is the most probable"
    return " ".join([*decision.sentences, f"{most} expression; below a probability of {share} there is none: unsure."])


@dataclass(frozen=True, eq=False)
class FaceResult:
    """One face: where it is, uint8 `(48, 48)` as the network saw it, class name → probability in [0, 1].

    `point` is the operating point that decides; without one the most probable class is the answer.
    """

    box: Box
    crop: np.ndarray
    probabilities: dict[str, float]
    point: OperatingPoint | None = None

    @property
    def most_probable(self) -> str:
        """The most probable class, the first of equals."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def label(self) -> str | None:
        """The answer; None where it is outside of the point's group and its probability is below `UNSURE`."""
        labels, y_prob = tuple(self.probabilities), np.array([[*self.probabilities.values()]])
        (chosen,), (sure,) = decide(y_prob, labels, self.point)
        return labels[chosen] if sure else None

    def to_json(self) -> dict:
        """The keys of the `predict` verb for a face."""
        box = [self.box.x, self.box.y, self.box.w, self.box.h]
        return {"box": box, "probabilities": self.probabilities, "label": self.label}


def find_faces(photo: np.ndarray, detector: Detector) -> tuple[list[Box], np.ndarray]:
    """Where the faces of `photo`, uint8 `(h, w, 3)`, are, and each as the network sees it: uint8 `(n, 48, 48)`.

    A photo of 48 × 48 is a face, which already is what a network sees.
    """
    if photo.shape[:2] == (SIDE, SIDE):
        return [whole_box(photo)], whole_picture(photo)[None]
    boxes = detector.find(photo)
    crops = [crop_face(photo, box) for box in boxes]
    return boxes, np.array(crops, np.uint8).reshape(-1, SIDE, SIDE)  # (0, 48, 48) where there is no face


def classify_crops(
    boxes: Sequence[Box], crops: np.ndarray, classifier: Classifier, decision: Decision
) -> tuple[FaceResult, ...]:
    """What the faces in `crops`, uint8 `(n, 48, 48)`, show; `boxes` tells where each is."""
    rows = decision.probabilities(classifier.probabilities(crops)).tolist()
    return tuple(
        FaceResult(box, crop, dict(zip(classifier.labels, row, strict=True)), decision.point)
        for box, crop, row in zip(boxes, crops, rows, strict=True)
    )


def decide(
    y_prob: np.ndarray, labels: Sequence[str], point: OperatingPoint | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The answers to faces with the probabilities `y_prob`, `(n, k)`, by the rule of `FaceResult`; and which are sure.

    int64 `(n,)`, index into `labels`, and bool `(n,)`: where it isn't sure there is no label.
    """
    chosen = point.answers(y_prob, labels) if point else y_prob.argmax(axis=1)
    sure = y_prob[np.arange(len(y_prob)), chosen] >= UNSURE
    called = np.isin(np.array(labels)[chosen], point.group) if point else False
    return chosen, sure | called
