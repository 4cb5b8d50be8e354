"""Models that come in a zip: what Export packs, or the folder of a saved model."""

import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from fer_core.data.archives import CLOSED
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.inference.importing import LARGEST, import_file, import_folder
from fer_core.labels import SCHEMES, known_classes
from fer_core.store import SavedModel

SUFFIX = ".zip"
LABELS = "labels.json"
"""The classes of an exported network, in the order of its outputs."""


def import_zip(path: Path, name: str, scheme_name: str, dataset: FaceDataset) -> SavedModel:
    """Save the model in the zip at `path` as `name`, as `import_folder` or `import_file` does.

    Of a `.keras` file the classes are those of the `labels.json` beside it, or else of the scheme. Raises `ModelError`
    where the zip holds neither a saved model nor one `.keras` file, can't be unpacked, or what it holds is refused.
    """
    with _unpacked(path) as folder:
        if (folder / "model.json").exists():
            return import_folder(folder, name, dataset)
        (file,) = folder.glob("*.keras")
        return import_file(file, name, _scheme(folder / LABELS) or scheme_name, dataset)


@contextmanager
def _unpacked(path: Path) -> Iterator[Path]:
    """A folder with the files of the zip that make a model, each under its own name; gone afterwards."""
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as packed:
                for name, member in _wanted(packed, path.name).items():
                    with packed.open(member) as source, (Path(folder) / name).open("wb") as file:
                        shutil.copyfileobj(source, file)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ModelError(f"{path.name}: expected a whole zip, found: {error}") from error
        except CLOSED as error:
            raise ModelError(
                f"{path.name}: expected a zip that can be unpacked, found that it can't ({error})"
            ) from error
        yield Path(folder)


def _wanted(packed: zipfile.ZipFile, called: str) -> dict[str, zipfile.ZipInfo]:
    """What makes a model, by the name that it is unpacked to; refused before anything is, where it is too much."""
    wanted: dict[str, zipfile.ZipInfo] = {}
    for member in packed.infolist():
        name = PurePosixPath(member.filename.replace("\\", "/")).name  # some packers of Windows write it so
        if name.startswith("._") or not (name in LARGEST or name == LABELS or name.endswith(".keras")):
            continue  # those of macOS stand beside the files that are meant
        if name in wanted:
            raise ModelError(f"{name}: expected one in the zip, found several; pack one model alone")
        largest = LARGEST.get("model.keras" if name.endswith(".keras") else name, LARGEST["model.json"])
        if member.file_size > largest:
            raise ModelError(f"{name}: expected at most {largest >> 20} MiB, found {member.file_size >> 20} MiB")
        wanted[name] = member
    if (found := sum(name.endswith(".keras") for name in wanted)) != 1:
        raise ModelError(
            f"{called}: expected a zip with one .keras file, as an export as keras has, or with a saved model's "
            f"folder, found {found} such files in it"
        )
    return wanted


def _scheme(labels: Path) -> str | None:
    """The name of the scheme whose classes the file tells; None where there is none. `ModelError` for other classes."""
    if not labels.exists():
        return None
    try:
        told = json.loads(labels.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ModelError(f"{LABELS}: expected a list of classes as JSON, found something else") from None
    for scheme in SCHEMES.values():
        if told == list(scheme.labels):
            return scheme.name
    raise ModelError(f"{LABELS}: expected the classes of one of: {known_classes()}; found {str(told)[:200]}")
