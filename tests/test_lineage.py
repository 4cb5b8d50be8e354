"""What a record keeps of the models behind it: by hand, on records."""

from pathlib import Path

from fer_core.lineage import origin, rows_learned, told_once, trainings
from fer_core.store import SavedModel

SETTINGS = {"epochs": 1}


def model(name: str, **more) -> SavedModel:
    return SavedModel(name, Path(name), {"name": name, "settings": SETTINGS, "sha256": name, "tags": ["x"]} | more)


def test_an_origin_keeps_what_made_the_model():
    """Its settings and its file's sha256, and its own origins in turn; not what its owner wrote on it."""
    told = origin(model("child", parent=origin(model("parent")), training_seconds=5.0))
    assert told == {
        "id": "child",
        "settings": SETTINGS,
        "sha256": "child",
        "training_seconds": 5.0,
        "parent": {"id": "parent", "settings": SETTINGS, "sha256": "parent"},
    }


def test_each_training_is_told_once():
    """Of a soup of a model and what was tuned from it: both, once each; what only taught is told where it is asked."""
    first = model("first", teachers=[origin(model("teacher"))])
    tuned = model("tuned", parent=origin(first))
    soup = model("soup", settings={}, parts=[origin(tuned), origin(first)])
    assert [one["id"] for one in trainings(soup.record)] == ["tuned", "first"]
    assert [one["id"] for one in trainings(soup.record, taught=True)] == ["tuned", "first", "teacher"]
    assert next(trainings(tuned.record)) is tuned.record


def test_what_went_in_twice_is_told_once():
    """Where a part comes from stands with the part, also if another part learned from it; the rest is ids."""
    first = model("first", parent=origin(model("old")))
    taught = model("taught", teachers=[origin(first), origin(model("other", parent=origin(first)))])
    record = told_once(model("soup", settings={}, parts=[origin(taught), origin(first)]).record)
    short = {"id": "first", "sha256": "first"}
    assert record["parts"][1] == origin(first)
    assert record["parts"][0]["teachers"] == [short, origin(model("other")) | {"parent": short}]
    assert [one["id"] for one in trainings(record)] == ["taught", "first", "old"]
    assert {one["id"] for one in trainings(record, taught=True)} == {"taught", "first", "old", "other"}
    assert told_once(record) == record


def test_a_record_grows_by_a_step_not_by_all_before():
    """Ten models, each tuned from the last and taught by the two last: nine told in full, once each."""
    line = [model("0"), model("1")]
    for name in map(str, range(2, 11)):
        record = model(name, parent=origin(line[-1]), teachers=list(map(origin, line[-2:]))).record
        line.append(SavedModel(name, Path(name), told_once(record)))
    assert str(line[-1].record).count("epochs") == 11


def test_an_imported_model_is_told_too():
    """That nothing is known of its training has to be said."""
    soup = model(
        "soup", settings={}, parts=[origin(model("a")), origin(model("b", settings={}, imported={"file": "x"}))]
    )
    assert [one["id"] for one in trainings(soup.record)] == ["a", "b"]


def test_one_training_from_all_rows_is_enough():
    """Of the model itself or of what it started from; of what was imported nothing is known."""
    clean, every = (
        {"id": "c", "sha256": "c", "settings": {"rows": "clean"}},
        {"id": "a", "sha256": "a", "settings": {"rows": "all"}},
    )
    brought = {"id": "b", "sha256": "b", "settings": {}, "imported": {}}
    expected = [
        ({"name": "m"} | clean, "clean"),
        ({"name": "m"} | clean | {"parent": every}, "all"),
        ({"name": "m", "settings": {}, "parts": [clean, clean]}, "clean"),
        ({"name": "m", "settings": {}, "parts": [clean, brought]}, ""),
        ({"name": "m", "settings": {}, "parts": [brought, every]}, "all"),
        ({"name": "m"} | clean | {"teachers": [every]}, "clean"),
        ({"name": "m", "settings": {}, "answers": {}}, ""),
    ]
    assert [rows_learned(record) for record, _ in expected] == [rule for _, rule in expected]
