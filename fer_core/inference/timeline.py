"""Expressions over time: faces followed through frames, and what a network says of each at each moment.

Both classes hold one entry a frame and face seen in it, `m` in all, in order of time:

| array | shape | dtype | values |
|---|---|---|---|
| `seconds` | `(t,)` | float64 | when each of the frames is, ascending; of pictures in order, their number from 1 |
| `frame` | `(m,)` | int64 | which frame, from 0 |
| `face` | `(m,)` | int64 | which face, from 1 |
| `boxes` | `(m, 4)` | int64 | x, y, w, h in pixels of the frame |

A moment at which a face isn't seen has no entry, so nothing can be said of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from fer_core.data.dataset import SIDE
from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.evaluation.operating import OperatingPoint
from fer_core.evaluation.smoothing import SMOOTHINGS
from fer_core.inference.detectors import Box, Detector
from fer_core.inference.predict import UNSURE_LABEL, FaceResult, decide, find_faces
from fer_core.inference.tracks import Tracks
from fer_core.inference.video import Frame
from fer_core.labels import MEANING, choose

PLACES = ("x", "y", "w", "h")


class Eyes(Protocol):
    """What tells expressions from faces, as `Classifier` does."""

    labels: tuple[str, ...]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Of faces, uint8 `(m, 48, 48)`: `(m, k)`."""


@dataclass(frozen=True, eq=False)
class Watched:
    """The faces of all frames, as the network sees them: `crops` uint8 `(m, 48, 48)`; see the module's table."""

    seconds: np.ndarray
    frame: np.ndarray
    face: np.ndarray
    boxes: np.ndarray
    crops: np.ndarray


@dataclass(frozen=True, eq=False)
class Timeline:
    """What is said of each face at each moment: `y_prob` `(m, k)` of `labels`; see the module's table."""

    seconds: np.ndarray
    frame: np.ndarray
    face: np.ndarray
    boxes: np.ndarray
    labels: tuple[str, ...]
    y_prob: np.ndarray

    @property
    def faces(self) -> list[int]:
        """The numbers of the faces, the one that is seen most often first."""
        numbers, counts = np.unique(self.face, return_counts=True)
        return numbers[np.argsort(-counts, kind="stable")].tolist()

    def over_time(self, face: int) -> np.ndarray:
        """Probabilities of one face at each frame, float64 `(t, k)`, NaN where it isn't seen."""
        return dense(self.y_prob[self.face == face], self.frame[self.face == face], len(self.seconds))

    def smoothed(self, name: str, width: float) -> "Timeline":
        """The same, each face made steadier by one of `SMOOTHINGS` over `width` seconds."""
        smooth = choose("smoothing", name, SMOOTHINGS)
        return self.read_again(lambda y_prob: smooth(y_prob, self.seconds, width), self.y_prob)

    def read_again(self, read: Callable[[np.ndarray], np.ndarray], values: np.ndarray) -> "Timeline":
        """The same with the probabilities `(t, k)` that `read` makes of each face's `values` over time.

        `values` are `(m, d)`; `read` is given `(t, d)`, NaN where the face isn't seen.
        """
        y_prob = np.empty((len(self.face), len(self.labels)))
        for face in self.faces:
            mine = self.face == face
            y_prob[mine] = read(dense(values[mine], self.frame[mine], len(self.seconds)))[self.frame[mine]]
        return replace(self, y_prob=y_prob)


def dense(values: np.ndarray, frame: np.ndarray, frames: int) -> np.ndarray:
    """`values` `(m, d)` at the frames where they are: float64 `(frames, d)`, NaN elsewhere."""
    over_time = np.full((frames, values.shape[1]), np.nan)
    over_time[frame] = values
    return over_time


