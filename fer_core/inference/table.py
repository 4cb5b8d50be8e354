"""Faces of many pictures as a table: one row a face, in the order of the pictures.

| column | what |
|---|---|
| `path` | the picture |
| `face` | its number in the picture, from 1: rows from the top, each from left to right |
| `x`, `y`, `w`, `h` | its box in pixels |
| `label` | the answer; empty where the classifier abstains |
| `p_<class>` | probabilities in [0, 1] |
| `error` | why there is no face: what is wrong with the picture, or `no face found`; a `note` on one that was none |

A picture with an error has one row, with `path` and `error` alone. The table's metadata say what an answer is and is
not, `labels.MEANING`, under `meaning`.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from fer_core.labels import MEANING

NO_FACE = "no face found"
_BOX = ("x", "y", "w", "h")


def schema(labels: Iterable[str]) -> pa.Schema:
    """The columns for these classes."""
    whole = [(name, pa.int32()) for name in ("face", *_BOX)]
    shares = [(f"p_{label}", pa.float64()) for label in labels]
    columns = [("path", pa.string()), *whole, ("label", pa.string()), *shares, ("error", pa.string())]
    return pa.schema(columns, {"meaning": MEANING})


def to_table(files: Iterable[dict], columns: pa.Schema) -> pa.Table:
    """The rows of `{path, faces}`, with a `note` or without, and `{path, error}`."""
    return pa.Table.from_pylist([row for file in files for row in _rows(file)], columns)


def to_files(table: pa.Table) -> list[dict]:
    """The `{path, faces}` and `{path, error}` that `table` was made of."""
    files: dict[str, dict] = {}
    for row in table.to_pylist():
        if row["face"] is None:
            files[row["path"]] = _without_face(row)
        else:
            files.setdefault(row["path"], {"path": row["path"], "faces": []})["faces"].append(_face(row))
    return list(files.values())


def _rows(file: dict) -> Iterator[dict]:
    for number, face in enumerate(file.get("faces", ()), 1):
        place = {"path": file["path"], "face": number} | dict(zip(_BOX, face["box"], strict=True))
        shares = {f"p_{label}": share for label, share in face["probabilities"].items()}
        yield place | {"label": face["label"]} | shares | {"error": file.get("note")}
    if not file.get("faces"):
        yield {"path": file["path"], "error": file.get("error", NO_FACE)}


def _without_face(row: dict) -> dict:
    return {"path": row["path"]} | ({"faces": []} if row["error"] == NO_FACE else {"error": row["error"]})


def _face(row: dict) -> dict:
    shares = {name.removeprefix("p_"): value for name, value in row.items() if name.startswith("p_")}
    return {"box": [row[name] for name in _BOX], "probabilities": shares, "label": row["label"]}
