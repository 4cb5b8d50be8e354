"""Sequences of expressions composed from a split's faces, since no open set of videos can be shipped.

A state, one of the classes, persists for some seconds and changes to another one. For each step a face of the split
that is labelled so is drawn, and disturbed as video disturbs; now and then no face is seen for a while. What is
composed tells how well a change is followed, not how people move: a person's face stays the same from step to step,
and so do the mistakes that a network makes about it. `hold` draws a face for several steps, to see what that costs.

| array | shape | dtype | values |
|---|---|---|---|
| `rows` | `(n, t)` | int64 | which face is shown at each step |
| `state` | `(n, t)` | int8 | its class |
| `seen` | `(n, t)` | bool | False where no face is seen |
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageFilter

from fer_core.data.dataset import SIDE

SECONDS = 20.0
"""How long a sequence lasts."""
SHORTEST, LONGEST = 1.5, 8.0
"""Seconds that a state lasts, drawn evenly between the two."""
AWAY = 0.02
"""Share of steps at which a face goes out of sight, for 1 to 5 steps."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """See the module's table; `rate` is in steps a second."""

    rows: np.ndarray
    state: np.ndarray
    seen: np.ndarray
    rate: float

    def __len__(self) -> int:
        return len(self.rows)


def compose(rows: np.ndarray, classes: np.ndarray, n: int, *, seed: int, rate: float = 5.0, hold: int = 1) -> Sequences:
    """Compose `n` sequences of `SECONDS` from faces `rows`, int64 `(m,)`, of `classes`, int8 `(m,)`, 0 or more.

    A face that is drawn stays for `hold` steps, or until the state changes. Raises `ValueError` unless there are faces
    of two classes at least.
    """
    present = np.unique(classes)
    if len(present) < 2:
        raise ValueError(f"classes: expected faces of two at least, found {len(present)}")
    rng, steps = np.random.default_rng(seed), round(SECONDS * rate)
    faces = {label: rows[classes == label] for label in present.tolist()}
    state = np.stack([_states(rng, present, steps, rate) for _ in range(n)])
    drawn = np.stack([_draw(rng, faces, one, hold) for one in state])
    return Sequences(drawn, state, np.stack([_seen(rng, steps) for _ in range(n)]), rate)


def disturb(images: np.ndarray, seed: int) -> np.ndarray:
    """Each of `images`, uint8 `(n, 48, 48)`, as a frame of a video might show it: uint8 `(n, 48, 48)`.

    Moved by up to 3 pixels, zoomed and turned a little, as boxes of a detector jump; out of focus; in other light; with
    noise; and compressed.
    """
    rng = np.random.default_rng(seed)
    return np.stack([_disturbed(image, rng) for image in images]) if len(images) else images


def _states(rng: np.random.Generator, present: np.ndarray, steps: int, rate: float) -> np.ndarray:
    """The class at each step, int8 `(steps,)`."""
    state, at = np.empty(steps, np.int8), 0
    label = rng.choice(present)
    while at < steps:
        length = max(1, round(rng.uniform(SHORTEST, LONGEST) * rate))
        state[at : at + length] = label
        at, label = at + length, rng.choice(present[present != label])
    return state


def _draw(rng: np.random.Generator, faces: dict[int, np.ndarray], state: np.ndarray, hold: int) -> np.ndarray:
    """A face for each step of `state`: rows, int64 `(t,)`."""
    drawn, held = np.empty(len(state), np.int64), 0
    for step, label in enumerate(state.tolist()):
        if step and held < hold and label == state[step - 1]:
            drawn[step], held = drawn[step - 1], held + 1
        else:
            drawn[step], held = rng.choice(faces[label]), 1
    return drawn


def _seen(rng: np.random.Generator, steps: int) -> np.ndarray:
    """Bool `(steps,)`, False for a while after some."""
    seen = np.ones(steps, bool)
    for start in np.flatnonzero(rng.random(steps) < AWAY):
        seen[start : start + rng.integers(1, 6)] = False
    return seen


def _disturbed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    angle, zoom = np.radians(rng.uniform(-8, 8)), rng.uniform(0.92, 1.08)
    cos, sin, half = zoom * np.cos(angle), zoom * np.sin(angle), (SIDE - 1) / 2
    across, down = rng.uniform(-3, 3, 2) + half * (1 - np.array([cos - sin, sin + cos]))
    edged = np.pad(image, 8, mode="edge")  # outside of the picture its edge goes on
    matrix = (cos, -sin, across + 8, sin, cos, down + 8)
    moved = Image.fromarray(edged).transform((SIDE, SIDE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    blurred = np.asarray(moved.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1))), np.float32)
    lit = rng.uniform(0.8, 1.2) * blurred + rng.uniform(-20, 20)
    noisy = lit + rng.normal(0, rng.uniform(0, 8), lit.shape)
    return _compressed(np.clip(np.rint(noisy), 0, 255).astype(np.uint8), int(rng.integers(35, 90)))


def _compressed(image: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))
