"""Which faces of a frame are those of the frames before: by where they are and how large, not by who they are.

Two people who change places while neither is seen change their lines too, and a cut to another scene may continue the
line of whoever was in the same place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_core.inference.detectors import Box

PATIENCE = 2.0
"""Seconds that a face may be out of sight and keep its number."""
REACH = 1.0
"""How far a face's centre may move between frames, in face widths, where the two boxes don't overlap enough."""
OVERLAP = 0.2
"""Boxes with at least this intersection over union belong together, whatever lies between their centres."""
GROWTH = 2.0
"""A box more than so many times larger or smaller is another face's."""


@dataclass
class _Seen:
    box: Box
    seconds: float


class Tracks:
    """Numbers faces from frame to frame, from 1; a face that is new, or comes back after `patience`, gets a new number.

    Frames where the camera stays in the same place have a `reach` of about 1; pictures that were taken one by one have
    none: the nearest face is the same.
    """

    def __init__(self, *, patience: float = PATIENCE, reach: float = REACH) -> None:
        self.patience, self.reach = patience, reach
        self._known: dict[int, _Seen] = {}
        self._count = 0

    def follow(self, seconds: float, boxes: Sequence[Box]) -> list[int]:
        """The number of each of `boxes`, those of a frame at `seconds`; frames come in order of time.

        Pairs are chosen so that the sum of their distances is least, among as many pairs as there can be.
        """
        self._known = {
            number: seen for number, seen in self._known.items() if seconds - seen.seconds <= self.patience + 1e-9
        }
        numbers = self._paired(boxes)
        for index, box in enumerate(boxes):
            if index not in numbers:
                self._count += 1
                numbers[index] = self._count
            self._known[numbers[index]] = _Seen(box, seconds)
        return [numbers[index] for index in range(len(boxes))]

    def _paired(self, boxes: Sequence[Box]) -> dict[int, int]:
        """Index of a box → the number of the known face that it is."""
        known = list(self._known)
        if not known or not boxes:
            return {}
        far = 1e6  # dearer than any sum of distances that may be
        cost = np.array([[self._distance(self._known[number].box, box, far) for box in boxes] for number in known])
        pairs = zip(*linear_sum_assignment(cost), strict=True)
        return {int(column): known[row] for row, column in pairs if cost[row, column] < far}

    def _distance(self, before: Box, now: Box, far: float) -> float:
        """Between the centres, in face widths, and how much larger or smaller it got; `far` for another face."""
        sizes = [np.sqrt(box.w * box.h) for box in (before, now)]
        size = sum(sizes) / 2
        across, down = (now.x + now.w / 2 - before.x - before.w / 2), (now.y + now.h / 2 - before.y - before.h / 2)
        distance = float(np.hypot(across, down) / size)
        growth = max(sizes) / min(sizes)
        near = distance <= self.reach or overlap(before, now) >= OVERLAP
        if not near or (growth > GROWTH and np.isfinite(self.reach)):
            return far
        return distance + float(np.log(growth))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, in [0, 1]."""
    across = min(one.x + one.w, other.x + other.w) - max(one.x, other.x)
    down = min(one.y + one.h, other.y + other.h) - max(one.y, other.y)
    shared = max(across, 0) * max(down, 0)
    return shared / (one.w * one.h + other.w * other.h - shared)
