"""All that can be checked of a saved model without running it; listing models checks a part of this each time."""

import math
from collections.abc import Iterator

from fer_core.errors import ModelError
from fer_core.evaluation.decision import read_decision
from fer_core.evaluation.predictions import PARTS, read_predictions
from fer_core.evaluation.scoring import headline
from fer_core.integrity import sha256_of
from fer_core.recurrent import check_recurrent, find_recurrent
from fer_core.store import SavedModel

TOLERANCE = 1e-6


def verify(model: SavedModel) -> list[str]:
    """What is wrong with `model`, a line each; empty where nothing is, or nothing can be known before it is trained.

    Looked at are every byte, by its sha256, of the network and of the one that reads its timelines; each row of the
    predictions, what was chosen for Predict, and that the scores of the record are those of the predictions. What else
    somebody writes into its files, and what it would answer, isn't.
    """
    if model.problem:
        return [model.problem]
    return list(_findings(model)) if model.answered else []


def _findings(model: SavedModel) -> Iterator[str]:
    if (
        model.trained and sha256_of(model.weights_file) != model.record["sha256"]
    ):  # the list may remember it from before
        yield "expected model.keras with the sha256 of model.json, found another; restore it"
    for check in (_check_recurrent, read_decision, _check_scores):
        try:
            check(model)
        except ModelError as error:
            yield str(error)


def _check_recurrent(model: SavedModel) -> None:
    if saved := find_recurrent(model):
        check_recurrent(saved)


def _check_scores(model: SavedModel) -> None:
    told = headline(read_predictions(model.predictions_file, model.labels))
    for split, parts in model.scores.items():
        for part in PARTS:
            recorded, computed = _flat(parts[part]), _flat(told[split][part])
            if wrong := [key for key, value in recorded.items() if not _equal(value, computed.get(key))]:
                raise ModelError(
                    f"expected the scores of its predictions on {split}, {part}, found other {', '.join(wrong)}"
                )


def _flat(scores: dict) -> dict[str, float | None]:
    """Those of a part of a split, the recalls beside the others."""
    recalls = {f"recall of {label}": value for label, value in scores.get("recall", {}).items()}
    return {key: value for key, value in scores.items() if key != "recall"} | recalls


def _equal(recorded: float | None, computed: float | None) -> bool:
    if recorded is None or computed is None:
        return recorded is computed
    return math.isclose(recorded, computed, abs_tol=TOLERANCE)
