"""Networks of other frameworks, brought by what they answer: a table of probabilities becomes a saved model.

Evaluation needs nothing but predictions, so it works on such a model as on any other; what needs the network itself,
Predict, an export, a heat map, doesn't.

| column | values |
|---|---|
| `row` | of the dataset, from 0: the place in its CSV, over all splits |
| one for each class | probabilities, called `Angry`, `anger` or `p_Angry`, in any order; each row sums to 1 |

Other columns, and rows of other faces, are left aside.
"""

import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from fer_core.data.class_names import KNOWN
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.evaluation.scoring import answered, headline, scored_rows
from fer_core.inference.importing import check_order, settle, staging
from fer_core.integrity import SCORED, sha256_of
from fer_core.labels import EMOTIONS, SCHEMES, SPLITS, ClassScheme, known_classes
from fer_core.store import SavedModel

SUFFIXES = (".csv", ".parquet")
LARGEST = 1 << 28
"""Bytes of a table, at most."""
COLUMNS = 1000
"""Columns of a table, at most."""
ROUNDED = 0.0006
"""By how much a probability may be off, those rounded to three digits are by 0.0005: they are made to sum to 1."""
SHIFTED = 0.2
"""By how much accuracy has to rise with the faces one row beside for a table to be refused."""


def import_answers(path: Path, name: str, dataset: FaceDataset) -> SavedModel:
    """Save what a network answered to faces of `dataset`, the table at `path`, as the model `name`.

    Its columns tell the classes: those of one of `labels.SCHEMES`. All faces of test that are of these have to be
    among its rows, or all of validation, or both. Raises `ModelError` where the table is another, or its classes or
    rows seem to stand in another order.
    """
    table = _read(path, len(dataset))
    scheme, columns = _classes(table)
    rows, y_prob = _rows(table, dataset), _probabilities(table[columns])
    _check_place(rows, y_prob.argmax(axis=1), dataset, scheme)
    wanted = _complete(rows, dataset, scheme)
    order = np.argsort(rows)
    predictions = answered(dataset, scheme, wanted, y_prob[order[np.searchsorted(rows, wanted, sorter=order)]])
    check_order(predictions.y_true, predictions.y_prob, scheme.labels, "name its columns so")
    with staging(name) as folder:
        record = {
            "scheme": scheme.name,
            "labels": list(scheme.labels),
            "network": "elsewhere",
            "settings": {},
            "answers": {"file": path.name, "sha256": sha256_of(path)},
            "dataset": {
                "source": Path(dataset.source).name,
                "fingerprint": dataset.fingerprint,
                "drawn": dataset.drawn,
            },
            "scores": headline(predictions),
        }
        return settle(folder, name, record, predictions)


def _read(path: Path, faces: int) -> pd.DataFrame:
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise ModelError(f"{path.name}: expected at most {LARGEST >> 20} MiB, found {size >> 20} MiB")
        if path.suffix.lower() != ".parquet":
            return pd.read_csv(path)
        about = pq.ParquetFile(path).metadata  # what is packed into so many bytes may be any size
        if about.num_rows > faces or about.num_columns > COLUMNS:
            raise ModelError(
                f"{path.name}: expected at most {faces:,} rows, one a face, and {COLUMNS:,} columns, found "
                f"{about.num_rows:,} and {about.num_columns:,}"
            )
        return pd.read_parquet(path)
    except (OSError, ValueError, zlib.error) as error:  # pandas' and pyarrow's own errors are ValueErrors
        what = "a CSV or Parquet file that can be read"
        raise ModelError(f"{path.name}: expected {what}, found: {' '.join(str(error).split())[:200]}") from error


def _classes(table: pd.DataFrame) -> tuple[ClassScheme, list]:
    """The scheme of the table's classes, and their columns in its order."""
    labels = [_label(column) for column in table.columns]
    named = dict(zip(labels, table.columns, strict=True))
    if twice := [label for label in named if label in EMOTIONS and labels.count(label) > 1]:
        raise ModelError(f"expected one column for each class, found {labels.count(twice[0])} for {twice[0]}")
    found = named.keys() & {*EMOTIONS, *SCHEMES["valence"].labels}
    for scheme in SCHEMES.values():
        if found == {*scheme.labels}:
            return scheme, [named[label] for label in scheme.labels]
    told = ", ".join(map(str, table.columns[:20]))
    raise ModelError(
        f"expected a column of probabilities for each class of one of: {known_classes()}; found the columns {told}"
    )


