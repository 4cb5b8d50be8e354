"""`batch.classify_files` as a job of Ray Data: on this machine, or on the cluster that `RAY_ADDRESS` names.

Each machine needs this package, the models folder and the pictures under the same paths. What goes between them is
paths and answers; a picture is read where it is looked at, and never put into Ray's store, which may reach the disk.
"""

import importlib.util
import json
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fer_core.errors import FerError, ModelError
from fer_core.evaluation.decision import PLAIN, Decision
from fer_core.inference.batch import CHUNK, classify_looked, look
from fer_core.inference.classifier import Classifier
from fer_core.paths import models_dir
from fer_core.store import open_trained


def check_ray() -> None:
    """Raises `FerError` where Ray Data isn't installed."""
    if not (importlib.util.find_spec("ray") and importlib.util.find_spec("ray.data")):
        raise FerError("expected the package ray, found none: pip install -r requirements-ray.txt")


def classify_files(
    paths: Sequence[str], model_id: str, *, decision: Decision = PLAIN, workers: int = 2
) -> Iterator[list[dict]]:
    """What is found in each file, by chunks, in any order; `workers` load the saved model each.

    Raises `FerError` where Ray is missing or cannot do it.
    """
    check_ray()
    import ray

    expected = open_trained(model_id).record["sha256"]
    named = [{"path": os.fsencode(path)} for path in paths]
    blocks = -(-len(named) // CHUNK)
    with _connected(workers):
        try:
            answered = ray.data.from_items(named, override_num_blocks=blocks).map_batches(
                _Worker,
                fn_constructor_args=(model_id, expected, decision),
                batch_size=CHUNK,
                compute=ray.data.ActorPoolStrategy(size=min(workers, blocks)),
                num_cpus=1,
            )
            for batch in answered.iter_batches(batch_size=None):
                yield [json.loads(told) for told in batch["told"]]
        except ray.exceptions.RayError as error:
            raise FerError(f"expected Ray to classify the pictures, found: {_first_line(error)}") from error


class _Worker:
    """Ray's: a network and a detector that wait for paths."""

    def __init__(self, model_id: str, sha256: str, decision: Decision) -> None:
        found = open_trained(model_id).record["sha256"]
        if found != sha256:
            raise ModelError(f"model {model_id!r}: expected the same on every machine, found another on this one")
        self._classifier, self._decision = Classifier.load(model_id), decision

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, list[str]]:
        looked = [look(os.fsdecode(path)) for path in batch["path"]]
        return {"told": [json.dumps(file) for file in classify_looked(looked, self._classifier, self._decision)]}


@contextmanager
def _connected(workers: int) -> Iterator[None]:
    """A quiet connection, to a Ray of this machine alone unless `RAY_ADDRESS` names another."""
    import ray

    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    address = os.environ.get("RAY_ADDRESS")
    here: dict[str, Any] = {} if address else {"num_cpus": workers, "_node_ip_address": "127.0.0.1"}
    try:
        ray.init(
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {"FER_MODELS": str(models_dir().resolve()), "OMP_NUM_THREADS": "1"}},
            **here,
        )
    except (ConnectionError, ValueError) as error:
        raise FerError(f"expected a Ray at {address or 'this machine'}, found: {_first_line(error)}") from error
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


def _first_line(error: Exception) -> str:
    cause = getattr(error, "cause", None) or error
    return f"{cause}".strip().partition("\n")[0]
