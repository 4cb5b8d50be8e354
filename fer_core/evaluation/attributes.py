"""What somebody knows about faces and brings as a CSV: a column `row`, and one column an attribute.

The workbench never guesses anything about the people on the pictures.
"""

import csv
import io
from collections import Counter

import numpy as np
import pandas as pd

from fer_core.errors import DatasetError


def read_attributes(data: bytes, faces: int | None = None) -> pd.DataFrame:
    """The table in `data`, a CSV: indexed by `row`, int64, a row of the dataset; other columns as they are.

    `faces` is how many rows the dataset has, where that is known; a table needn't tell of all of them. Raises
    `DatasetError` where there is no table, no column `row` or none beside it, a row that is no row of the dataset or
    stands twice, or an attribute without a value or with one that is no finite number.
    """
    table = _read(data)
    if "row" not in table or len(table.columns) < 2:
        raise _unlike("a column `row` and at least one more", f"columns {', '.join(map(str, table.columns))[:200]}")
    if not len(table):
        raise _unlike("at least one line below the header", "none")
    table["row"] = _rows(table["row"], faces)
    if (twice := table["row"].duplicated()).any():
        raise _unlike("each row once", f"row {table['row'][twice].iloc[0]} again in line {_line(twice)}")
    numbers = table.select_dtypes("number")
    if endless := [name for name in numbers if np.isinf(numbers[name]).any()]:
        raise _unlike("finite numbers", f"inf in {endless[0]}")
    if empty := [name for name in table if table[name].isna().all()]:
        raise _unlike("values in each column", f"none in {empty[0]}")
    return table.set_index("row")


def _read(data: bytes) -> pd.DataFrame:
    try:
        names = next(csv.reader(data.decode("utf-8-sig").lstrip().splitlines(), skipinitialspace=True), [])
        if twice := [name for name, n in Counter(map(str.strip, names)).items() if n > 1]:
            raise _unlike("each column name once", f"{twice[0]} again")  # of which pandas would make another name
        table = _table(data)
    except UnicodeDecodeError:
        raise _unlike("text in UTF-8", "other bytes") from None
    except ValueError as error:  # pandas' own errors are ValueErrors
        raise _unlike("a table with commas between its columns", " ".join(str(error).split())) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas takes what stands in front of the first name for an index
        raise _unlike("as many cells in a line as there are names in the header", "more")
    return table.rename(columns=lambda name: str(name).strip())


def _table(data: bytes) -> pd.DataFrame:
    """As pandas reads it: `NA` and the like are missing among numbers, and words among words."""
    numbers, words = (
        pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", skipinitialspace=True, na_values=[""], keep_default_na=some)
        for some in (True, False)
    )
    for name in numbers.select_dtypes("number"):
        if numbers[name].notna().any():
            words[name] = numbers[name]
    return words


def _rows(found: pd.Series, faces: int | None) -> pd.Series:
    numbers = pd.to_numeric(found, errors="coerce")
    wrong = ~(numbers >= 0) | (numbers % 1 != 0) | (numbers >= (faces or 2**53))  # NaN compares false, so it is wrong
    if wrong.any():
        expected = f"rows from 0 to {faces - 1:,}" if faces else "rows, whole numbers from 0,"
        raise _unlike(f"{expected} in the column `row`", f"{str(found[wrong].iloc[0])[:40]!r} in line {_line(wrong)}")
    return numbers.astype(np.int64)


def _line(where: pd.Series) -> int:
    """The line of the file that the first true one of `where` stands in; the header is line 1."""
    return int(where.to_numpy().argmax()) + 2


def _unlike(expected: str, found: str) -> DatasetError:
    return DatasetError(f"CSV of attributes: expected {expected}, found {found}; mend the file and load it again")
