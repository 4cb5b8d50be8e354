"""Timeline: a recording that a visitor brings, watched once; in the memory of the session alone."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from fer_core.errors import PhotoError
from fer_core.inference.detectors import get_detector
from fer_core.inference.photo import read_photo
from fer_core.inference.timeline import Watched, watch
from fer_core.inference.tracks import Tracks
from fer_core.inference.video import Frame, Video
from pages._ui import uploads, words

RATES = (1, 2, 5, 10)

_LAST = "timeline_last"  # in the session's state, with its kind: of the last recording, what was watched


@dataclass
class _Seen:
    """Of the recording `key`: its faces, which of its pictures could be `used`, and what was wrong with the others."""

    key: tuple
    watched: Watched | None = None
    used: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Recording:
    """What was watched of `name`; `look(index)` gives a frame again, uint8 `(h, w, 3)`.

    `step` is the time between frames in `unit`; `names` are those of pictures, none of a video.
    """

    key: tuple
    name: str
    watched: Watched
    look: Callable[[int], np.ndarray]
    step: float
    unit: str = "seconds"
    names: tuple[str, ...] = ()


def ask_video() -> Recording | None:
    """A video, and how often it is looked at."""
    files = uploads.ask("Video (MP4, MOV or WEBM)", "video", several=False)
    rate = st.segmented_control(
        "Frames a second",
        RATES,
        default=5,
        required=True,
        key="rate",
        bind="query-params",
        help="More of them follow faster changes and take longer, about a tenth of a second each.",
    )
    if not files:
        return None
    (file,) = files
    video = Video(file)
    seen = _watch_once("video", (file.file_id, rate), lambda seen: _of_video(video, rate, seen), Tracks())

    def look(index: int) -> np.ndarray:
        return video.frame_at(seen.watched.seconds[index]).rgb

    return Recording(seen.key, file.name, seen.watched, look, 1 / rate)


def ask_pictures() -> Recording | None:
    """Pictures in the order of their names."""
    files = uploads.ask("Pictures, in the order of their names", "pictures")
    if not files:
        return None
    ordered = sorted(files, key=lambda file: _natural(file.name))
    tracks = Tracks(patience=math.inf, reach=math.inf)
    seen = _watch_once(
        "pictures", tuple(file.file_id for file in ordered), lambda seen: _of_pictures(ordered, seen), tracks
    )
    used = [ordered[index] for index in seen.used]

    def look(index: int) -> np.ndarray:
        return read_photo(used[index].getvalue())

    names = tuple(file.name for file in used)
    return Recording(seen.key, f"{len(used)} pictures", seen.watched, look, 1.0, "pictures", names)


def _watch_once(kind: str, key: tuple, frames: Callable[[_Seen], Iterator[Frame]], tracks: Tracks) -> _Seen:
    """What is kept of the last recording of that kind, or what watching a new one gives; tells its problems."""
    place = f"{_LAST}_{kind}"
    seen = st.session_state.get(place)
    if seen is None or seen.key != key:
        seen = _Seen(key)
        seen.watched = watch(frames(seen), get_detector(), tracks)
        st.session_state[place] = seen
    for problem in seen.problems[:5]:
        st.error(words.literal(problem), icon=":material/error:")
    if len(seen.problems) > 5:
        st.error(f"{len(seen.problems) - 5} more have problems too.", icon=":material/error:")
    return seen


def _of_video(video: Video, rate: float, seen: _Seen) -> Iterator[Frame]:
    """Its frames up to the first that can't be read, telling how far it is."""
    bar, whole = st.progress(0.0, "Watching the video"), video.duration
    try:
        for number, frame in enumerate(video.frames(rate), 1):
            of_all = f" of {whole:.0f}" if whole > 0 else ""
            share = min(frame.seconds / whole, 1.0) if whole > 0 else 0.0
            bar.progress(share, f"Watching: second {frame.seconds:.0f}{of_all}, {number:,} frames")
            yield frame
    except PhotoError as error:
        seen.problems.append(str(error))
    bar.empty()


def _of_pictures(files: Sequence, seen: _Seen) -> Iterator[Frame]:
    """Those that can be read, a step each."""
    bar = st.progress(0.0, "Looking at the pictures")
    for number, file in enumerate(files):
        bar.progress((number + 1) / len(files), f"Picture {number + 1:,} of {len(files):,}")
        try:
            frame = Frame(float(len(seen.used) + 1), read_photo(file.getvalue()))
        except PhotoError as error:
            seen.problems.append(f"{file.name}: {error}")
        else:
            seen.used.append(number)
            yield frame
    bar.empty()


def _natural(name: str) -> list[tuple[str, int]]:
    """A key that sorts `frame2` before `frame10`."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]
