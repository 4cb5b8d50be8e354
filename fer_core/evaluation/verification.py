"""All that can be checked of a saved model without running it; listing models checks a part of this each time."""

import math
from collections.abc import Iterator

from fer_core.errors import ModelError
from fer_core.evaluation.predictions import PARTS, read_predictions
from fer_core.evaluation.scoring import headline
from fer_core.integrity import sha256_of
from fer_core.store import SavedModel

TOLERANCE = 1e-6


def verify(model: SavedModel) -> list[str]:
    """What is wrong with `model`, a line each; empty where nothing is, or nothing can be known before it is trained.

    Every byte of its files is read: the sha256 of the network, each row of the predictions, and that the scores of the
    record are those of the predictions.
    """
    if model.problem:
        return [model.problem]
    return list(_findings(model)) if model.trained else []


def _findings(model: SavedModel) -> Iterator[str]:
    if sha256_of(model.weights_file) != model.record["sha256"]:  # the list may remember it from before
        yield "expected model.keras with the sha256 of model.json, found another; restore it"
    try:
        predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    except ModelError as error:
        yield str(error)
        return
    told = headline(predictions)
    for split, parts in model.scores.items():
        for part in PARTS:
            wrong = [
                key for key in ("n", "macro_recall", "accuracy") if not _equal(parts[part][key], told[split][part][key])
            ]
            if wrong:
                yield f"expected the scores of its predictions on {split}, {part}, found other {', '.join(wrong)}"


def _equal(recorded: float | None, computed: float | None) -> bool:
    if recorded is None or computed is None:
        return recorded is computed
    return math.isclose(recorded, computed, abs_tol=TOLERANCE)
