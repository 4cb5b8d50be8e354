"""Videos for tests, encoded in memory."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
from PIL import Image

_SQUARE = Fraction(1)
CODECS = {"mp4": "libx264", "mov": "libx264", "webm": "libvpx"}


def encode(pictures: Iterable[np.ndarray], rate: int | Fraction, kind: str = "mp4", pixel: Fraction = _SQUARE) -> bytes:
    """A video of uint8 `(h, w, 3)` pictures with even sides, `rate` a second; a `pixel` is so wide, by its height."""
    file = BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = None
        for picture in pictures:
            if stream is None:
                stream = container.add_stream(CODECS[kind], rate=rate)
                stream.height, stream.width = picture.shape[:2]
                stream.codec_context.sample_aspect_ratio = pixel
                stream.pix_fmt, stream.bit_rate = "yuv420p", 2_000_000
                stream.options = {"crf": "10"} if kind == "webm" else {"crf": "18", "preset": "ultrafast"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def sound(seconds: int = 1) -> bytes:
    """An MP4 with a tone and no pictures."""
    file = BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000 * seconds), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file.getvalue()


def greys(levels: Sequence[int], side: int = 64) -> list[np.ndarray]:
    """Flat pictures, told apart by their grey."""
    return [np.full((side, side, 3), level, np.uint8) for level in levels]


def scene(faces: Sequence[tuple[np.ndarray, int, int]], *, size: tuple[int, int] = (240, 320), side: int = 112):
    """A picture of grey faces, uint8 `(48, 48)`, each `side` pixels wide, its left upper corner at x and y."""
    picture = np.full((*size, 3), 127, np.uint8)
    for face, x, y in faces:
        large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
        picture[y : y + side, x : x + side] = np.asarray(large)[..., None]
    return picture
