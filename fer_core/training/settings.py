"""Settings of a run as words: `width=24`, `sides=32,48`, `minutes=none`."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import fields
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from fer_core.labels import choose
from fer_core.training.config import PRESETS, TrainConfig

EXPECTED = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", NoneType: "none"}
BOOLS = {"true": True, "false": False}


def parse_settings(words: Iterable[str]) -> dict[str, Any]:
    """`SETTING=VALUE` words to values by the types of `TrainConfig`'s fields.

    The items of a tuple are separated by commas. Raises `ValueError` for a word without `=`, an unknown setting, a
    value of another type or a second one; the range of a value is checked by `TrainConfig` itself.
    """
    told = parse_tried(words)
    for name, values in told.items():
        if len(values) > 1:
            raise ValueError(f"{name}: expected one value, found {' and '.join(map(as_word, values))}; leave one out")
    return {name: value for name, (value,) in told.items()}


def parse_tried(words: Iterable[str]) -> dict[str, list[Any]]:
    """As `parse_settings`, but several words for one setting are all its values, in their order."""
    tried: dict[str, list[Any]] = {}
    for name, value in map(_parse, words):
        tried.setdefault(name, []).append(value)
    return tried


def as_word(value: Any) -> str:
    """The value of a setting, of a config or its JSON, as `parse_settings` reads it."""
    if isinstance(value, tuple | list):
        return ",".join(map(str, value))
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def as_command(configs: Sequence[TrainConfig], source: str, name: str | None = None, *, skip_bad: bool = False) -> str:
    """The command that trains with the one of `configs` on `source`, or tries them all, from the preset nearest to it.

    Several have to be what `tuning.variations` makes.
    """
    values = {field.name: [getattr(config, field.name) for config in configs] for field in fields(TrainConfig)}
    tried = {key: dict.fromkeys(of_all) for key, of_all in values.items() if len(set(of_all)) > 1}

    def changed(preset: str) -> list[str]:
        known = PRESETS[preset]
        return [key for key in values if key not in tried and values[key][0] != getattr(known, key)]

    preset = min(PRESETS, key=lambda known: len(changed(known)))
    words = ["python", "-m", "fer_core", "tune" if tried else "train", "--preset", preset]
    words += [word for key in changed(preset) for word in ("--set", f"{key}={as_word(values[key][0])}")]
    words += [word for key, some in tried.items() for value in some for word in ("--try", f"{key}={as_word(value)}")]
    words += ["--source", source] + (["--skip-bad"] if skip_bad else [])
    return shlex.join([*words, *(["--name", name] if name else [])])


def _parse(word: str) -> tuple[str, Any]:
    name, equals, value = map(str.strip, word.partition("="))
    if not equals:
        raise ValueError(f"setting: expected SETTING=VALUE, found {word!r}")
    kind = choose("setting", name, get_type_hints(TrainConfig))
    try:
        return name, _value(kind, value)
    except ValueError:
        raise ValueError(f"{name}: expected {_words(kind)}, found {value!r}") from None


def _value(kind: Any, word: str) -> Any:
    if get_origin(kind) is tuple:
        return tuple(_value(get_args(kind)[0], item.strip()) for item in word.split(",")) if word else ()
    kinds = get_args(kind) or (kind,)
    if NoneType in kinds and word.lower() == "none":
        return None
    if kinds[0] is bool:
        return choose("value", word.lower(), BOOLS)
    return kinds[0](word)


def _words(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"{EXPECTED[get_args(kind)[0]]} or several, separated by commas"
    return " or ".join(EXPECTED[each] for each in get_args(kind) or (kind,))