def _label(column: object) -> str:
    """The class that a column is named after; the name itself where it is none."""
    name = str(column).strip().lower().removeprefix("p_")
    return EMOTIONS[KNOWN[name]] if name in KNOWN else name.capitalize()


def _rows(table: pd.DataFrame, dataset: FaceDataset) -> np.ndarray:
    """Its rows of the dataset: int64, each once."""
    named = {str(column).strip().lower(): column for column in table.columns}
    if "row" not in named:
        raise ModelError("expected a column row, the place of each face in the dataset's CSV from 0 on, found none")
    told = pd.to_numeric(table[named["row"]], errors="coerce").to_numpy(float)
    wrong = ~((told >= 0) & (told < len(dataset)) & (told == np.floor(told)))  # NaN compares false, so it is wrong
    if wrong.any():
        found = table[named["row"]].iloc[int(wrong.argmax())]
        raise ModelError(f"expected whole numbers from 0 to {len(dataset) - 1} in the column row, found {found}")
    rows = told.astype(np.int64)
    if len(np.unique(rows)) < len(rows):
        twice = pd.Series(rows)[pd.Series(rows).duplicated()].iloc[0]
        raise ModelError(f"expected each row once, found row {twice} more than once")
    return rows


def _complete(rows: np.ndarray, dataset: FaceDataset, scheme: ClassScheme) -> np.ndarray:
    """The rows of the splits that `rows` hold: int64, ascending. A split has to be whole, and one be there."""
    wanted = scored_rows(dataset, scheme)
    held, usage = np.isin(wanted, rows), dataset.usage[wanted]
    missing = {
        split: wanted[~held & (usage == SPLITS[split])] for split in SCORED if held[usage == SPLITS[split]].any()
    }
    if not missing:
        raise ModelError(
            f"expected the faces of test, {_told(wanted[usage == SPLITS['test']])}, or of validation, "
            f"{_told(wanted[usage == SPLITS['validation']])}, found none of them: a row counts from 0 over the whole "
            "CSV, not over its split"
        )
    for split, without in missing.items():
        if len(without):
            of = int((usage == SPLITS[split]).sum())
            raise ModelError(
                f"expected all {of:,} {split} faces of {', '.join(scheme.labels)}, found {of - len(without):,}; "
                f"missing are rows {_told(without)}: a score on some of them isn't one on {split}"
            )
    return wanted[held]


def _told(rows: np.ndarray) -> str:
    """Some rows: `3, 8, 9 … 40`."""
    few = [*map(str, rows[:3]), *(["…", str(rows[-1])] if len(rows) > 3 else [])]
    return ", ".join(few).replace(", …,", " …") or "of which this dataset has none"


def _probabilities(table: pd.DataFrame) -> np.ndarray:
    """Float64 `(n, k)`."""
    y_prob = table.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    wrong = ~((y_prob >= 0).all(axis=1) & (np.abs(y_prob.sum(axis=1) - 1) <= ROUNDED * y_prob.shape[1]))
    if wrong.any():
        found = ", ".join(f"{value:.3g}" for value in y_prob[wrong][0])
        raise ModelError(
            f"expected probabilities from 0 to 1 that sum to 1 in each row, found {found} in one of "
            f"{int(wrong.sum()):,} rows where they don't; scores have to go through a softmax first"
        )
    return y_prob / y_prob.sum(axis=1, keepdims=True)


def _check_place(rows: np.ndarray, y_pred: np.ndarray, dataset: FaceDataset, scheme: ClassScheme) -> None:
    """Refuse answers that fit the faces one row before, or one further, far better: these rows count otherwise."""
    classes = scheme.classes(dataset.emotion)
    fits = {step: _accuracy(classes, rows + step, y_pred) for step in (0, -1, 1)}
    best = max(fits, key=fits.__getitem__)
    if fits[best] > fits[0] + SHIFTED:
        raise ModelError(
            "expected rows that count from 0 on, the heading of the CSV not counted, found answers that fit the faces "
            f"far better with {best:+d} added to each row (accuracy {fits[best]:.2f} instead of {fits[0]:.2f})"
        )


def _accuracy(classes: np.ndarray, rows: np.ndarray, y_pred: np.ndarray) -> float:
    """Share of right answers among the faces at `rows` that have a class; 0 where there is none."""
    inside = (rows >= 0) & (rows < len(classes))
    true, answer = classes[rows[inside]], y_pred[inside]
    return float((true == answer)[true >= 0].mean()) if (true >= 0).any() else 0.0
