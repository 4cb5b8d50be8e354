"""Where faces come from, each source by one string."""

import os
from collections.abc import Callable
from pathlib import Path

from fer_core.data import demo, folder, kaggle
from fer_core.data.archives import rank
from fer_core.data.cache import cached
from fer_core.data.class_names import read_names
from fer_core.data.csv_file import read_csv
from fer_core.data.dataset import FaceDataset
from fer_core.data.votes import VOTES_FILE, find_votes, is_shared, read_votes
from fer_core.errors import DatasetError
from fer_core.paths import data_dir, existing

NAMED = ("demo", "kaggle")
"""Sources that are no paths."""

PACKED = (".csv", ".csv.gz", ".csv.xz", ".tar.gz", ".zip")


def default_source() -> str:
    """The variable `FER_SOURCE`, else the CSV that lies in the data folder, else `demo`."""
    if named := os.environ.get("FER_SOURCE"):
        return named
    lying = (  # what macOS lays beside files, `._faces.csv`, is none
        path for path in data_dir().glob("[!.]*") if path.name.lower().endswith(PACKED) and path.name != VOTES_FILE
    )
    return str(min(lying, key=lambda path: (rank(path.name), path.name), default="demo"))


def load_dataset(
    source: str | None = None, *, skip_bad: bool = False, progress: Callable[[str], None] | None = None
) -> FaceDataset:
    """Load the faces of `source`; see `default_source` for None.

    `demo` draws them. `kaggle` fetches the competition's file. Anything else is the path of a CSV in FER2013's layout
    (`.csv`, or packed as gzip, xz, zip, tar.gz) or of a folder of images (`train/angry/Training_123.jpg`). Files are
    parsed once and then opened from the cache. FER+ votes are taken where `fer2013new.csv` lies beside the CSV.

    `skip_bad` leaves out rows that cannot be read, which are refused otherwise, and says so in `notes`; the remaining
    rows are then counted without them. `progress` is told in words how far reading is. Class names that are not FER's
    mean what `class_names.save_names` was told. Raises `DatasetError`; where nobody told it, `ClassNamesError`.
    """
    source = source or default_source()
    progress = progress or (lambda message: None)
    if source == "demo":
        # under the identity of the program, so that a change of it draws them again
        drawn = cached(Path(demo.__file__), False, lambda path, names: demo.draw_blocks(), progress)
        return FaceDataset(drawn.images, drawn.emotion, drawn.usage, None, source, drawn.fingerprint, drawn=True)
    path = kaggle.download(progress) if source == "kaggle" else source_path(source)
    return _load_path(path, source, skip_bad, progress)


def absolute(source: str) -> str:
    """`source` as it is found from any folder: a path in full."""
    return source if source in NAMED else str(Path(source).expanduser().resolve())


def source_path(source: str) -> Path:
    """The file or folder that `source` names; `DatasetError` where there is none."""
    path = existing(source)
    if path is None:
        raise DatasetError(
            f"{source}: expected demo, kaggle, or the path of a CSV or of a folder of images, found no such file"
        )
    return path


def _load_path(path: Path, source: str, skip_bad: bool, progress: Callable[[str], None]) -> FaceDataset:
    read = folder.read_folder if path.is_dir() else read_csv
    parsed = cached(path, skip_bad, read, progress, read_names(path))
    notes, votes = parsed.notes, None
    if votes_file := None if path.is_dir() else find_votes(path):
        try:
            votes = read_votes(votes_file, parsed.usage, parsed.dropped)
        except DatasetError as error:
            if not is_shared(votes_file, path):
                raise
            notes = (*notes, f"The annotators' votes in the data folder are of another dataset, and not used: {error}")
    return FaceDataset(
        parsed.images,
        parsed.emotion,
        parsed.usage,
        votes,
        source,
        parsed.fingerprint,
        notes=notes,
    )
