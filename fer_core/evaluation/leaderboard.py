"""Saved models in a row by what they scored when they were saved; nothing is predicted or read again."""

from collections.abc import Iterable, Sequence

import pandas as pd

from fer_core.evaluation.predictions import PARTS
from fer_core.lineage import rows_learned
from fer_core.store import SavedModel


def leaderboard(models: Iterable[SavedModel]) -> pd.DataFrame:
    """One row a model that has scores on test, best macro recall on the honest part first.

    The study's classes stand before others, and photographs before drawn faces: no score on these tells of photographs.
    Columns: `model`, `scheme`, `network`, `parameters`, `source` and `drawn` of its dataset, then for `raw` and
    `honest` each `<part>_n` faces, `<part>_accuracy` and `<part>_macro_recall`, the latter two with `_low` and
    `_high`; shares in [0, 1].
    """
    rows = [_row(model, model.scores["test"]) for model in models if "test" in model.scores]
    scores = [column for part in PARTS for column in _keys(part).values()]
    columns = ["model", "scheme", "network", "parameters", "source", "drawn", *scores]
    frame = pd.DataFrame(rows, columns=columns).astype({name: float for name in scores if not name.endswith("_n")})
    order = frame.assign(other=frame["scheme"] != "study", merit=-frame["honest_macro_recall"])
    return frame.loc[order.sort_values(["drawn", "other", "merit"]).index].reset_index(drop=True)


def default_model(models: Sequence[SavedModel], chosen: str | None) -> tuple[SavedModel | None, str]:
    """Which of `models` Predict opens first, and why, in a sentence; None where none is trained.

    It is the one called `chosen`. Where there is none, it is the six-class model with the best macro recall on the
    honest part of validation: one that learned from photographs before one that knows drawn faces only, and one that
    left out what is like a validation face before one that didn't, whose copies may be more than those that are known.
    """
    trained = {model.id: model for model in models if model.trained}
    if chosen in trained:
        return trained[chosen], f"{chosen} was chosen as the default."
    if not trained:
        return None, "No model is trained yet."
    best = max(trained.values(), key=_merit)
    gone = f"The default {chosen} is gone. " if chosen else ""
    six = best.record["scheme"] == "study"
    why = "has the best macro recall on honest validation faces" if six else "is here, while no six-class model is"
    photographs = " of photographs" * (not best.record["dataset"].get("drawn", False))
    clean = " that learned no copies of them" * _is_clean(best)
    return best, f"{gone}{best.id} {why}{f' among the six-class models{photographs}{clean}' if six else ''}."


def _merit(model: SavedModel) -> tuple[bool, bool, bool, float]:
    drawn, scores = model.record["dataset"].get("drawn", False), model.scores.get("validation", {}).get("honest", {})
    return model.record["scheme"] == "study", not drawn, _is_clean(model), scores.get("macro_recall") or 0.0


def _is_clean(model: SavedModel) -> bool:
    return rows_learned(model.record) == "clean"


def _row(model: SavedModel, scores: dict) -> dict[str, object]:
    record = model.record
    about = {"model": model.id, "scheme": record["scheme"], "network": record["network"]}
    about["parameters"] = record.get("parameters")
    about |= {"source": record["dataset"]["source"], "drawn": record["dataset"].get("drawn", False)}
    return about | {column: scores[part][key] for part in PARTS for key, column in _keys(part).items()}


def _keys(part: str) -> dict[str, str]:
    """Key of a headline score → its column."""
    measures = [f"{name}{end}" for name in ("accuracy", "macro_recall") for end in ("", "_low", "_high")]
    return {key: f"{part}_{key}" for key in ("n", *measures)}
