"""Faces of pictures as rows, and back."""

import pytest

from fer_core.inference.table import NO_FACE, schema, to_files, to_table


@pytest.fixture
def files() -> list[dict]:
    """Two faces, one of them unsure; none; a damaged picture."""
    sure = {"box": [1, 2, 3, 4], "probabilities": {"Sad": 0.75, "Happy": 0.25}, "label": "Sad"}
    unsure = {"box": [5, 6, 7, 8], "probabilities": {"Sad": 0.5, "Happy": 0.5}, "label": None}
    return [
        {"path": "a.png", "faces": [sure, unsure]},
        {"path": "b.png", "faces": []},
        {"path": "c.png", "error": "expected a picture, found an empty file"},
    ]


def test_a_row_a_face(files):
    """Numbered in their picture; a picture without a face has one row that says why."""
    table = to_table(files, schema(("Sad", "Happy"))).to_pylist()
    assert [(row["path"], row["face"], row["label"]) for row in table] == [
        ("a.png", 1, "Sad"),
        ("a.png", 2, None),
        ("b.png", None, None),
        ("c.png", None, None),
    ]
    assert [row["error"] for row in table] == [None, None, NO_FACE, files[2]["error"]]
    assert [table[1][name] for name in ("x", "y", "w", "h", "p_Sad", "p_Happy")] == [5, 6, 7, 8, 0.5, 0.5]


def test_rows_become_the_same_files(files):
    """Nothing that the verb tells is lost in the table."""
    assert to_files(to_table(files, schema(("Sad", "Happy")))) == files


def test_no_picture_is_an_empty_table():
    """With its columns."""
    assert to_table([], schema(("Sad",))).column_names == [
        "path",
        "face",
        "x",
        "y",
        "w",
        "h",
        "label",
        "p_Sad",
        "error",
    ]
