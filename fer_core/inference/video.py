"""An uploaded video becomes frames, one at a time and in memory only.

A frame is uint8 `(h, w, 3)`, RGB, upright, at most `SHOWN` pixels on its longer side. Whatever the length of the video,
no more of it is decoded at once than the codec holds for itself, and nothing is kept of what was decoded.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from fer_core.errors import PhotoError
from fer_core.inference.photo import MAX_PIXELS

SUFFIXES = (".mp4", ".mov", ".webm")
SHOWN = 1280
"""Longer side, in pixels, that a frame is brought down to: twice what a detector looks at."""
CUT = 1.0
"""Seconds by which the pictures may end before the length that the file states; sound may go on a little longer."""

_HINT = "export it as MP4, MOV or WEBM"
_MP4_PARTS = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # what an MP4 or MOV file begins with


@dataclass(frozen=True, eq=False)
class Frame:
    """What is seen `seconds` after the beginning."""

    seconds: float
    rgb: np.ndarray


class Video:
    """A video in `file`, which is open for reading and can be sought; it is read anew at each question.

    `duration` is in seconds, NaN where the file doesn't state it. Raises `PhotoError` unless it is an MP4, MOV or WEBM
    (known by its content, not by its name) that has pictures of at most 25 megapixels.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._format = _format_of(file)
        with self._opened() as (container, stream):
            _check_size(stream.codec_context.width, stream.codec_context.height)
            self.duration = _duration(container, stream)

    def frames(self, rate: float) -> Iterator[Frame]:
        """The first frame, and from then on the first of each 1 / `rate` seconds; `rate` 0 yields all.

        Raises `PhotoError` where it is damaged or ends early, after the frames before that.
        """
        if not (rate >= 0 and math.isfinite(rate)):
            raise ValueError(f"rate: expected frames a second, 0 for all, found {rate}")
        end, due = 0.0, 0.0
        with self._opened() as (container, stream):
            for seconds, frame in _decode(container, stream):
                if seconds >= due:
                    yield Frame(seconds, _upright(frame, stream))
                    due = (math.floor(seconds * rate + 1e-6) + 1 - 1e-6) / rate if rate else seconds
                end = seconds + float((frame.duration or 0) * stream.time_base)
        if end < self.duration - max(CUT, 0.1 * self.duration):  # False where the duration is unknown
            raise PhotoError(
                f"expected a whole video of {self.duration:.1f} seconds, found the first {end:.1f} only: "
                "it may be cut short; save or upload it again"
            )

    def frame_at(self, seconds: float) -> Frame:
        """The first frame at `seconds` or later, else the last one.

        Raises `PhotoError` where it cannot be read.
        """
        last = None
        with self._opened() as (container, stream):
            _seek(container, stream, seconds)
            for at, frame in _decode(container, stream):
                last = at, frame
                if at >= seconds - 1e-6:
                    break
            if last is None:
                raise PhotoError(f"expected a frame at second {seconds:.1f}, found none: save or upload it again")
            return Frame(last[0], _upright(last[1], stream))

    @contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """The container and its video stream; what FFmpeg finds wrong with it becomes a `PhotoError`."""
        import av

        self._file.seek(0)
        try:
            # the format is named, so that no playlist is taken for a video and made to open other files
            with av.open(self._file, format=self._format, metadata_errors="replace") as container:
                yield container, _video_stream(container)
        except (av.FFmpegError, EOFError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PhotoError(
                f"expected a whole video, found a damaged one ({reason}): save or upload it again"
            ) from None


def _format_of(file: BinaryIO) -> str:
    """FFmpeg's name of the format, by the first bytes."""
    file.seek(0)
    begin = file.read(12)
    if not begin:
        raise PhotoError("expected a video, found an empty file")
    if begin[4:8] in _MP4_PARTS:
        return "mov"
    if begin[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    raise PhotoError(
        f"expected an MP4, MOV or WEBM video, found a file that begins with {repr(begin[:8])[1:]}: {_HINT}"
    )


def _video_stream(container):
    import av

    cover = av.stream.Disposition.attached_pic
    for stream in container.streams.video:
        if not stream.disposition & cover:  # the picture of a record's sleeve moves in no way
            stream.thread_type = "AUTO"
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
    raise PhotoError(f"expected a video with pictures, found a file without a video stream ({kinds} only): {_HINT}")


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"expected a video of at most {MAX_PIXELS // 10**6} megapixels a frame, found {width} × {height}: "
            "make it smaller first"
        )


def _duration(container, stream) -> float:
    if stream.duration:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else math.nan


def _start(stream) -> float:
    return float((stream.start_time or 0) * stream.time_base)


def _seek(container, stream, seconds: float) -> None:
    """To the last frame before `seconds` that can be decoded by itself; to the beginning where there is no index."""
    import av

    start = stream.start_time or 0
    try:
        container.seek(start + int(seconds / stream.time_base), stream=stream)
    except av.FFmpegError:
        container.seek(start, stream=stream)


def _decode(container, stream) -> Iterator[tuple[float, Any]]:
    """The frames and when they are shown, in seconds from the beginning; those that nobody would see are left out."""
    start = _start(stream)
    for frame in container.decode(stream):
        if frame.time is not None and (seconds := frame.time - start) > -1e-6:
            _check_size(frame.width, frame.height)
            yield max(seconds, 0.0), frame


def _upright(frame, stream) -> np.ndarray:
    """As it is to be shown: turned, and with square pixels."""
    shown = frame.width * float(stream.sample_aspect_ratio or 1), frame.height
    scale = min(1.0, SHOWN / max(shown))
    width, height = (max(2, round(length * scale)) for length in shown)
    rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
    # the angle is counted counter-clockwise, as `rot90` does
    return np.ascontiguousarray(np.rot90(rgb, round(frame.rotation / 90)))