def watch(frames: Iterable[Frame], detector: Detector, tracks: Tracks) -> Watched:
    """Find and follow the faces of `frames`; of each frame, only its faces of 48 × 48 pixels are kept."""
    seconds: list[float] = []
    frame: list[int] = []
    face: list[int] = []
    boxes: list[tuple[int, ...]] = []
    crops: list[np.ndarray] = []
    for index, shown in enumerate(frames):
        seconds.append(shown.seconds)
        found, seen = find_faces(shown.rgb, detector)
        frame += [index] * len(found)
        face += tracks.follow(shown.seconds, found)
        boxes += [(box.x, box.y, box.w, box.h) for box in found]
        crops.append(seen)
    return Watched(
        np.array(seconds, float),
        np.array(frame, np.int64),
        np.array(face, np.int64),
        np.array(boxes, np.int64).reshape(-1, 4),
        np.concatenate(crops) if crops else np.empty((0, SIDE, SIDE), np.uint8),
    )


def classify(watched: Watched, eyes: Eyes, decision: Decision = PLAIN) -> Timeline:
    """What `eyes` say of each face by itself."""
    y_prob = decision.probabilities(eyes.probabilities(watched.crops))
    return Timeline(watched.seconds, watched.frame, watched.face, watched.boxes, eyes.labels, y_prob)


def answers(timeline: Timeline, point: OperatingPoint | None = None) -> np.ndarray:
    """The label of each entry, by the rule of `predict.decide`, `UNSURE_LABEL` where there is none: str `(m,)`."""
    chosen, sure = decide(timeline.y_prob, timeline.labels, point)
    return np.where(sure, np.array(timeline.labels)[chosen], UNSURE_LABEL)


def faces_at(
    timeline: Timeline, crops: np.ndarray, frame: int, point: OperatingPoint | None = None
) -> dict[int, FaceResult]:
    """The faces of one frame, by number; `crops` uint8 `(m, 48, 48)` are those that were `Watched`."""
    entries = np.flatnonzero(timeline.frame == frame)
    return {
        int(timeline.face[entry]): FaceResult(
            Box(**dict(zip(PLACES, timeline.boxes[entry].tolist(), strict=True)), confidence=1.0),
            crops[entry],
            dict(zip(timeline.labels, timeline.y_prob[entry].tolist(), strict=True)),
            point,
        )
        for entry in entries
    }


def timeline_table(timeline: Timeline, read_by: str, decision: Decision = PLAIN) -> pd.DataFrame:
    """One row a frame and face, to be exported: `frame` from 1, `seconds`, `face`, `label`, box, `p_<class>` of each.

    A frame in which no face is seen has one row with nothing but its time. Each row ends with `read_by`, the model and
    its smoothing in words, to which what `decision` does is added, and `meaning`, `labels.MEANING`.
    """
    label = answers(timeline, decision.point)
    table = pd.DataFrame({"frame": timeline.frame + 1, "face": timeline.face, "label": label})
    table[list(PLACES)] = timeline.boxes
    table[[f"p_{label}" for label in timeline.labels]] = timeline.y_prob
    times = pd.DataFrame({"frame": np.arange(len(timeline.seconds)) + 1, "seconds": timeline.seconds.round(3)})
    whole = times.merge(table, how="left", on="frame").convert_dtypes()
    whole = whole.sort_values(["frame", "face"], kind="stable", ignore_index=True)
    return whole.assign(read_by=". ".join([read_by, *decision.sentences]), meaning=MEANING)


def timeline_frame(timeline: Timeline, faces: Iterable[int]) -> pd.DataFrame:
    """One row a frame, class and one of `faces`, to be drawn: `seconds`, `face`, `label`, `probability` in [0, 1].

    The probability is NaN where the face isn't seen, so that a line drawn through it has a gap.
    """
    parts = [
        pd.DataFrame({"seconds": timeline.seconds, "face": face, "label": label, "probability": of_class})
        for face in faces
        for label, of_class in zip(timeline.labels, timeline.over_time(face).T, strict=True)
    ]
    columns = ["seconds", "face", "label", "probability"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
