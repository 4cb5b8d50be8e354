"""Files that people upload and that are no ordinary photo, made from a seed: name → bytes."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

KINDS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def hollow_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds no pixel."""
    header = _chunk(b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT" + zlib.compress(b""))


def odd_but_fine(seed: int = 0) -> dict[str, bytes]:
    """What has to be read all the same: rotated, animated, grey, CMYK, 16-bit, transparent, wrongly named, tiny."""
    photo = _noise(np.random.default_rng(seed))
    files = {
        f"turned-{turn}.{KINDS[kind]}": encoded(photo, kind, exif=_exif(turn)) for turn in range(9) for kind in KINDS
    }
    files |= {f"called.{wrong}": encoded(photo, "PNG") for wrong in ("jpg", "webp", "svg", "txt", "heic", "mp4", "")}
    files |= {f"{mode}.png": encoded(photo.convert(mode), "PNG") for mode in ("1", "L", "LA", "P", "RGBA", "I;16")}
    files |= {f"{mode}.jpg": encoded(photo.convert(mode), "JPEG") for mode in ("CMYK", "L", "YCbCr")}
    files |= {f"{mode}.webp": encoded(photo.convert(mode), "WEBP") for mode in ("RGBA", "LA")}
    moving = {"save_all": True, "append_images": [photo.transpose(Image.Transpose.ROTATE_90).resize(photo.size)]}
    files |= {f"moving.{KINDS[kind]}": encoded(photo, kind, **moving) for kind in ("PNG", "WEBP")}
    files |= {f"{w}x{h}.png": encoded(photo.resize((w, h)), "PNG") for w, h in ((1, 1), (1, 3000), (3000, 1), (48, 48))}
    files |= {"progressive.jpg": encoded(photo, "JPEG", progressive=True)}
    return files


def unusable(seed: int = 0) -> dict[str, bytes]:
    """What can't be read: empty, another format, far too large, cut short, or with other bytes in its header."""
    rng = np.random.default_rng(seed)
    photo = _noise(rng)
    files = {
        "zero.jpg": b"",
        "one.png": b"\x89",
        "text.png": b"just a text",
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>",
        "drawing.png": b"<?xml version='1.0'?><svg/>",
        "page.html": b"<!doctype html><script>alert(1)</script>",
        "zeros.jpg": bytes(5000),
        "random.webp": rng.bytes(5000),
        "program.exe": b"MZ" + rng.bytes(300),
        "archive.zip": b"PK\x03\x04" + rng.bytes(300),
        "heic.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + rng.bytes(200),
        "clip.mp4": b"\0\0\0\x20ftypisom\0\0\x02\0" + rng.bytes(200),
        "late.png": encoded(photo, "PNG")[1:],
    }
    files |= {f"other.{kind.lower()}": encoded(photo, kind) for kind in ("GIF", "TIFF", "BMP", "PPM", "ICO", "TGA")}
    sizes = ((5001, 5000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 1), (2**31 - 1, 2**31 - 1), (5000, 5000))
    files |= {f"bomb-{w}x{h}.png": hollow_png(w, h) for w, h in sizes}
    files |= {"bomb.webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\xff\xff\xff\x0f" + bytes(8)}
    for kind, suffix in KINDS.items():
        whole = encoded(photo, kind)
        files |= {f"cut-{share}.{suffix}": whole[: len(whole) * share // 100] for share in range(2, 98, 3)}
    return files


def shaken(count: int, seed: int = 0) -> dict[str, bytes]:
    """Pictures with some other bytes, perhaps cut short as well; most can't be read."""
    rng = np.random.default_rng(seed)
    photo = _noise(rng)
    wholes = [(encoded(photo, kind, exif=_exif(6)), suffix) for kind, suffix in KINDS.items()]
    return {f"shaken-{number}.{suffix}": _shake(whole, rng) for number, (whole, suffix) in _cycle(wholes, count)}


def _cycle(wholes: list, count: int):
    return [(number, wholes[number % len(wholes)]) for number in range(count)]


def _shake(whole: bytes, rng: np.random.Generator) -> bytes:
    data = np.frombuffer(whole, np.uint8)[: rng.integers(len(whole) // 2, len(whole) + 1)].copy()
    data[rng.integers(0, min(len(data), 300), 4)] = rng.integers(0, 256, 4)
    return data.tobytes()


def _noise(rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8))


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def _chunk(body: bytes) -> bytes:
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
