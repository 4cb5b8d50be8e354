"""Drawn faces, so that everything can be tried without a dataset.

A few hundred grey faces with FER2013's seven expressions and three Usages, drawn from a seed. Nobody is shown, and no
score on them says anything about photographs. As in FER2013 Disgust is rare, some expressions are weak or mixed, and
the audit has something to find: exact copies of Training rows in PublicTest and PrivateTest, one image under two
labels, one blank image.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from fer_core.data.block import Block
from fer_core.data.dataset import SIDE, FaceDataset, fingerprint_of
from fer_core.labels import EMOTIONS, USAGES

SCALE = 4
"""Faces are drawn this many times larger and averaged down, which smooths their edges."""
CANVAS = SIDE * SCALE
TRAINING = (62, 24, 60, 92, 66, 60, 66)
OTHERS = (25, 10, 25, 36, 26, 25, 27)
"""Faces of each emotion, in Training and in either of the other Usages."""

Points = np.ndarray | Sequence[Sequence[float]]
"""x and y of the corners of a polygon or a line."""
_CIRCLE = np.linspace(0, 1, 30)
_ACROSS = np.linspace(-1, 1, 17)


class Pose(NamedTuple):
    """How far a face moves from rest. Lengths are in half head heights; up, wide and open are positive."""

    brow_inner: float = 0
    brow_outer: float = 0
    eye: float = 0
    """Relative opening: -1 shut, 0 at rest."""
    corner: float = 0
    """Corners of the mouth."""
    mouth: float = 0
    """Opening of the mouth."""
    width: float = 0
    fold: float = 0
    """Depth of the folds from nose to mouth, 0 to 1."""
    wrinkle: float = 0
    """Wrinkles on the nose, 0 to 1."""


POSES = {
    "Angry": Pose(brow_inner=-0.14, brow_outer=0.05, eye=-0.25, corner=-0.06, mouth=0.03, width=-0.03),
    "Disgust": Pose(brow_inner=-0.07, brow_outer=-0.04, eye=-0.5, corner=-0.09, mouth=0.09, fold=1, wrinkle=1),
    "Fear": Pose(brow_inner=0.15, brow_outer=0.02, eye=0.45, corner=-0.07, mouth=0.13, width=0.07),
    "Happy": Pose(brow_outer=0.02, eye=-0.25, corner=0.13, mouth=0.12, width=0.1, fold=0.8),
    "Sad": Pose(brow_inner=0.11, brow_outer=-0.08, eye=-0.35, corner=-0.12, width=-0.04, fold=0.3),
    "Surprise": Pose(brow_inner=0.15, brow_outer=0.16, eye=0.5, mouth=0.32, width=-0.12),
    "Neutral": Pose(),
}
"""Each expression at its full strength, after the action units that FACS ascribes to it (Ekman & Friesen 1978)."""


@dataclass(frozen=True)
class Look:
    """What makes one face differ from another. Shades are grey values 0 to 255."""

    skin: float
    hair: float
    shirt: float
    ground: float
    wall: float
    corner: float
    """Where the wall behind begins, in half head heights from the face's middle."""
    cut: str
    glasses: bool
    beard: bool
    jaw: float
    """Half width of the head, in half head heights."""

    def dark(self, share: float) -> int:
        """The skin's shade, darkened to `share`."""
        return round(self.skin * share)


@cache
def draw_dataset() -> FaceDataset:
    """The drawn dataset: the same faces each time; about 780 of them, in two seconds."""
    rng = np.random.default_rng(0)
    emotion, usage = _labels(rng)
    images = np.stack([draw_face(EMOTIONS[code], rng) for code in emotion])
    _spoil(images, emotion, usage, rng)
    for array in (images, emotion, usage):
        array.flags.writeable = False
    return FaceDataset(images, emotion, usage, None, "demo", fingerprint_of(images, emotion, usage), drawn=True)


def draw_blocks() -> Iterator[Block]:
    """The drawn faces as they are read from a file, to be cached."""
    drawn = draw_dataset()
    yield Block(drawn.images, drawn.emotion, drawn.usage)


def draw_face(expression: str, rng: np.random.Generator) -> np.ndarray:
    """One face with an expression out of `labels.EMOTIONS`: uint8 `(48, 48)`."""
    pose, look = _random_pose(expression, rng), _random_look(rng)
    pen = _Pen(rng, look.ground)
    _draw_head(pen, look)
    _draw_eyes(pen, look, pose, rng)
    _draw_nose(pen, look, pose)
    _draw_mouth(pen, look, pose)
    _draw_hair(pen, look, pose)
    return _develop(pen.image, rng)


