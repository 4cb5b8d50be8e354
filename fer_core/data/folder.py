"""Faces as a folder of images, one sub-folder an expression: `train/angry/Training_123.jpg`."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import numpy as np
from PIL import Image

from fer_core.data.block import Block
from fer_core.data.class_names import Mapped, Names
from fer_core.data.dataset import SIDE
from fer_core.errors import DatasetError, reason
from fer_core.labels import OUT, USAGES
from fer_core.paths import shown

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
PIXEL_LIMIT = 25_000_000
"""Pixels of an image that is still decoded."""
BLOCK = 512
"""Images read at a time."""
FORM = (SIDE, SIDE, "L")
"""Width, height and Pillow's mode of an image that is taken as it is."""
_USAGE = (
    dict.fromkeys(("train", "training"), "Training")
    | dict.fromkeys(("validation", "val", "privatetest"), "PrivateTest")
    | dict.fromkeys(("test", "publictest"), "PublicTest")
)


def picture_files(root: Path, suffixes: Collection[str] = SUFFIXES) -> list[Path]:
    """The images under `root`, files with one of `suffixes`, in the order of their paths.

    Not what macOS puts beside files, `._` and their names.
    Raises `DatasetError` for a folder that cannot be read: what lies in it would be missing without a word.
    """

    def refuse(error: OSError) -> NoReturn:
        raise DatasetError(
            f"{root.name or root}: expected folders that can be read, found {error.filename}: {reason(error)}"
        ) from error

    named = (Path(folder, name) for folder, _, names in os.walk(root, onerror=refuse) for name in names)
    found = (path for path in named if path.suffix.lower() in suffixes and path.is_file())
    return sorted(path for path in found if not path.name.startswith("._"))


def state_of(root: Path, files: Iterable[Path]) -> str:
    """24 hexadecimal digits that change when a file comes, goes, is renamed, or written anew."""
    digest = hashlib.sha256()
    for file in files:
        status, name = file.stat(), os.fsencode(file.relative_to(root))  # which need not be text
        digest.update(b"\n%b %d %d" % (name, status.st_size, status.st_mtime_ns))
    return digest.hexdigest()[:24]


def read_folder(root: Path, mapped: Mapped) -> Iterator[Block]:
    """The images under `root` in the order of their paths, which is the order of the rows.

    The expression is the name of the folder an image lies in, or what that is `mapped` to. The Usage is what the
    file's name begins with (`PublicTest_123.png`), else told by a folder above (`train`, `validation`, `test`), else
    Training. Raises `DatasetError` if there is no image, `ClassNamesError` if nobody said what a folder's name means.
    """
    root = root.resolve()  # of `.` too the name may be a class
    paths = picture_files(root)
    if not paths:
        raise DatasetError(f"{root.name}: expected images in folders like train/angry, found none")
    names = Names(root, mapped)
    names.see(map(_class_name, paths))
    names.check()
    yield Block.of([], notes=names.notes())
    changed: list[str] = []
    read = 0
    for start in range(0, len(paths), BLOCK):
        yield (block := _read_block(root, paths[start : start + BLOCK], start, names, changed))
        read += len(block.emotion)
    if changed:
        note = f"{len(changed):,} of {read:,} images were made 48 × 48 grey, the first {changed[0]}"
        yield Block.of([], notes=[note])


def _read_block(root: Path, paths: list[Path], first: int, names: Names, changed: list[str]) -> Block:
    """The faces of `paths`; images of another form are told in `changed`."""
    faces, bad, left_out = [], [], []
    for row, path in enumerate(paths, first):
        name, code = path.relative_to(root), names.codes[_class_name(path)]
        if code == OUT:
            left_out.append(row)
            continue
        try:
            image, form = _read_image(path)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            bad.append((row, f"{shown(name)}: {error}"))
            continue
        faces.append((image, code, _usage(name)))
        if form != FORM:
            changed.append("{}, {} × {} {}".format(shown(name), *form))
    return Block.of(faces, bad, left_out=left_out)


def _class_name(path: Path) -> str:
    return shown(path.parent.name.strip().lower())


def _usage(name: Path) -> str:
    prefix = name.name.split("_")[0]
    if prefix in USAGES:
        return prefix
    return next((_USAGE[part.lower()] for part in name.parts[:-1] if part.lower() in _USAGE), "Training")


def _read_image(path: Path) -> tuple[np.ndarray, tuple[int, int, str]]:
    """The image as uint8 `(48, 48)`, and the form it had; `OSError` or `ValueError` if it cannot be read."""
    with Image.open(path) as image:
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ValueError(f"expected at most {PIXEL_LIMIT:,} pixels, found {width} × {height}")
        if image.mode.startswith(("I", "F")):
            raise ValueError(f"expected 8 bits a channel, found Pillow's mode {image.mode}")
        grey = image.convert("L")
        form = (width, height, image.mode)
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey), form
