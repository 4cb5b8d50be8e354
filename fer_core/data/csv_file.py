"""FER2013 as a CSV: a line a face, with its emotion code or name, its 2,304 pixels in one field, and its Usage.

Read in blocks of half a megabyte. A block that is well formed is decoded as a whole; any other is read again
line by line, which is a hundred times slower and tells what is wrong where. Both ways mean the same.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from fer_core.data.archives import open_unpacked
from fer_core.data.block import Block
from fer_core.data.class_names import Mapped, Names
from fer_core.data.dataset import SIDE
from fer_core.errors import DatasetError
from fer_core.labels import EMOTIONS, OUT, USAGES

PIXELS = SIDE * SIDE
EXPECTED = "a CSV with the columns emotion, pixels and Usage"
BLOCK = 1 << 19
"""Bytes decoded at a time: small enough that the intermediate arrays stay in a core's cache."""
LONGEST_LINE = 1 << 16
"""Bytes; the longest honest line has about 9,300."""
_CODES = {str(code): EMOTIONS[code] for code in range(len(EMOTIONS))}
_USAGE = {usage.encode(): usage for usage in USAGES}


@dataclass(frozen=True)
class _Columns:
    """Position of each column, and how many there are; `usage` is None where the file has none.

    `names` tells what is in the column emotion.
    """

    emotion: int
    pixels: int
    usage: int | None
    count: int
    names: Names


def read_csv(path: Path, mapped: Mapped) -> Iterator[Block]:
    """The faces of the CSV at `path`, plain or packed, block by block; `DatasetError` if it is no such CSV.

    The column emotion holds codes, expressions or other names, which mean what they are `mapped` to; `ClassNamesError`
    if one is not.
    """
    names = Names(path, mapped, _CODES)
    with open_unpacked(path) as stream:
        columns = _read_header(stream, path.name, names)
        if columns.usage is None:
            yield Block.of([], notes=["no Usage column: every row counts as Training"])
        row = 0
        for lines in _lines(stream, path.name):
            yield _read_block(lines, row, columns)
            row += len(lines)
    names.check()
    yield Block.of([], notes=names.notes())
    if row == 0:
        raise DatasetError(f"{path.name}: expected a row a face, found a header and no rows")


def _read_header(stream: IO[bytes], name: str, class_names: Names) -> _Columns:
    line = stream.readline(LONGEST_LINE)
    if not line or b"\0" in line or not _is_text(line):
        raise DatasetError(
            f"{name}: expected {EXPECTED}, found {'a file that is no text' if line else 'an empty file'}"
        )
    if b"\r" in line.rstrip(b"\r\n"):
        raise DatasetError(f"{name}: expected lines that end in LF, found some that end in CR alone; save it anew")
    names = [column.strip(' "\r\n').lower() for column in line.decode("utf-8-sig").split(",")]
    for column in ("emotion", "pixels"):
        if column not in names:
            raise DatasetError(f"{name}: expected {EXPECTED}, found no {column} in: {', '.join(names)[:80]}")
    usage = names.index("usage") if "usage" in names else None
    return _Columns(names.index("emotion"), names.index("pixels"), usage, len(names), class_names)


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(stream: IO[bytes], name: str) -> Iterator[list[bytes]]:
    """The lines that are not empty, a block at a time."""
    rest = b""
    while chunk := stream.read(BLOCK):
        *lines, rest = (rest + chunk).split(b"\n")
        if max(map(len, [*lines, rest])) > LONGEST_LINE:
            raise DatasetError(
                f"{name}: expected {PIXELS} pixels a line, found a line longer than {LONGEST_LINE} bytes"
            )
        yield [line for line in lines if line.strip()]
    if rest.strip():
        yield [rest]


def _read_block(lines: list[bytes], first: int, columns: _Columns) -> Block:
    fields = [[field.strip(b' "\r\t') for field in _fields(line, columns.count)] for line in lines]
    texts = [_class_name(field, columns) for field in fields]
    columns.names.see(text for text in texts if text[:1].isalpha() or text in columns.names.codes)
    try:
        emotion = np.array([columns.names.codes[text] for text in texts], np.int8)
        usage = [_usage(field, columns) for field in fields]
        images = decode_pixels([field[columns.pixels] for field in fields])
    except (KeyError, IndexError, ValueError):
        return _read_slowly(fields, first, columns)
    if any(len(field) != columns.count for field in fields):
        return _read_slowly(fields, first, columns)
    kept, usages = emotion != OUT, np.array(usage, "<U11")
    left_out = (first + np.flatnonzero(~kept)).tolist()
    return Block(images[kept], emotion[kept], usages[kept], left_out=left_out)


