"""Whether the folder of a saved model is whole: its record, and that its files are the ones the record speaks of.

Looked at whenever models are listed, so what needs a whole file is remembered until that file changes.
"""

import csv
import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import UnionType

from fer_core.errors import reason
from fer_core.labels import SCHEMES

FORMAT = 1
RECORD_KEYS = ("format", "name", "created", "scheme", "labels", "network", "settings", "dataset", "versions")
TRAINED_KEYS = ("parameters", "pixels", "rows", "sha256", "scores")
NOT_RUN = ("parts", "imported", "answers")
"""Keys of the record of a model that was not trained here: it has no `history.csv`, and is no run that could go on."""
SCORED = ("validation", "test")
"""The splits that models are scored on."""
MEASURES = tuple(f"{name}{end}" for name in ("macro_recall", "accuracy") for end in ("", "_low", "_high"))
"""What `scores` holds beside `n`, for each split and part; a number, or null where there was no face."""
CURVES = ("epoch", "loss", "val_loss", "recall", "val_recall", "accuracy", "val_accuracy", "learning_rate", "seconds")
"""Columns of `history.csv` that every run writes; it also holds `val_recall_<class>` of each class."""

_KINDS: dict[str, type | UnionType] = {
    "name": str,
    "created": str,
    "scheme": str,
    "labels": list,
    "network": str,
    "settings": dict,
    "dataset": dict,
    "versions": dict,
    "parameters": int,
    "pixels": dict,
    "rows": dict,
    "best_epoch": int,
    "training_seconds": float | int,
    "sha256": str,
    "scores": dict,
    "tags": list,
    "parent": dict,
    "parts": list,
    "teachers": list,
    "imported": dict,
    "answers": dict,
}


def find_problem(record: object, folder: Path) -> str:
    """What is wrong with a model of that record in that folder, in one line; empty where nothing is."""
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else type(record).__name__
        return f"expected model.json of format {FORMAT}, found {found}"
    if missing := [key for key in RECORD_KEYS if key not in record]:
        return f"expected {', '.join(missing)} in model.json, found none"
    if fault := _record_fault(record):
        return f"model.json: {fault}"
    if "sha256" in record or any(key in record for key in NOT_RUN):
        keys = ("scores",) if "answers" in record else TRAINED_KEYS
        if missing := [key for key in keys if key not in record]:
            return f"expected {', '.join(missing)} in model.json of a trained model, found none"
        return _scores_fault(record["scores"]) or _facts_fault(record) or _files_fault(record, folder)
    fault = _of_file(_history_fault, folder / "history.csv", *record["labels"])
    return fault and f"{fault}; remove it, and the run can go on"


