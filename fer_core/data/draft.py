"""The draft of a dataset: edits that are not saved as a version yet, kept in a journal on disk.

`draft.jsonl` lies beside the dataset's versions. Each command appends one line, whatever the number of faces; nothing
in it is ever changed, so that nothing is lost and several tabs see each other's edits:

| `do` | beside it | what |
|---|---|---|
| `relabel` | `labels` (emotion name → rows), `why` | these faces have these labels |
| `exclude` | `rows`, `why` | these are left out |
| `restore` | `rows` | these are as in the dataset |
| `continue` | `base`, `labels`, `rows` left out | from here on the edits are those of the version called so |
| `undo` | | the last command that is not undone yet, is |
| `saved` | as `continue` | the edits became this version; nothing before it can be undone |

All have `time`, seconds since 1970. A line that a kill cut short was never told to be done, and is left out.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from filelock import FileLock

from fer_core.data.dataset import FaceDataset
from fer_core.data.versions import (
    DRAFT,
    Version,
    by_emotion,
    by_row,
    folder_of,
    read_version,
    save_version,
    version_file,
)
from fer_core.errors import VersionError, reason
from fer_core.labels import EMOTIONS
from fer_core.paths import append_line

Rows = Sequence[int] | np.ndarray
KEYS = {
    "relabel": {"labels"},
    "exclude": {"rows"},
    "restore": {"rows"},
    "undo": set(),
    "continue": {"base", "labels", "rows"},
    "saved": {"base", "labels", "rows"},
}
"""What a line has to hold beside `do` and `time`."""


@dataclass(frozen=True)
class Command:
    """One line of the journal: what was done, `relabel`, `exclude`, `restore` or `continue`, and to which rows."""

    do: str
    rows: tuple[int, ...]
    """All of `labels`, or those left out or brought back; of `continue` those that its base leaves out."""
    labels: dict[int, int]
    """Row → emotion code; of `continue` all that its base has."""
    base: str = ""
    why: str = ""
    time: float = 0.0


class Draft:
    """The edits of a dataset as they stood when this was opened or last told to do something; none at first.

    `labels` maps rows with another label than the dataset's to emotion codes, `excluded` are rows left out, ascending.
    `commands`, oldest first, are those since the last saving; `base` is the version that the edits continue, empty for
    the dataset as it was read; `lines` is how long the journal was.
    """

    def __init__(self, dataset: FaceDataset):
        self._dataset = dataset
        self._path = folder_of(dataset.fingerprint) / "draft.jsonl"
        self._read()

    @property
    def edited(self) -> bool:
        """Whether it differs from its base, or where that is gone from the dataset."""
        return (self.labels, self.excluded) != (({}, ()) if self.base_gone else self._begun)

    @property
    def base_gone(self) -> bool:
        """Whether its base is a version that was deleted since."""
        return bool(self.base) and not self._stands(self.base)

    def changed(self, version: Version | None) -> set[int]:
        """The rows of which it says something else than `version`, or than the dataset as it was read."""
        labels, excluded = (version.labels, version.excluded) if version else ({}, ())
        own = self._dataset.emotion
        rows = {*labels, *self.labels}
        relabelled = {row for row in rows if labels.get(row, own[row]) != self.labels.get(row, own[row])}
        return relabelled | ({*excluded} ^ {*self.excluded})

    @property
    def version(self) -> Version:
        """The draft as a version that has no file."""
        return Version(DRAFT, self._dataset.fingerprint, self.labels, self.excluded, parent=self.base)

    def relabel(self, rows: Rows, emotion: int | Rows, why: str = "") -> None:
        """Give the faces at `rows` the label of that emotion code, or each its own; those left out stay so.

        Raises `VersionError`, as all that edits does, for a row that the dataset hasn't or that another tab has edited
        since, and `ValueError` for a code of no emotion.
        """
        codes = np.broadcast_to(emotion, len(rows)).tolist()
        if wrong := set(codes) - set(range(len(EMOTIONS))):
            raise ValueError(f"emotion: expected codes from 0 to {len(EMOTIONS) - 1}, found {wrong.pop()}")
        labels = dict(zip(self._checked(rows), codes, strict=True))
        self._edit("relabel", [*labels], labels=by_emotion(labels), why=why)

    def exclude(self, rows: Rows, why: str = "") -> None:
        """Leave the faces at `rows` out."""
        checked = self._checked(rows)
        self._edit("exclude", checked, rows=checked, why=why)

    def restore(self, rows: Rows) -> None:
        """Bring the faces at `rows` back, with the labels that the dataset has."""
        checked = self._checked(rows)
        self._edit("restore", checked, rows=checked)

    def undo(self) -> None:
        """Take the last of `commands` back; `VersionError` where there is none, or another tab did something since."""
        with self._as_seen("undo again"):
            if not self.commands:
                raise VersionError("undo: expected an edit since the last saving, found none")
            self._append("undo")

    def continue_from(self, version: Version | None) -> None:
        """Replace the edits by those of `version`, or by none; can be undone.

        `VersionError` as for `undo`, and where the version was deleted meanwhile.
        """
        with self._as_seen("continue from it"):
            if version and not self._stands(version.name):
                raise VersionError(f"version {version.name!r}: expected its file, found that it was deleted meanwhile")
            self._append("continue", **_state(version))

    def save(self, name: str, note: str = "", author: str = "") -> Version:
        """Save the draft as a version; the next edits continue that.

        Raises `VersionError` where another tab has edited since, nothing is edited, or the version cannot be saved.
        """
        with self._as_seen("save again"):
            if not self.edited:
                raise VersionError("draft: expected edits to save, found none")
            fingerprint = self._dataset.fingerprint
            path = save_version(Version(name, fingerprint, self.labels, self.excluded, note, author, self.base))
            version = read_version(self._dataset, name)
            try:
                self._append("saved", **_state(version))
            except OSError:  # no room: as if nothing was done
                path.unlink()
                raise
        return version

    def _stands(self, version: str) -> bool:
        return version_file(self._dataset.fingerprint, version).is_file()

    def _checked(self, rows: Rows) -> list[int]:
        numbers = np.asarray(rows, np.int64)
        if (wrong := (numbers < 0) | (numbers >= len(self._dataset))).any():
            most = len(self._dataset) - 1
            raise VersionError(f"draft: expected rows from 0 to {most:,}, found {numbers[wrong][0]}; nothing was done")
        return numbers.tolist()

    def _edit(self, do: str, at: list[int], **what: Any) -> None:
        if not at:
            return
        seen = self._of(at)
        with self._locked():
            self._read()
            if self._of(at) != seen:
                raise VersionError(
                    "draft: expected these faces as they were seen here, found an edit of another tab; look at them, "
                    "then edit again"
                )
            self._append(do, **what)

    def _of(self, rows: list[int]) -> tuple[dict[int, int], set[int]]:
        """What the draft makes of `rows`: new labels, and those left out."""
        return {row: self.labels[row] for row in rows if row in self.labels}, {*rows}.intersection(self.excluded)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the journal, and read it again in the end."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.parent / ".draft.lock"):
                yield
        except OSError as error:
            raise VersionError(
                f"{self._path}: expected a file to keep edits in, found: {reason(error)}; nothing was done"
            ) from error
        self._read()

    @contextmanager
    def _as_seen(self, again: str) -> Iterator[None]:
        """The same, if nobody has written since this draft was read."""
        with self._locked():
            if self._bytes().count(b"\n") != self.lines:
                raise VersionError(
                    f"draft: expected it as it was seen here, found edits of another tab; look at them, then {again}"
                )
            yield

    def _bytes(self) -> bytes:
        return self._path.read_bytes() if self._path.exists() else b""

    def _append(self, do: str, **what: Any) -> None:
        line = json.dumps({"do": do, "time": round(time.time(), 3)} | what, ensure_ascii=False)
        append_line(self._path, line, sync=True)

    def _read(self) -> None:
        text = self._bytes()
        self.lines = text.count(b"\n")
        stack = [Command("saved", (), {})]
        for command in filter(None, map(self._parse, _since_saving(text))):
            if command.do == "saved":
                stack = [command]
            elif command.do != "undo":
                stack.append(command)
            elif len(stack) > 1:
                stack.pop()
        self.commands = tuple(stack[1:])
        first = max(index for index, command in enumerate(stack) if command.do in ("saved", "continue"))
        self.base, self._begun = stack[first].base, self._done(stack[first : first + 1])
        self.labels, self.excluded = self._done(stack[first:])

    def _done(self, commands: Sequence[Command]) -> tuple[dict[int, int], tuple[int, ...]]:
        """What all `commands` come to: labels, without those that the dataset has anyway, and rows left out."""
        labels: dict[int, int] = {}
        excluded: set[int] = set()
        for command in commands:
            if command.do == "restore":
                excluded.difference_update(command.rows)
                for row in command.rows:
                    labels.pop(row, None)
            else:
                labels |= command.labels
                excluded.update(() if command.do == "relabel" else command.rows)
        own = self._dataset.emotion.tolist()
        return {row: code for row, code in labels.items() if own[row] != code}, tuple(sorted(excluded))

    def _parse(self, line: bytes) -> Command | None:
        """A line of the journal; None for one cut short. `VersionError` for one that is whole and no command."""
        try:
            told = json.loads(line)
        except ValueError:
            return None
        try:
            if not KEYS[told["do"]] <= set(told):
                raise ValueError("keys")
            labels = by_row(told.get("labels", {}))
            rows = tuple(told.get("rows", labels))
            every = {*rows, *labels}
            if every and not ({*map(type, every)} == {int} and 0 <= min(every) <= max(every) < len(self._dataset)):
                raise ValueError("rows")
            datetime.fromtimestamp(told["time"], UTC)
            return Command(told["do"], rows, labels, str(told.get("base", "")), str(told.get("why", "")), told["time"])
        except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
            raise VersionError(
                f"{self._path}: expected edits of {self._dataset.source}, found "
                f"{line[:60].decode(errors='replace')!r}; remove that line"
            ) from error


def _state(version: Version | None) -> dict[str, Any]:
    if version is None:
        return {"base": "", "labels": {}, "rows": []}
    return {"base": version.name, "labels": by_emotion(version.labels), "rows": list(version.excluded)}


def _since_saving(text: bytes) -> list[bytes]:
    """The lines of the journal from the last whole one on that tells of a saving; all, where there is none."""
    begin = len(text)
    while (begin := text.rfind(b'{"do": "saved"', 0, begin)) >= 0:  # in no word: quotes are escaped there
        lines = text[begin:].splitlines()
        with suppress(ValueError):  # cut by a kill: the one before it counts
            json.loads(lines[0])
            return lines
    return text.splitlines()
