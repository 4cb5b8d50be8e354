"""The vocabulary: FER's emotions, its splits, the class schemes, one colour per emotion.

An *emotion code* is FER's own number, 0 to 6, the position in `EMOTIONS`. A *class* is an emotion or a
group of emotions that a network tells apart; a `ClassScheme` maps codes to classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

T = TypeVar("T")

EMOTIONS = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
USAGES = ("Training", "PublicTest", "PrivateTest")
SPLITS = {"train": "Training", "validation": "PrivateTest", "test": "PublicTest"}
"""Split name → FER's Usage, as the study assigned them."""

OUT = -1
"""Stands for the emotion code of a face that is left out."""

VOTES = ("Neutral", "Happy", "Surprise", "Sad", "Angry", "Disgust", "Fear", "Contempt", "Unknown", "Not a face")
"""What FER+'s ten annotators could choose, in the order of the columns of its CSV."""

COLOURS = {
    "Angry": "#D55E00",
    "Disgust": "#8C6D31",
    "Fear": "#7B5EA7",
    "Happy": "#E69F00",
    "Sad": "#0072B2",
    "Surprise": "#CC79A7",
    "Neutral": "#7F7F7F",
    "Negative": "#0072B2",
    "Positive": "#E69F00",
}
"""One constant colour per class name, after Okabe & Ito's colour-blind palette (jfly.uni-koeln.de/color)."""
GREY = "#8A8A8A"
"""Of lines and points that belong to no class; to be seen on light and on dark."""


MEANING = (
    "A label names the expression in one picture, in the word that people searching the web for pictures used; it "
    "doesn't tell what a person feels, says nothing about health, and is no ground for a decision about anyone."
)
"""What a label that a network gives is and is not; stands beside every answer, and in every export."""


@dataclass(frozen=True)
class ClassScheme:
    """Which emotions are classes, in which order.

    `groups[k]` holds the emotion codes of class `k`, called `labels[k]`. A code in no group is left out.
    """

    name: str
    labels: tuple[str, ...]
    groups: tuple[tuple[int, ...], ...]

    def classes(self, emotion: np.ndarray) -> np.ndarray:
        """Map emotion codes, int8 of shape `(n,)`, to classes, int8 of shape `(n,)`; -1 where left out."""
        table = np.full(len(EMOTIONS), -1, np.int8)
        for index, codes in enumerate(self.groups):
            table[list(codes)] = index
        return table[emotion]

    def __len__(self) -> int:
        return len(self.labels)


def _of_emotions(name: str, *labels: str) -> ClassScheme:
    return ClassScheme(name, labels, tuple((EMOTIONS.index(label),) for label in labels))


SCHEMES = {
    scheme.name: scheme
    for scheme in (
        _of_emotions("study", "Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral"),
        _of_emotions("all", *EMOTIONS),
        _of_emotions("negative", "Angry", "Fear", "Sad"),
        _of_emotions("positive", "Happy", "Surprise", "Neutral"),
        ClassScheme("valence", ("Negative", "Positive"), ((0, 2, 4), (3, 5, 6))),
    )
}


def choose(kind: str, name: str, known: Mapping[str, T]) -> T:
    """Look `name` up; an unknown one raises `ValueError` that lists the known ones."""
    try:
        return known[name]
    except KeyError:
        raise ValueError(f"unknown {kind} {name!r}: expected one of {', '.join(known)}") from None


def known_classes() -> str:
    """The classes of all schemes in words, for who brought others."""
    return "; ".join(", ".join(scheme.labels) for scheme in SCHEMES.values())


def get_scheme(name: str) -> ClassScheme:
    """The class scheme called `name`; `ValueError` lists the known ones."""
    return choose("scheme", name, SCHEMES)