def sha256_of(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def prediction_columns(labels: list[str]) -> list[str]:
    """The columns of `predictions.parquet` of a model with those classes; `evaluation.predictions` describes them."""
    return ["row", "usage", "label", "leak", *(f"p_{label}" for label in labels)]


def _record_fault(record: dict) -> str:
    if wrong := _of_other_kind(record):
        found = ", ".join(f"{key} {type(record[key]).__name__}" for key in wrong)
        return f"expected words, numbers, lists and objects each in its place, found {found}"
    if not all(isinstance(tag, str) for tag in record.get("tags", ())):
        return f"expected words as tags, found {record['tags']}"
    if not all(isinstance(record["dataset"].get(key), str) for key in ("source", "fingerprint")):
        return f"expected words as source and fingerprint of its dataset, found {record['dataset']}"
    if not (scheme := SCHEMES.get(record["scheme"])):
        return f"expected a scheme among {', '.join(SCHEMES)}, found {record['scheme']!r}"
    if tuple(record["labels"]) != scheme.labels:
        return f"expected the labels {', '.join(scheme.labels)} of scheme {scheme.name}, found {record['labels']}"
    try:
        zone = datetime.fromisoformat(record["created"]).tzinfo
    except ValueError:
        zone = None
    if not zone:
        return f"expected a time in created, such as 2026-01-31T12:00:00+00:00, found {record['created']!r}"
    return _origins_fault(record, set(_told(record)))


def _of_other_kind(record: dict) -> list[str]:
    return [key for key, kind in _KINDS.items() if key in record and not isinstance(record[key], kind)]


def _origins(record: dict) -> list:
    """What it keeps of the models that went into it, one after another."""
    return [*filter(None, [record.get("parent")]), *record.get("parts", ()), *record.get("teachers", ())]


def _told(record: dict) -> Iterator[str]:
    """The sha256 of all models of which it tells in full; the id of one whose sha256 isn't known."""
    for one in filter(_is_origin, _origins(record)):
        if not is_short(one):
            yield one["sha256"] or one["id"]
            yield from _told(one)


def _is_origin(one: object) -> bool:
    """Whether that tells of a model, by its id and sha256 at least, which may be unknown; all of it of its kind."""
    return (
        isinstance(one, dict)
        and isinstance(one.get("id"), str)
        and isinstance(one.get("sha256", 0), str | None)
        and not {*_of_other_kind(one)} - {"sha256"}
    )


def is_short(origin: Mapping) -> bool:
    """Whether it names a model that went in, of which the record tells elsewhere: `lineage.told_once`."""
    return origin.keys() == {"id", "sha256"}


def _origins_fault(record: dict, told: Collection[str]) -> str:
    """Whether it keeps what it should of the models that went into it: `lineage`. `told` are all told of in full."""
    start = record["settings"].get("start", "")
    if start not in ("", "imagenet") and not record.get("parent"):
        return f"expected under parent what the record keeps of {start!r}, found none"
    for one in _origins(record):
        if _is_origin(one) and is_short(one) and (one["sha256"] or one["id"]) in told:
            continue
        if not _is_origin(one) or not {"settings", "dataset", "rows"} <= one.keys():
            needed = "id, settings, dataset, rows and sha256"
            return f"expected {needed} of each model that went into it, found {str(one)[:80]}"
        if fault := _facts_fault(one) or _origins_fault(one, told):
            return fault
    return ""


def _scores_fault(scores: dict) -> str:
    for split, parts in scores.items():
        whole = isinstance(parts, dict) and all(map(_headline, map(parts.get, ("raw", "honest"))))
        if split not in SCORED or not whole:
            return f"model.json: expected n, {', '.join(MEASURES)} in scores of {split}, found otherwise"
    return ""


def _facts_fault(record: dict) -> str:
    counts = [record.get("rows", {}).get(key) for key in ("train", "left_out")]
    if not any(key in record for key in NOT_RUN) and not all(isinstance(count, int) for count in counts):
        return f"model.json: expected in rows how many are train and left_out, found {record.get('rows')}"
    for key in {"imported", "answers"} & record.keys():
        if not all(isinstance(record[key].get(fact), str) for fact in ("file", "sha256")):
            return f"model.json: expected file and sha256 in {key}, found {record[key]}"
    return ""


def _headline(scores: object) -> bool:
    """Whether those are the headline scores of a part of a split."""
    return (
        isinstance(scores, dict)
        and isinstance(scores.get("n"), int)
        and isinstance(scores.get("recall", {}), dict)
        and all(isinstance(scores.get(key, ""), float | int | None) for key in MEASURES)
    )


def _files_fault(record: dict, folder: Path) -> str:
    network, history = "answers" not in record, not any(key in record for key in NOT_RUN)
    files = ["model.keras"] * network + ["predictions.parquet"] + ["history.csv"] * history
    if absent := [name for name in files if not (folder / name).is_file()]:
        return f"expected {', '.join(absent)} in its folder, found none"
    return (
        (_of_file(_weights_fault, folder / "model.keras", record["sha256"]) if network else "")
        or _of_file(_predictions_fault, folder / "predictions.parquet", *record["labels"])
        or _of_file(_history_fault, folder / "history.csv", *record["labels"])
    )


def _of_file(fault: Callable[..., str], path: Path, *facts: str) -> str:
    """`fault(path, *facts)`, remembered until the file changes; empty where there is no file."""
    try:
        stat = path.stat()
        return _remembered(fault, path, stat.st_mtime_ns, stat.st_size, facts)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"expected a readable {path.name}, found: {reason(error)}"


@lru_cache(maxsize=1024)
def _remembered(fault: Callable[..., str], path: Path, written: int, size: int, facts: tuple[str, ...]) -> str:
    return fault(path, *facts)


def _weights_fault(path: Path, sha256: str) -> str:
    found = sha256_of(path)
    if found == sha256:
        return ""
    return f"expected {path.name} with the sha256 of model.json, {sha256[:12]}…, found {found[:12]}…; restore it"


def _predictions_fault(path: Path, *labels: str) -> str:
    from pyarrow.parquet import read_schema  # costs a tenth of a second: not for those who only name things

    try:
        found = read_schema(path).names
    except ValueError as error:  # pyarrow's own errors are ValueErrors
        return f"expected a readable {path.name}, found: {' '.join(str(error).split())[:200]}"
    return _columns_fault(path, prediction_columns(list(labels)), found, alien=True)


def _history_fault(path: Path, *labels: str) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file)) or [[]]
            broken = next((row for row in rows if len(row) != len(head) or not _numbers(row)), None)
    except (ValueError, csv.Error) as error:
        return f"expected a readable {path.name}, found: {error}"
    if broken is not None:
        return f"expected {len(head)} numbers in each row of {path.name}, found {','.join(broken)[:80]!r}"
    return _columns_fault(path, [*CURVES, *(f"val_recall_{label}" for label in labels)], head, alien=False)


def _numbers(row: list[str]) -> bool:
    """Whether all cells are numbers; an empty one stands for a missing number."""
    try:
        [float(cell) for cell in row if cell]
    except ValueError:
        return False
    return True


def _columns_fault(path: Path, expected: list[str], found: list[str], *, alien: bool) -> str:
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if alien and name not in expected]
    if not missing and not unknown:
        return ""
    return f"expected the columns {', '.join(expected)} in {path.name}; missing {missing}, unknown {unknown}"
