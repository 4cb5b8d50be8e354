"""Where a saved model comes from: what its record keeps of the models that went into it, which may be gone by now.

`parent` is the model that it started from, `parts` are those that it combines, `teachers` those that it learned from.
Each is an origin: the `id` of that model, what of `ORIGIN_KEYS` its record had, and so its own origins in turn. What
went into a model in more than one way is told in full once, and elsewhere by its `id` and `sha256` alone.
"""

from collections.abc import Callable, Iterator, Mapping

from fer_core.integrity import is_short
from fer_core.store import SavedModel

ORIGIN_KEYS = (
    *("scheme", "network", "settings", "dataset", "pixels", "rows", "best_epoch", "training_seconds", "sha256"),
    *("imported", "parent", "parts", "teachers"),
)


def origin(model: SavedModel) -> dict:
    """What the record of another model keeps of `model`: enough to train it again, and to know what it learned from."""
    return {"id": model.id} | {key: model.record[key] for key in ORIGIN_KEYS if key in model.record}


def told_once(record: Mapping, told: set[str] | None = None) -> dict:
    """`record` with each model that went into it told in full once, where `trainings` comes first.

    Otherwise records would double with each step of a model that is tuned by its forerunners' help. `told` are the
    identities of those that are told already, and grows.
    """
    told = set() if told is None else told
    return _teachers_once(_line_once(record, told), told)


def trainings(record: Mapping, *, taught: bool = False) -> Iterator[Mapping]:
    """The trainings that the weights of a model with that `record` come from, its own first, each once.

    Records and origins, those of models from elsewhere too, of whose training nothing is known. With `taught` also
    what its teachers learned.
    """
    yield from {_identity(one): one for one in _all(record, taught)}.values()


def rows_learned(record: Mapping) -> str:
    """The rule for the rows that the weights learned from: `all`, `clean`, which leaves copies out, or empty: unknown.

    One training from all rows is enough for `all`.
    """
    rules = {one["settings"].get("rows", "all") if one["settings"] else "" for one in trainings(record)}
    return next((rule for rule in ("all", "", "clean") if rule in rules), "")


def _all(record: Mapping, taught: bool) -> Iterator[Mapping]:
    if is_short(record):
        return
    if record["settings"] or "imported" in record or "answers" in record:
        yield record
    before = [*filter(None, [record.get("parent")]), *record.get("parts", ())]
    for one in [*before, *(record.get("teachers", ()) if taught else ())]:
        yield from _all(one, taught)


def _line_once(one: Mapping, told: set[str]) -> dict:
    """Those that it started from or combines, and theirs."""
    return _mapped(one, ("parent", "parts"), lambda origin: _shortened(origin, told) or _line_once(origin, told))


def _teachers_once(one: Mapping, told: set[str]) -> dict:
    """Those that it and its line learned from, with all that went into them."""
    line = _mapped(one, ("parent", "parts"), lambda origin: _teachers_once(origin, told))
    return _mapped(line, ("teachers",), lambda origin: _shortened(origin, told) or told_once(origin, told))


def _shortened(origin: Mapping, told: set[str]) -> dict | None:
    """The short form of what is told already; None for what is told here, from now on."""
    if is_short(origin) or _identity(origin) in told:
        return {"id": origin["id"], "sha256": origin["sha256"]}
    told.add(_identity(origin))
    return None


def _mapped(one: Mapping, keys: tuple[str, ...], change: Callable[[Mapping], dict]) -> dict:
    """`one` with its origins under `keys` changed."""
    found = {key: one[key] for key in keys if key in one}
    return {**one} | {
        key: change(value) if isinstance(value, Mapping) else list(map(change, value)) for key, value in found.items()
    }


def _identity(record: Mapping) -> str:
    """The sha256 of its network; of a run that has none yet, or where it wasn't kept, its name."""
    return record.get("sha256") or record.get("id") or record["name"]
