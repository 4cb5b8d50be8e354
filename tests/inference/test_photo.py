import struct
import warnings

import numpy as np
import pytest
from bad_pictures import encoded, hollow_png
from PIL import Image

from fer_core.errors import PhotoError
from fer_core.inference import photo
from fer_core.inference.photo import read_photo, reads_heic

CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8).repeat(8, 0).repeat(8, 1)
"""Red and green above blue and white, 16 × 16."""


def rgb(data: bytes) -> np.ndarray:
    photo = read_photo(data)
    assert photo.dtype == np.uint8
    assert photo.ndim == 3
    assert photo.shape[2] == 3
    return photo


def noise(height: int = 40, width: int = 60) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_lossless_formats_keep_every_pixel(kind, options):
    """PNG and lossless WebP come back bit by bit, whatever the file is called."""
    assert (rgb(encoded(noise(), kind, **options)) == np.asarray(noise())).all()


def test_jpeg_keeps_its_colours_and_place():
    """Four flat corners of a JPEG stay where and what they were."""
    photo = rgb(encoded(Image.fromarray(CORNERS), "JPEG", quality=95, subsampling=0))
    assert np.abs(photo.astype(int) - CORNERS).max() < 12


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [(3, np.rot90(CORNERS, 2)), (6, np.rot90(CORNERS, -1)), (8, np.rot90(CORNERS)), (2, CORNERS[:, ::-1])],
)
def test_exif_orientation_is_applied(orientation, upright):
    """A picture that a phone stored lying down or mirrored comes out upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (rgb(encoded(Image.fromarray(CORNERS), "PNG", exif=exif)) == upright).all()


@pytest.mark.parametrize(
    "entry", [(0x0128, 2, 2, b"2\0\0\0"), (0x0100, 9, 1, struct.pack("<i", -5))], ids=["unit as text", "width below 0"]
)
def test_odd_entries_of_exif_do_no_harm(entry):
    """A picture that has to be turned, with an entry that nobody could write anew, is whole."""
    entries = [(0x0112, 3, 1, struct.pack("<HH", 6, 0)), entry]
    written = b"".join(struct.pack("<HHI4s", *one) for one in entries)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + written + bytes(64)
    turned = np.rot90(np.asarray(noise()), -1).shape
    assert rgb(encoded(noise(), "JPEG", exif=exif)).shape == turned


def test_sixteen_bit_png_is_scaled_not_clipped():
    """0, half and full of 16 bits are 0, 128 and 255 of 8."""
    deep = np.array([[0, 257, 32896, 65535]], np.uint16)
    assert rgb(encoded(Image.fromarray(deep), "PNG"))[0, :, 0].tolist() == [0, 1, 128, 255]


def test_grey_picture_has_three_equal_channels():
    """Grey values are repeated unchanged."""
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (rgb(encoded(Image.fromarray(grey), "PNG")) == grey[..., None]).all()


def test_transparent_parts_become_white():
    """Full transparency is white, half of it mixes; the hidden colour never shows."""
    rgba = np.array([[[9, 9, 9, 0], [9, 9, 9, 255], [0, 0, 0, 128]]], np.uint8)
    assert rgb(encoded(Image.fromarray(rgba), "PNG"))[0, :, 0].tolist() == [255, 9, 127]


def test_palette_and_its_transparent_entry():
    """An indexed PNG shows its palette's colours, and white where its entry is transparent."""
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    assert rgb(encoded(image, "PNG")).tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert rgb(encoded(image, "PNG", transparency=1)).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_cmyk_jpeg_is_not_inverted():
    """A printer's JPEG of cyan ink is cyan."""
    cyan = rgb(encoded(Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", quality=95))
    assert np.abs(cyan.astype(int) - [0, 255, 255]).max() < 6


def test_animation_shows_its_first_frame():
    """Of an animated WebP only the first picture is taken."""
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("#ff0000", "#0000ff")]
    data = encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert (rgb(data) == [255, 0, 0]).all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "found an SVG drawing: export"),
        (b"just a text called face.png", "JPEG, PNG, WebP or HEIC"),
        (encoded(noise(), "GIF"), "found a GIF: export"),
        (encoded(noise(), "TIFF"), "JPEG, PNG, WebP or HEIC"),
        (encoded(noise(), "JPEG")[:-400], "damaged"),
        (encoded(noise(), "PNG")[:-400], "damaged"),
        (encoded(noise(), "WEBP")[:-400], "damaged"),
        (b"\0\0\0\x20ftypavif" + bytes(99), "found an AVIF picture: export"),
        (b"\0\0\0\x20ftypM4A " + bytes(99), "found a sound recording"),
        (b"\0\0\0\x20ftypisom" + bytes(99), "found a video: open it on the page Timeline"),
        (hollow_png(5001, 5000), "at most 25 megapixels, found 5001 × 5000"),
        (hollow_png(10_000, 10_000), "at most 25 megapixels"),
        (hollow_png(60_000, 60_000), "at most 25 megapixels"),
        (hollow_png(5000, 5000), "damaged"),
    ],
    ids=[
        *("empty", "svg", "text", "gif", "tiff", "jpeg cut", "png cut", "webp cut", "avif", "sound", "video"),
        *("large", "larger", "bomb", "hollow"),
    ],
)
def test_what_is_no_photo_is_refused_in_one_line(data, message):
    """Each bad upload names what was expected and what was found; a size is refused before decoding."""
    with pytest.raises(PhotoError, match=message) as caught:
        read_photo(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_wrong_bytes_are_an_error_of_ours_or_a_picture(kind):
    """Two hundred times some bytes are changed or cut off: nothing but `PhotoError` comes out."""
    rng = np.random.default_rng(1)
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = encoded(noise(), kind, exif=exif)
    refused = 0
    for _ in range(200):
        data = np.frombuffer(whole, np.uint8)[: rng.integers(1, len(whole))].copy()
        data[rng.integers(0, min(len(data), 200), 3)] = rng.integers(0, 256, 3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF and goes on
            try:
                read_photo(data.tobytes())
            except PhotoError:
                refused += 1
    assert refused > 100


def heic(image: Image.Image, **options) -> bytes:
    pytest.importorskip("pillow_heif")
    assert reads_heic()
    return encoded(image, "HEIF", **options)


def test_heic_keeps_its_colours_and_is_turned_upright():
    """A phone's format, where its library is installed; its orientation is applied once, not twice."""
    flat = Image.fromarray(CORNERS.repeat(8, 0).repeat(8, 1))  # 128 × 128: its colours are coded in blocks
    assert np.abs(rgb(heic(flat, quality=95)).astype(int) - np.asarray(flat)).mean() < 12
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = np.rot90(np.asarray(flat), -1)
    assert np.abs(rgb(heic(flat, quality=95, exif=exif.tobytes())).astype(int) - turned).mean() < 12


def test_without_its_library_heic_is_told_what_to_do(monkeypatch):
    """One line that names the package."""
    monkeypatch.setattr(photo, "reads_heic", lambda: False)
    with pytest.raises(PhotoError, match="pip install pillow-heif"):
        read_photo(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def test_a_large_or_broken_heic_is_refused():
    """The size is told by the header; cut or shaken files end in a line."""
    whole = heic(noise(), quality=50)
    rng = np.random.default_rng(2)
    for _ in range(60):
        data = np.frombuffer(whole, np.uint8)[: rng.integers(20, len(whole))].copy()
        data[rng.integers(12, min(len(data), 400), 3)] = rng.integers(0, 256, 3)
        with pytest.raises(PhotoError) as caught:
            read_photo(data.tobytes())
        assert "\n" not in str(caught.value)
    with pytest.raises(PhotoError, match="at most 25 megapixels"):
        read_photo(heic(Image.new("RGB", (5008, 5000)), quality=1))
