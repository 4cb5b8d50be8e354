"""How Predict turns the probabilities of a saved model into an answer: `decision.json` in the model's folder.

| key | what |
|---|---|
| `format` | 1 |
| `sha256` | of the `model.keras` that it was fitted for |
| `temperature` | of `calibration`; 1 leaves the network's probabilities as they are |
| `operating_point` | `group`, `threshold`, `recall` of `operating.OperatingPoint`; null where there is none |

Without the file the most probable class is the answer. It is no part of `model.json`: that tells what was trained and
measured, and is committed for the shipped models, while this is its user's choice, and gone with its file.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from fer_core import upkeep
from fer_core.errors import ModelError
from fer_core.evaluation.calibration import fit_temperature, with_temperature
from fer_core.evaluation.operating import OperatingPoint, check_group, fit_point
from fer_core.evaluation.predictions import Predictions
from fer_core.paths import write_text
from fer_core.store import SavedModel

FORMAT = 1
_REMOVE = "remove it on the page Evaluate, or its file"


@dataclass(frozen=True)
class Decision:
    """A `temperature`, and an operating `point` of the probabilities at this temperature."""

    temperature: float = 1.0
    point: OperatingPoint | None = None

    def probabilities(self, y_prob: np.ndarray) -> np.ndarray:
        """What is shown for the network's `y_prob`, `(n, k)`: float64 `(n, k)`."""
        return with_temperature(y_prob, self.temperature)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it does, in words; none for `PLAIN`."""
        calibrated = f"Probabilities are calibrated: temperature {self.temperature:.3g}."
        return (calibrated,) * (self.temperature != 1) + ((point_sentence(self.point),) if self.point else ())


PLAIN = Decision()


def point_sentence(point: OperatingPoint) -> str:
    """What `point` does, in words."""
    group = " or ".join(point.group)
    if point.threshold <= 0:
        return f"The answer is {group} for every face: no less would reach a recall of {100 * point.recall:.0f} %."
    score = "its probability is" if len(point.group) == 1 else "their probabilities add up to"
    return (
        f"The answer is {group} where {score} {100 * point.threshold:.1f} % or more, "
        f"chosen on validation for a recall of {100 * point.recall:.0f} %."
    )


def recalibrated(decision: Decision, temperature: float, validation: Predictions) -> Decision:
    """`decision` at another `temperature`, its point fitted anew on `validation` for the same group and recall."""
    changed = replace(decision, temperature=temperature)
    if not (point := decision.point):
        return changed
    y_prob = changed.probabilities(validation.y_prob)
    return replace(changed, point=fit_point(validation.y_true, y_prob, validation.labels, point.group, point.recall))


def calibrated(decision: Decision, predictions: Predictions) -> Decision:
    """`decision`, where it has no temperature, at that of the honest validation faces among `predictions`, if any."""
    validation = predictions.select("validation", "honest")
    if decision.temperature != 1 or not len(validation):
        return decision
    return recalibrated(decision, fit_temperature(validation), validation)


def read_decision(model: SavedModel) -> Decision:
    """What was saved for `model`, `PLAIN` where nothing was.

    Raises `ModelError` for a file that cannot be read, or was fitted for another network or other classes.
    """
    path = _file(model)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return PLAIN
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{model.id}/{path.name}: expected readable JSON, found: {error}; {_REMOVE}") from error
    try:
        sha256, decision = told["sha256"], _parse(told, model.labels)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"{model.id}/{path.name}: expected format {FORMAT}, a temperature and an operating point of its classes, "
            f"found otherwise ({error}); {_REMOVE}"
        ) from error
    if sha256 != model.record.get("sha256"):
        raise ModelError(f"{model.id}/{path.name}: expected one fitted for this network, found another's; {_REMOVE}")
    return decision


def save_decision(model: SavedModel, decision: Decision) -> None:
    """Let Predict answer so from now on; `PLAIN` removes what was saved.

    Raises `ModelError` where the model is gone, a run is at work on it, or its folder cannot be written.
    """
    path = _file(model)
    with upkeep.alone(model, "given a decision"):
        if decision == PLAIN:
            path.unlink(missing_ok=True)
            return
        told = {
            "format": FORMAT,
            "sha256": model.record["sha256"],
            "temperature": decision.temperature,
            "operating_point": asdict(decision.point) if decision.point else None,
        }
        write_text(path, f"{json.dumps(told, indent=2)}\n")


def _file(model: SavedModel) -> Path:
    return model.folder / "decision.json"


def _parse(told: dict, labels: tuple[str, ...]) -> Decision:
    """`ValueError`, `KeyError`, `TypeError` or `OverflowError` for anything that `save_decision` doesn't write."""
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']}")
    temperature = float(told["temperature"])
    with_temperature(np.ones((1, 1)), temperature)  # refuses what is none
    if (point := told["operating_point"]) is None:
        return Decision(temperature)
    check_group(point["group"], labels)
    shares = {name: float(point[name]) for name in ("threshold", "recall")}
    if not all(0 <= share <= 1 + 1e-6 for share in shares.values()):  # a score is a sum of rounded numbers
        raise ValueError(f"threshold and recall {shares}")
    return Decision(temperature, OperatingPoint(tuple(point["group"]), **shares))