def _fields(line: bytes, count: int) -> list[bytes]:
    fields = line.split(b",")
    if len(fields) == count or b'"' not in line:
        return fields
    try:
        (quoted,) = csv.reader([line.decode("latin-1")])  # a comma may stand in quotes
    except csv.Error:
        return fields  # which are refused for their number
    return [field.encode("latin-1") for field in quoted]


def _class_name(fields: list[bytes], columns: _Columns) -> str:
    return fields[columns.emotion].decode(errors="replace").lower() if columns.emotion < len(fields) else ""


def _usage(fields: list[bytes], columns: _Columns) -> str:
    return "Training" if columns.usage is None else _USAGE[fields[columns.usage]]


def decode_pixels(texts: list[bytes]) -> np.ndarray:
    """Decode k texts of 2,304 numbers 0-255, one space between, to uint8 `(k, 48, 48)`; `ValueError` for another form.

    All on whole arrays of bytes: the three characters before a separator are a number's hundreds, tens and ones.
    """
    text = np.frombuffer(b"\n\n\n" + b"\n".join(texts) + b"\n", np.uint8)
    is_digit = (text >= 48).view(np.uint8)
    digits = (text - np.uint8(48)) * is_digit
    ends = np.flatnonzero(text[3:] < 48)
    if len(ends) != len(texts) * PIXELS or (text > 57).any():
        raise ValueError(f"expected {PIXELS} numbers each")
    separators = text[3:].take(ends).reshape(-1, PIXELS)
    if (separators[:, :-1] != 32).any() or (separators[:, -1] != 10).any():
        raise ValueError("expected one space between numbers")
    if not is_digit[2:-1].take(ends).all() or (is_digit[:-3] & is_digit[1:-2] & is_digit[2:-1] & is_digit[3:]).any():
        raise ValueError("expected numbers of one to three digits")
    low = (digits[2:-1] + digits[1:-2] * np.uint8(10)).take(ends)
    hundreds = (digits[:-3] * is_digit[1:-2]).take(ends)
    if ((hundreds > 2) | ((hundreds == 2) & (low > 55))).any():
        raise ValueError("expected numbers up to 255")
    return (low + hundreds * np.uint8(100)).reshape(-1, SIDE, SIDE)


def _read_slowly(fields: list[list[bytes]], first: int, columns: _Columns) -> Block:
    faces, bad, left_out = [], [], []
    for row, values in enumerate(fields, first):
        if columns.names.codes.get(_class_name(values, columns)) == OUT:
            left_out.append(row)
            continue
        try:
            faces.append(_read_row(values, columns))
        except ValueError as error:
            bad.append((row, str(error)))
    return Block.of(faces, bad, left_out=left_out)


def _read_row(fields: list[bytes], columns: _Columns) -> tuple[np.ndarray, int, str]:
    """One face; `ValueError` names the column, what was expected and what was found."""
    if len(fields) != columns.count:
        raise ValueError(f"expected {columns.count} columns, found {len(fields)}")
    emotion = columns.names.codes.get(_class_name(fields, columns))
    if emotion is None:
        raise ValueError(f"column emotion: expected a code 0 to 6, found {_show(fields[columns.emotion])}")
    if columns.usage is not None and fields[columns.usage] not in _USAGE:
        raise ValueError(f"column Usage: expected {', '.join(USAGES)}, found {_show(fields[columns.usage])}")
    return _read_pixels(fields[columns.pixels].split()), emotion, _usage(fields, columns)


def _read_pixels(numbers: list[bytes]) -> np.ndarray:
    if len(numbers) != PIXELS:
        raise ValueError(f"column pixels: expected {PIXELS} values, found {len(numbers)}")
    for position, number in enumerate(numbers):
        if not number.isdigit() or len(number) > 3 or int(number) > 255:
            raise ValueError(f"column pixels: expected numbers 0 to 255, found {_show(number)} as value {position}")
    return np.array(numbers).astype(np.uint8).reshape(SIDE, SIDE)


def _show(value: bytes) -> str:
    return repr(value[:20].decode("ascii", "replace"))
