"""Faces as a folder of images, one sub-folder an expression: `train/angry/Training_123.jpg`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from fer_core.data.block import Block
from fer_core.data.dataset import SIDE
from fer_core.errors import DatasetError
from fer_core.labels import EMOTIONS, USAGES

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
PIXEL_LIMIT = 25_000_000
"""Pixels of an image that is still decoded."""
BLOCK = 512
_SYNONYMS = {
    "anger": "Angry",
    "disgusted": "Disgust",
    "fearful": "Fear",
    "happiness": "Happy",
    "sadness": "Sad",
    "surprised": "Surprise",
}
_EMOTION = {name.lower(): code for code, name in enumerate(EMOTIONS)} | {
    name: EMOTIONS.index(emotion) for name, emotion in _SYNONYMS.items()
}
_USAGE = {
    "train": "Training",
    "training": "Training",
    "test": "PublicTest",
    "publictest": "PublicTest",
} | dict.fromkeys(("validation", "val", "valid", "privatetest"), "PrivateTest")


def read_folder(root: Path) -> Iterator[Block]:
    """The images under `root` in the order of their paths, which is the order of the rows.

    The expression is the name of the folder an image lies in. The Usage is what the file's name begins with
    (`PublicTest_123.png`), else told by a folder above (`train`, `validation`, `test`), else Training. Raises
    `DatasetError` if there is no image.
    """
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise DatasetError(f"{root.name}: expected images in folders like train/angry, found none")
    changed = []
    for start in range(0, len(paths), BLOCK):
        yield _read_block(root, paths[start : start + BLOCK], start, changed)
    if changed:
        note = f"{len(changed):,} images were made 48 × 48 grey, the first {changed[0]}"
        yield Block(np.empty((0, SIDE, SIDE), np.uint8), np.empty(0, np.int8), np.empty(0, "<U11"), notes=(note,))


def _read_block(root: Path, paths: list[Path], first: int, changed: list[str]) -> Block:
    """The faces of `paths`; images of another form are told in `changed`."""
    images, emotion, usage, bad = [], [], [], []
    for row, path in enumerate(paths, first):
        name = path.relative_to(root).as_posix()
        try:
            code = _EMOTION.get(path.parent.name.lower())
            if code is None:
                raise ValueError(f"expected a folder named after an expression, found {path.parent.name!r}")
            image, form = _read_image(path)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            bad.append((row, f"{name}: {error}"))
            continue
        images.append(image)
        emotion.append(code)
        usage.append(_usage(path.relative_to(root)))
        if form != f"{SIDE} × {SIDE} L":
            changed.append(f"{name}, {form}")
    stack = np.array(images, np.uint8).reshape(-1, SIDE, SIDE)
    return Block(stack, np.array(emotion, np.int8), np.array(usage, "<U11"), tuple(bad))


def _usage(path: Path) -> str:
    prefix = path.name.split("_")[0]
    if prefix in USAGES:
        return prefix
    folders = [_USAGE[part.lower()] for part in path.parts[:-1] if part.lower() in _USAGE]
    return folders[0] if folders else "Training"


def _read_image(path: Path) -> tuple[np.ndarray, str]:
    """The image as uint8 `(48, 48)`, and the form it had; `OSError` or `ValueError` if it cannot be read."""
    with Image.open(path) as image:
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise ValueError(f"expected at most {PIXEL_LIMIT:,} pixels, found {width} × {height}")
        if image.mode.startswith(("I", "F")):
            raise ValueError(f"expected 8 bits a channel, found mode {image.mode}")
        form = f"{width} × {height} {image.mode}"
        grey = image.convert("L")
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(grey), form
