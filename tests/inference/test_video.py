"""Frames of videos that are encoded here: when they are, which way up, and what is said of files that are none."""

import tracemalloc
from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from clips import encode, greys, sound

from fer_core.errors import PhotoError
from fer_core.inference.video import SHOWN, Video

LEVELS = [10 + 2 * step for step in range(100)]  # ten seconds at ten frames a second


def video(data: bytes) -> Video:
    return Video(BytesIO(data))


@pytest.fixture(scope="module")
def ramp() -> bytes:
    """Ten seconds that get brighter by 2 a frame."""
    return encode(greys(LEVELS), 10)


@pytest.mark.parametrize("kind", ["mp4", "mov", "webm"])
def test_each_format_gives_its_frames(kind):
    """Twenty frames at ten a second: their times, greys, shape and length."""
    opened = video(encode(greys(LEVELS[:20]), 10, kind))
    frames = list(opened.frames(0))
    assert [round(frame.seconds, 2) for frame in frames] == [round(step / 10, 2) for step in range(20)]
    assert all(frame.rgb.shape == (64, 64, 3) and frame.rgb.dtype == np.uint8 for frame in frames)
    assert np.abs([frame.rgb.mean() for frame in frames] - np.array(LEVELS[:20])).max() < 4
    assert opened.duration == pytest.approx(2, abs=0.11)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_the_last_picture_of_a_slow_video_lasts(kind):
    """Four pictures of five seconds each are a whole video of twenty seconds."""
    opened = video(encode(greys(LEVELS[:4]), Fraction(1, 5), kind))
    assert [frame.seconds for frame in opened.frames(0)] == pytest.approx([0, 5, 10, 15])
    assert opened.duration == pytest.approx(20, abs=0.11)


@pytest.mark.parametrize(("rate", "times"), [(1, range(10)), (5, np.arange(50) / 5), (30, np.arange(100) / 10)])
def test_a_rate_samples_evenly(ramp, rate, times):
    """One frame each 1 / rate seconds, and never one twice where the video has fewer."""
    assert [frame.seconds for frame in video(ramp).frames(rate)] == pytest.approx(list(times), abs=1e-6)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_moment_can_be_looked_at_again(kind):
    """`frame_at` gives the very frame that was sampled, forwards and backwards, and the last one after the end."""
    opened = video(encode(greys(LEVELS), 10, kind))
    sampled = list(opened.frames(2))
    for frame in [*sampled[::-3], sampled[1]]:
        again = opened.frame_at(frame.seconds)
        assert again.seconds == pytest.approx(frame.seconds)
        assert (again.rgb == frame.rgb).all()
    assert opened.frame_at(99).seconds == pytest.approx(9.9, abs=1e-3)


def turned(data: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """An MP4 whose track is to be shown through a matrix, as a phone writes it that was held upright."""
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = ((value << 16).to_bytes(4, "big", signed=True) for value in matrix)
    none = bytes(4)
    return data[:at] + a + b + none + c + d + none + data[at + 24 :]


@pytest.mark.parametrize(("matrix", "quarters"), [((0, 1, -1, 0), -1), ((0, -1, 1, 0), 1), ((-1, 0, 0, -1), 2)])
def test_a_turned_video_comes_out_upright(matrix, quarters):
    """A bright upper left corner is where the display matrix says: turned right, left, and upside down."""
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:32, :48] = 240
    (frame, *_) = video(turned(encode([picture] * 3, 10), matrix)).frames(0)
    expected = np.rot90(picture, quarters)
    assert frame.rgb.shape == expected.shape
    assert np.abs(frame.rgb.astype(int) - expected).mean() < 8


def test_pixels_that_are_not_square_are_made_so():
    """A wide picture that is stored narrow, as on a DVD: faces in it are as wide as they were."""
    opened = video(encode(greys([50, 60]), 10, pixel=Fraction(64, 45)))
    assert {frame.rgb.shape for frame in opened.frames(0)} == {(64, 91, 3)}
    assert opened.frame_at(0).rgb.shape == (64, 91, 3)


def test_large_frames_are_brought_down():
    """1,920 pixels become 1,280; the picture keeps its shape."""
    (frame, *_) = video(encode([np.zeros((1080, 1920, 3), np.uint8)] * 2, 10)).frames(0)
    assert frame.rgb.shape == (720, SHOWN, 3)


def test_memory_stays_flat():
    """Five times as many frames take no more memory, since none is kept."""

    def peak(n: int) -> int:
        opened = video(encode(greys([0] * n, 320), 25))
        tracemalloc.start()
        for _ in opened.frames(0):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # what is imported at first
    assert peak(250) < peak(50) + 2 * 320 * 320 * 3


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "begins with '#EXTM3U"),
        (b"\xff\xd8\xff\xe0 a JPEG called .mp4", "begins with"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(100), "a damaged one"),
        (b"\x1a\x45\xdf\xa3" + bytes(100), "a damaged one"),
        (sound(), "without a video stream (audio only)"),
    ],
    ids=["empty", "playlist", "picture", "no-mp4", "no-webm", "sound"],
)
def test_what_is_no_video_is_refused_in_one_line(data, found):
    """What was expected and what was found, whatever FFmpeg would say."""
    with pytest.raises(PhotoError) as caught:
        list(video(data).frames(0))
    assert found in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_file_is_refused(ramp, share):
    """Its index stood at the end: nothing of it can be read, or no pictures are found in what is left of the index."""
    with pytest.raises(PhotoError, match=r"damaged|without a video stream"):
        video(ramp[: int(share * len(ramp))])


def index_first(data: bytes) -> bytes:
    """An MP4 of one video track with its index before the pictures, as it is put on the web."""
    index, pictures = data.index(b"moov") - 4, data.index(b"mdat") - 4
    moov = bytearray(data[index:])
    at = moov.index(b"stco") + 8
    count = int.from_bytes(moov[at : at + 4], "big")
    for place in range(at + 4, at + 4 + 4 * count, 4):
        moved = int.from_bytes(moov[place : place + 4], "big") + len(moov)
        moov[place : place + 4] = moved.to_bytes(4, "big")
    return data[:pictures] + moov + data[pictures:index]


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_file_cut_behind_its_index_gives_what_it_has(kind):
    """The frames before the cut come, then it is said that the others are missing."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 64, 64, 3), np.uint8)
    data = encode(noise, 5, kind)
    data = index_first(data) if kind == "mp4" else data
    seen: list[float] = []

    def look() -> None:
        for frame in video(data[: len(data) // 2]).frames(0):
            seen.append(frame.seconds)

    with pytest.raises(PhotoError, match=r"damaged|cut short"):
        look()
    assert 2 < len(seen) < 25


def test_a_bad_rate_is_refused(ramp):
    """Nothing and less is no rate."""
    with pytest.raises(ValueError, match="rate"):
        next(video(ramp).frames(-1))
