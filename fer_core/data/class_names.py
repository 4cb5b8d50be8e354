"""Which emotion the class names of a dataset mean: the known ones, and those that its user mapped.

A name is the folder that an image lies in, or the word in a CSV's column emotion, in lower case. What the user mapped
is kept in the data folder, a file for each folder or CSV:

| key | value |
|---|---|
| `path` | of the folder or CSV |
| `names` | name → one of `labels.EMOTIONS`, or null: faces of that name are left out |
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from fer_core.errors import DatasetError, reason
from fer_core.labels import EMOTIONS, OUT
from fer_core.paths import data_dir, write_text

Mapped = Mapping[str, str | None]
"""Name → emotion, or None to leave its faces out."""
_SYNONYMS = (
    ("angry", "anger"),
    ("disgust", "disgusted"),
    ("fear", "fearful"),
    ("happy", "happiness"),
    ("sad", "sadness"),
    ("surprise", "surprised"),
    ("neutral",),
)
KNOWN = {name: code for code, names in enumerate(_SYNONYMS) for name in names}
"""Class name, in lower case, → emotion code: what needs no mapping."""
_BEGINNINGS = (
    ("angr", "anger"),
    ("disgust",),
    ("fear", "afraid", "scare"),
    ("happ", "joy"),
    ("sad",),
    ("surpris",),
    ("neutral",),
)
_TOLD = 20
"""Unknown names that an error spells out."""


class ClassNamesError(DatasetError):
    """A dataset has classes of which nobody said yet what they mean: `counts`, name → faces, of the one at `path`."""

    def __init__(self, path: Path, counts: Mapping[str, int]):
        self.path, self.counts = path, dict(counts)
        told = ", ".join(f"{name} ({n:,})" for name, n in list(counts.items())[:_TOLD])
        more = f" and {len(counts) - _TOLD:,} more" if len(counts) > _TOLD else ""
        first = next(iter(counts))
        super().__init__(
            f"{path.name}: expected classes called {', '.join(EMOTIONS)}, found others, with so many faces: "
            f"{told}{more}; say what each means (--map {first}=Neutral), or leave it out (--map {first}=)"
        )


MANY = 50
"""So many unknown names nobody is asked about."""


class Names:
    """What the names in one dataset mean, and how often those were seen that are not known by themselves.

    `also`: what is known in this kind of dataset beside the expressions.
    """

    def __init__(self, path: Path, mapped: Mapped, also: Mapped = MappingProxyType({})):
        self._path, self._mapped = path, mapped
        self._unknown: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        codes = {name: OUT if word is None else EMOTIONS.index(word) for name, word in {**also, **mapped}.items()}
        self.codes: dict[str, int] = KNOWN | codes
        """Name → emotion code, or `OUT`; of each name that was seen."""

    def see(self, names: Iterable[str]) -> None:
        """Count `names`, and take the unknown ones for left out until `check`."""
        for name in names:
            if name in self._mapped:
                self._seen[name] += 1
            elif name in self._unknown or name not in self.codes:
                self._unknown[name] += 1
                self.codes[name] = OUT

    def check(self) -> None:
        """Raise `ClassNamesError` if there were some."""
        if len(self._unknown) > MANY:
            some = ", ".join(sorted(self._unknown)[:3])
            found = f"{len(self._unknown):,} others, such as {some}"
            raise DatasetError(f"{self._path.name}: expected names of expressions, found {found}; are these people?")
        if self._unknown:
            raise ClassNamesError(self._path, dict(sorted(self._unknown.items())))

    def notes(self) -> list[str]:
        """What became of the faces whose names were mapped, in a sentence; empty where none was."""
        told = [_told(name, emotion, self._seen[name]) for name, emotion in sorted(self._mapped.items())]
        return [f"classes as you named them: {'; '.join(told)}"] if told else []


def read_names(path: Path) -> dict[str, str | None]:
    """What the user mapped for the folder or CSV at `path`; empty where nothing. Raises `DatasetError`."""
    file = names_file(path)
    try:
        return _checked(json.loads(file.read_text("utf-8"))["names"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, DatasetError) as error:
        raise DatasetError(
            f"{file}: expected the class names of {path.name}, found something else ({error}): remove it, and name "
            "them again"
        ) from error


def save_names(path: Path, names: Mapped) -> None:
    """Map `names` of the folder or CSV at `path`, beside those that were before; `DatasetError` for no emotion."""
    told = {"path": str(path.resolve()), "names": read_names(path) | _checked(names)}
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    file = names_file(path)
    try:
        write_text(file, text)
    except OSError as error:
        raise DatasetError(f"{file}: expected a place for the class names, found: {reason(error)}") from error


def parse_names(words: Sequence[str]) -> dict[str, str | None]:
    """`["contempt=Disgust", "other="]` → names; `ValueError` for another form."""
    pairs = [word.partition("=") for word in words]
    if wrong := [word for word, (name, equals, _) in zip(words, pairs, strict=True) if not (name.strip() and equals)]:
        raise ValueError(f"map: expected NAME=EXPRESSION, or NAME= to leave it out, found {wrong[0]!r}")
    return {name: emotion.strip() or None for name, _, emotion in pairs}


def proposed(name: str) -> str | None:
    """The emotion that `name` seems to mean: one that a word of it begins like, where no other word says another."""
    words = re.findall(r"[a-z]+", name.lower())
    like = [
        emotion
        for emotion, beginnings in zip(EMOTIONS, _BEGINNINGS, strict=True)
        if any(word.startswith(beginnings) for word in words)
    ]
    return like[0] if len(like) == 1 else None


def names_file(path: Path) -> Path:
    """Where `save_names` keeps what was mapped for `path`."""
    path = path.expanduser().resolve()
    return data_dir() / "names" / f"{path.name}-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}.json"


def _checked(names: Mapped) -> dict[str, str | None]:
    """Lower-case names with emotions as `EMOTIONS` writes them."""
    checked: dict[str, str | None] = {}
    for name, emotion in names.items():
        code = OUT if emotion is None else KNOWN.get(emotion.lower())
        if code is None:
            raise DatasetError(f"class {name}: expected one of {', '.join(EMOTIONS)}, or none, found {emotion!r}")
        checked[name.strip().lower()] = None if code == OUT else EMOTIONS[code]
    return checked


def _told(name: str, emotion: str | None, n: int) -> str:
    faces = f"{n:,} {'face' if n == 1 else 'faces'}"
    return f"{name} is {emotion} ({faces})" if emotion else f"{name} is left out ({faces})"
