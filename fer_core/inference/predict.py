"""Faces in a photo and the expressions they show."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fer_core.data.dataset import SIDE
from fer_core.errors import PhotoError
from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.inference.classifier import Classifier
from fer_core.inference.crop import crop_face, whole_box, whole_picture
from fer_core.inference.detectors import Box, Detector
from fer_core.inference.photo import SUFFIXES, read_photo

UNSURE = 0.4
"""A face whose most probable class is below this probability gets no label: the classifier abstains.

Not where an operating point calls its group: its threshold was fitted for a recall, which abstaining would lower again.
"""


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
        answer = self._answer()
        called = self.point is not None and answer in self.point.group
        return answer if called or self.probabilities[answer] >= UNSURE else None

    def _answer(self) -> str:
        if self.point is None:
            return self.most_probable
        labels, y_prob = tuple(self.probabilities), np.array([list(self.probabilities.values())])
        return labels[int(self.point.answers(y_prob, labels)[0])]

    def to_json(self) -> dict:
        """The keys of the `predict` verb for a face."""
        box = [self.box.x, self.box.y, self.box.w, self.box.h]
        return {"box": box, "probabilities": self.probabilities, "label": self.label}


@dataclass(frozen=True, eq=False)
class PhotoResult:
    """The decoded photo, uint8 `(h, w, 3)`, and its faces from left to right; there may be none."""

    photo: np.ndarray
    faces: tuple[FaceResult, ...]


def classify_photo(
    data: bytes, classifier: Classifier, detector: Detector, *, whole: bool = False, decision: Decision = PLAIN
) -> PhotoResult:
    """Find the faces in an encoded picture and classify each; raises `PhotoError` where it can't be read.

    `decision`, which may be saved with the model, makes answers of what the classifier says.
    With `whole`, all of the picture is one face; so is a picture of 48 × 48, which already is what a network sees.
    """
    photo = read_photo(data)
    if whole or photo.shape[:2] == (SIDE, SIDE):
        return PhotoResult(photo, _classify([whole_box(photo)], [whole_picture(photo)], classifier, decision))
    boxes = detector.find(photo)
    return PhotoResult(photo, _classify(boxes, [crop_face(photo, box) for box in boxes], classifier, decision))


def classify_files(
    paths: Iterable[Path],
    classifier: Classifier,
    detector: Detector,
    *,
    whole: bool = False,
    decision: Decision = PLAIN,
) -> Iterator[dict]:
    """Classify files, and the pictures anywhere in folders, in order of name.

    Yields the rows of the `predict` verb: `{path, faces}`, or `{path, error}` for a picture that can't be used.
    """
    for path in _pictures(paths):
        try:
            result = classify_photo(path.read_bytes(), classifier, detector, whole=whole, decision=decision)
        except PhotoError as error:
            yield {"path": str(path), "error": str(error)}
        except OSError as error:
            yield {"path": str(path), "error": f"expected a readable picture, found: {error.strerror}"}
        else:
            yield {"path": str(path), "faces": [face.to_json() for face in result.faces]}


def annotate(photo: np.ndarray, faces: Iterable[FaceResult], colours: Mapping[str, str]) -> Image.Image:
    """A copy of `photo`, uint8 `(h, w, 3)`, with the faces boxed and numbered from 1, in the colour of their label.

    `colours` maps class name → "#rrggbb"; a face without a label, or a label without a colour, is white.
    """
    picture = Image.fromarray(photo)
    draw = ImageDraw.Draw(picture)
    line = max(1, round(max(picture.size) / 250))
    font = ImageFont.load_default(8 * line)
    for number, face in enumerate(faces, 1):
        box, colour = face.box, colours.get(face.label or "", "white")
        draw.rectangle((box.x, box.y, box.x + box.w - 1, box.y + box.h - 1), outline=colour, width=line)
        tile = draw.textbbox((box.x + 2 * line, box.y + line), str(number), font)
        draw.rectangle(
            (box.x, box.y, tile[2] + 2 * line, tile[3] + 2 * line), fill="#222222", outline=colour, width=line
        )
        draw.text((box.x + 2 * line, box.y + line), str(number), "white", font)
    return picture


def _classify(
    boxes: list[Box], crops: list[np.ndarray], classifier: Classifier, decision: Decision
) -> tuple[FaceResult, ...]:
    images = np.array(crops, np.uint8).reshape(-1, SIDE, SIDE)  # (0, 48, 48) where there is no face
    rows = decision.probabilities(classifier.probabilities(images)).tolist()
    return tuple(
        FaceResult(box, crop, dict(zip(classifier.labels, row, strict=True)), decision.point)
        for box, crop, row in zip(boxes, crops, rows, strict=True)
    )


def _pictures(paths: Iterable[Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
        else:
            yield path