def _labels(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    emotion, usage = [], []
    for name in USAGES:
        codes = np.repeat(np.arange(len(EMOTIONS), dtype=np.int8), TRAINING if name == "Training" else OTHERS)
        emotion.append(rng.permutation(codes))
        usage += [name] * len(codes)
    return np.concatenate(emotion), np.array(usage, "<U11")


def _spoil(images: np.ndarray, emotion: np.ndarray, usage: np.ndarray, rng: np.random.Generator) -> None:
    """Put in what an audit should find; see the module."""
    training, public, private = (rng.permutation(np.flatnonzero(usage == name)) for name in USAGES)
    originals, copies = training[:8], np.concatenate([public[:5], private[:3]])
    images[copies], emotion[copies] = images[originals], emotion[originals]
    images[public[5]], emotion[public[5]] = images[private[5]], emotion[private[5]]
    fear, surprise = (
        next(row for row in training[9:] if EMOTIONS[emotion[row]] == name) for name in ("Fear", "Surprise")
    )
    images[surprise] = images[fear]
    images[training[8]] = 0


def _random_pose(expression: str, rng: np.random.Generator) -> Pose:
    """The expression at a random strength, in one of nine faces weak, in one of nine mixed with another."""
    kind = rng.integers(9)
    strength = rng.uniform(0.1, 0.4) if kind == 0 else rng.uniform(0.55, 1.15)
    pose = strength * np.array(POSES[expression])
    if kind == 1:
        pose = 0.6 * pose + 0.4 * np.array(POSES[rng.choice(EMOTIONS)])
    # width, folds and brows differ between faces at rest
    return Pose(*(pose + rng.normal(0, [0.02, 0.02, 0.1, 0.015, 0.01, 0.025, 0.1, 0.05])))


def _random_look(rng: np.random.Generator) -> Look:
    skin = rng.uniform(105, 230)
    return Look(
        skin=skin,
        hair=rng.choice([rng.uniform(10, 60), rng.uniform(10, 60), rng.uniform(120, 215)]),
        shirt=rng.uniform(20, 235),
        ground=rng.uniform(15, 240),
        wall=rng.uniform(15, 240),
        corner=rng.uniform(-1.1, 1.1),
        cut=str(rng.choice(["short", "short", "long", "long", "fringe", "bald"])),
        glasses=bool(rng.random() < 0.15),
        beard=bool(rng.random() < 0.12),
        jaw=rng.uniform(0.66, 0.8),
    )


class _Pen:
    """Draws in a face's own coordinates: origin between the ears, y downwards, the head from y = -1 to y = 1."""

    def __init__(self, rng: np.random.Generator, ground: float) -> None:
        self.image = Image.new("L", (CANVAS, CANVAS), round(ground))
        self._draw = ImageDraw.Draw(self.image)
        size, angle = CANVAS * rng.uniform(0.4, 0.52), math.radians(rng.normal(0, 7))
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        self._matrix = size * turn @ np.diag([rng.uniform(0.92, 1.08), 1])
        self._origin = CANVAS * rng.normal([0.5, 0.52], 0.03)
        self._size = size

    def area(self, points: Points, shade: float) -> None:
        self._draw.polygon(self._place(points), fill=round(shade))

    def line(self, points: Points, width: float, shade: float) -> None:
        self._draw.line(self._place(points), fill=round(shade), width=max(1, round(width * self._size)), joint="curve")

    def _place(self, points: Points) -> list[float]:
        return (np.asarray(points) @ self._matrix.T + self._origin).ravel().tolist()


def _ellipse(x: float, y: float, width: float, height: float, start: float = 0, stop: float = 360) -> np.ndarray:
    """Points of an ellipse with half axes `width` and `height`, from angle `start` to `stop` in degrees, clockwise."""
    angle = np.radians(start + (stop - start) * _CIRCLE)
    return np.column_stack([x + width * np.cos(angle), y + height * np.sin(angle)])


def _arch(x: float, width: float, ends: float, middle: float) -> np.ndarray:
    """A parabola from `x - width` to `x + width`, at height `ends` there and `middle` between."""
    return np.column_stack([x + width * _ACROSS, middle + (ends - middle) * _ACROSS**2])


def _between(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The outline of what lies between two arches."""
    return np.concatenate([upper, lower[::-1]])


def _draw_head(pen: _Pen, look: Look) -> None:
    pen.area([(look.corner, -3), (3, -3), (3, 3), (look.corner, 3)], look.wall)
    if look.cut == "long":
        pen.area(
            [*_ellipse(0, -0.15, look.jaw + 0.2, 1.0, 180, 360), (look.jaw + 0.25, 1.3), (-look.jaw - 0.25, 1.3)],
            look.hair,
        )
    pen.area(_ellipse(0, 1.75, 1.25, 0.6), look.shirt)
    pen.area([(-0.3, 0.6), (0.3, 0.6), (0.36, 1.3), (-0.36, 1.3)], look.dark(0.75))
    for side in (-1, 1):
        pen.area(_ellipse(side * look.jaw, 0.02, 0.1, 0.19), look.dark(0.85))
    pen.area(_ellipse(0, -0.2, look.jaw, 0.8, 180, 360), look.skin)
    pen.area(_ellipse(0, -0.2, look.jaw, 1.2, 0, 180), look.skin)
    if look.beard:
        shade = (look.hair + look.skin) / 2
        pen.area([*_ellipse(0, -0.2, look.jaw, 1.2, 18, 162), *_arch(0, look.jaw * 0.95, 0.15, 0.72)], shade)
        pen.line(_arch(0, 0.2, 0.42, 0.36), 0.07, shade)


def _draw_eyes(pen: _Pen, look: Look, pose: Pose, rng: np.random.Generator) -> None:
    gaze = rng.normal(0, 0.02)
    opening = max(1 + pose.eye, 0.12)
    for side in (-1, 1):
        x, y = side * 0.31, -0.12
        upper, lower = _arch(x, 0.15, y, y - 0.1 * opening), _arch(x, 0.15, y, y + 0.055 * min(opening, 1.2))
        pen.area(_between(upper, lower), min(255, look.skin * 0.4 + 150))
        pen.area(_inside(_ellipse(x + gaze, y - 0.02, 0.075, 0.085), upper, lower), 30)
        pen.line(upper, 0.035, look.dark(0.3))
        pen.line(lower, 0.015, look.dark(0.65))
        _draw_brow(pen, look, pose, side)
        if look.glasses:
            pen.line(_ellipse(x, y, 0.23, 0.2), 0.03, 35)
    if look.glasses:
        pen.line(_arch(0, 0.08, -0.14, -0.17), 0.03, 35)


def _inside(points: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """The points, moved between two arches where they lie above or below."""
    x, y = points.T
    return np.column_stack([x, np.clip(y, np.interp(x, *upper.T), np.interp(x, *lower.T))])


def _draw_brow(pen: _Pen, look: Look, pose: Pose, side: int) -> None:
    inner, outer = -0.33 - pose.brow_inner, -0.31 - pose.brow_outer
    middle = min(inner, outer) * 0.5 + (inner + outer) * 0.25 - 0.05
    brow = [
        (side * 0.13, inner),
        (side * 0.24, (inner + middle) / 2 - 0.015),
        (side * 0.36, middle),
        (side * 0.5, outer),
    ]
    pen.line(brow, 0.07, min(look.hair, look.dark(0.6)))
    if pose.brow_inner < -0.06:
        pen.line([(side * 0.06, -0.42), (side * 0.07, -0.25)], 0.02, look.dark(0.7))


def _draw_nose(pen: _Pen, look: Look, pose: Pose) -> None:
    pen.line([(0.05, -0.1), (0.09, 0.12), (0.13, 0.2), (0.06, 0.25)], 0.025, look.dark(0.72))
    for side in (-1, 1):
        pen.area(_ellipse(side * 0.065, 0.24, 0.035, 0.02), look.dark(0.45))
        if pose.fold > 0.25:
            pen.line(
                [(side * 0.17, 0.17), (side * 0.3, 0.3), (side * 0.36, 0.45)],
                0.025,
                look.dark(1 - 0.3 * min(pose.fold, 1)),
            )
        if pose.wrinkle > 0.3:
            for y in (-0.1, -0.03, 0.04):
                pen.line([(side * 0.03, y), (side * 0.13, y - 0.05)], 0.022, look.dark(0.62))


def _draw_mouth(pen: _Pen, look: Look, pose: Pose) -> None:
    width, opening = 0.27 + pose.width, max(pose.mouth, 0)
    ends, middle = 0.52 - pose.corner, 0.52 + 0.5 * pose.corner
    upper, lower = _arch(0, width, ends, middle - 0.35 * opening), _arch(0, width, ends, middle + 0.75 * opening)
    if opening > 0.025:
        pen.area(_between(upper, lower), 25)
        pen.area(_between(upper, _arch(0, width, ends, middle - 0.05 * opening)), 225)
    pen.line(lower, 0.07, look.dark(0.66))
    pen.line(upper, 0.05, look.dark(0.55 if opening > 0.025 else 0.4))


def _draw_hair(pen: _Pen, look: Look, pose: Pose) -> None:
    for line in range(2 if min(pose.brow_inner, pose.brow_outer) > 0.07 else 0):
        pen.line(_arch(0, 0.3, -0.56 - 0.09 * line, -0.59 - 0.09 * line), 0.018, look.dark(0.78))
    if look.cut == "bald":
        return
    hairline = {"short": -0.72, "long": -0.76, "fringe": -0.5}[look.cut]
    pen.area(
        _between(_ellipse(0, -0.2, look.jaw + 0.06, 0.9, 175, 365), _arch(0, look.jaw - 0.04, -0.3, hairline)),
        look.hair,
    )


def _develop(image: Image.Image, rng: np.random.Generator) -> np.ndarray:
    """Average down, light from one side, add contrast and grain: uint8 `(48, 48)`."""
    small = image.resize((SIDE, SIDE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(rng.uniform(0, 0.7)))
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]
    angle = rng.uniform(0, 2 * math.pi)
    light = 1 + rng.uniform(0, 0.4) * (x * math.cos(angle) + y * math.sin(angle))
    grey = np.asarray(small, float) * light * rng.uniform(0.85, 1.12) + rng.normal(0, rng.uniform(1, 7), (SIDE, SIDE))
    return np.clip(grey, 0, 255).astype(np.uint8)
