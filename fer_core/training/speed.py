"""How fast a config trains on this machine, in which precision, and how long its run will take.

As a process, `python -m fer_core.training.speed` reads a config's JSON from standard input, measures, remembers, and
prints `precision` and `images_per_second` as one JSON object. Looking up and estimating need no TensorFlow.
"""

import contextlib
import json
import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from fer_core import apart, machine
from fer_core.data.dataset import SIDE
from fer_core.errors import RunError
from fer_core.labels import VOTES, get_scheme
from fer_core.training.config import TrainConfig
from fer_core.training.devices import share_cores

STEPS = 3
"""Training steps timed at each size, after one that compiles."""
FORWARD = 1 / 3
"""Time of a face through which nothing is propagated back, as a share of one that is trained on."""
VALIDATION = 1 / 8
"""Validation faces for each training face, as in FER2013; they are looked at after each epoch."""


@dataclass(frozen=True)
class Speed:
    """The faster precision, float32 or bfloat16, and the images a second that training takes in it, by side."""

    precision: str
    images_per_second: dict[int, float]


def measure(config: TrainConfig) -> Speed:
    """Train some batches of random faces at each size. Precision `auto` is decided at the largest.

    Loads TensorFlow and draws from its seeded generators. Other work on the machine makes the numbers smaller.
    """
    steps = {precision: _trainer(replace(config, precision=precision)) for precision in _precisions(config)}
    largest = max(config.sides)
    seconds = _seconds(steps, largest)
    best = min(seconds, key=seconds.__getitem__)
    by_side = {side: _seconds({best: steps[best]}, side)[best] for side in sorted({*config.sides} - {largest})}
    by_side[largest] = seconds[best]
    return Speed(best, {side: max(round(config.batch_size / took, 1), 0.1) for side, took in by_side.items()})


def known(config: TrainConfig) -> Speed | None:
    """What was measured on this machine for such a config, if it was."""
    record = machine.remembered("speed").get(_key(config))
    return None if record is None else _read(record)


def measure_apart(config: TrainConfig) -> Speed:
    """`measure` in a process of its own, remembered; half a minute, of which most goes into loading TensorFlow.

    Raises `RunError` where it fails, with what it said last.
    """
    try:
        told = apart.ask("fer_core.training.speed", given=json.dumps(config.to_json()), error=RunError)
    except RunError as error:
        raise RunError(
            f"self-test: expected the speed of {config.network} here, found that it failed: {error}"
        ) from error
    return _read(json.loads(told))


def remember(config: TrainConfig, speed: Speed) -> None:
    """Keep `speed` for `known`."""
    machine.remember("speed", {_key(config): asdict(speed)})


def resolve(config: TrainConfig) -> TrainConfig:
    """The config with precision `auto` replaced by the faster one here, measured now unless it is known."""
    if config.precision != "auto":
        return config
    largest = replace(config, sides=(max(config.sides),))  # which decides
    speed = known(config) or known(largest)
    if speed is None:
        speed = measure(largest)
        remember(largest, speed)
    return replace(config, precision=speed.precision)


def estimate(config: TrainConfig, faces: int, speed: Speed) -> float:
    """Seconds that a run on so many training `faces` will take, evaluation after each epoch included.

    Patience is not foreseen; starting and saving, half a minute, is left out.
    """
    full = [faces / speed.images_per_second[config.side(epoch)] for epoch in range(config.epochs)]
    if config.teaching == "consistent":
        full = [seconds * (1 + FORWARD * len(config.teachers)) for seconds in full]  # as if each were as large
    training = sum(full[config.frozen_epochs :]) + FORWARD * sum(full[: config.frozen_epochs])
    evaluation = VALIDATION * FORWARD * sum(full)
    if not config.minutes:
        return training + evaluation
    begun = math.ceil(60 * config.minutes / training * config.epochs)  # which end, whatever the time
    return min(begun / config.epochs, 1) * (training + evaluation)


def _read(record: Mapping) -> Speed:
    """JSON knows sides as words only."""
    return Speed(record["precision"], {int(side): value for side, value in record["images_per_second"].items()})


def _trainer(config: TrainConfig) -> Callable[[int], None]:
    """A function of the side that trains one batch of random faces, all of them with votes."""
    from fer_core.training.data import Faces
    from fer_core.training.engine import Engine

    n, classes = config.batch_size, len(get_scheme(config.scheme))
    faces = Faces(
        images=np.random.default_rng(0).integers(0, 256, (n, SIDE, SIDE), np.uint8),
        label=np.arange(n, dtype=np.int32) % classes,
        votes=np.full((n, len(VOTES)), 1 / len(VOTES), np.float32),
        taught=np.zeros((n, classes), np.float32),
        heard=np.zeros((n, classes), np.float32),
    )
    engine = Engine(config, classes, 0.5, 0.25)
    return lambda side: engine.train_batch(faces, np.arange(n), (0, 0), config.learning_rate, side)


def _precisions(config: TrainConfig) -> tuple[str, ...]:
    """What may be the fastest: a processor without bfloat16 instructions emulates them, at a third of the speed."""
    if config.precision != "auto":
        return (config.precision,)
    import tensorflow as tf

    able = machine.multiplies_bfloat16() or tf.config.list_physical_devices("GPU")
    return ("float32", "bfloat16") if able else ("float32",)


def _seconds(steps: Mapping[str, Callable[[int], None]], side: int) -> dict[str, float]:
    """Shortest time of each step at `side`; they take turns, so that other work on the machine slows all alike."""
    for step in steps.values():
        step(side)  # compiles
    fastest = dict.fromkeys(steps, float("inf"))
    for _ in range(STEPS):
        for name, step in steps.items():
            start = time.perf_counter()
            step(side)
            fastest[name] = min(fastest[name], time.perf_counter() - start)
    return fastest


def _key(config: TrainConfig) -> str:
    """All that the speed depends on, to be read by a person too."""
    return "; ".join(
        (
            machine.setting(),
            f"{config.network} of width {config.width or 'its own'}",
            f"batches of {config.batch_size}" + (f" in {config.parts} parts" if config.parts > 1 else ""),
            *(["sharpness"] if config.sharpness else []),
            "votes head" if config.votes_weight > 0 else "no votes head",
            f"{', '.join(map(str, sorted(set(config.sides))))} px",
            config.precision,
        )
    )


def main() -> int:
    """Measure the config on standard input; exit code 0, or 2 with one line for a config that cannot be."""
    try:
        record = json.load(sys.stdin)
        if not isinstance(record, dict):
            raise ValueError(f"settings: expected a JSON object, found {type(record).__name__}")
        config = TrainConfig.from_json(record)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    share_cores(config.parts)
    with contextlib.redirect_stdout(sys.stderr):  # where Keras tells of downloads
        speed = measure(config)
    remember(config, speed)
    print(json.dumps(asdict(speed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
