"""Where a saved model comes from: what its record keeps of the models that went into it, which may be gone by now.

`parent` is the model that it started from, `parts` are those that it combines, `teachers` those that it learned from.
Each is an origin: the `id` of that model, what of `ORIGIN_KEYS` its record had, and so its own origins in turn.
"""

from collections.abc import Iterator, Mapping

from fer_core.store import SavedModel

ORIGIN_KEYS = (
    *("scheme", "network", "settings", "dataset", "pixels", "rows", "best_epoch", "training_seconds", "sha256"),
    *("imported", "parent", "parts", "teachers"),
)


def origin(model: SavedModel) -> dict:
    """What the record of another model keeps of `model`: enough to train it again, and to know what it learned from."""
    return {"id": model.id} | {key: model.record[key] for key in ORIGIN_KEYS if key in model.record}


def trainings(record: Mapping, *, taught: bool = False) -> Iterator[Mapping]:
    """The trainings that the weights of a model with that `record` come from, its own first, each once.

    Records and origins, those of imported models too, of whose training nothing is known. With `taught` also what its
    teachers learned.
    """
    yield from {_identity(one): one for one in _all(record, taught)}.values()


def _all(record: Mapping, taught: bool) -> Iterator[Mapping]:
    if record["settings"] or "imported" in record:
        yield record
    before = [*filter(None, [record.get("parent")]), *record.get("parts", ())]
    for one in [*before, *(record.get("teachers", ()) if taught else ())]:
        yield from _all(one, taught)


def _identity(record: Mapping) -> str:
    """The sha256 of its network; of a run that has none yet, or where it wasn't kept, its name."""
    return record.get("sha256") or record.get("id") or record["name"]
