"""How long a saved model takes for a face on this machine.

As a process, `python -m fer_core.inference.latency MODEL…` measures and remembers. Looking up needs no TensorFlow.
"""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from statistics import median

import numpy as np

from fer_core import apart, machine
from fer_core.data.dataset import SIDE
from fer_core.errors import FerError, ModelError
from fer_core.inference.classifier import BATCH, Classifier
from fer_core.store import SavedModel, open_trained

ALONE, BATCHES = 30, 3
"""Faces timed one by one, and batches of `BATCH` faces, each after one that warms up."""


@dataclass(frozen=True)
class Latency:
    """Milliseconds a face, median: shown `alone`, and as one of a batch of `BATCH`."""

    alone: float
    batched: float


def measure(model: SavedModel) -> Latency:
    """Time `model` on random faces and remember it. Loads TensorFlow; other work on the machine makes it slower."""
    classifier = Classifier.load(model.id)
    faces = np.random.default_rng(0).integers(0, 256, (BATCH, SIDE, SIDE), np.uint8)
    alone = _seconds(lambda: classifier.probabilities(faces[:1]), ALONE)
    batched = _seconds(lambda: classifier.probabilities(faces), BATCHES) / BATCH
    latency = Latency(round(1000 * alone, 3), round(1000 * batched, 3))
    machine.remember("latency", {_key(model): asdict(latency)})
    return latency


def known(models: Iterable[SavedModel]) -> dict[str, Latency]:
    """What was measured on this machine, by the ids of the `models` that it was measured for."""
    measured = machine.remembered("latency")
    keys = {model.id: _key(model) for model in models if model.trained}
    return {name: Latency(**measured[key]) for name, key in keys.items() if key in measured}


def measure_apart(models: Iterable[SavedModel]) -> None:
    """`measure` one after another in a process of its own; `ModelError` where it fails, with what it said last."""
    apart.ask("fer_core.inference.latency", *(model.id for model in models), error=ModelError)


def _seconds(call: Callable[[], object], times: int) -> float:
    call()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return median(taken)


def _key(model: SavedModel) -> str:
    return f"{machine.setting()}; {model.record['sha256']}"


def main(ids: list[str]) -> int:
    """Measure the models called `ids`; exit code 0, or 2 with one line for one that cannot be."""
    try:
        for model_id in ids:
            measure(open_trained(model_id))
    except FerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
