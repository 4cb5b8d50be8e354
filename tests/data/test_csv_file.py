import gzip
import io
import lzma
import tarfile
import zipfile

import numpy as np
import pytest
from csv_lines import HEADER, line

from fer_core.data import load_dataset
from fer_core.data.csv_file import decode_pixels
from fer_core.errors import DatasetError


def refusal(source, **options) -> str:
    """The message with which `source` is refused; it is one line."""
    with pytest.raises(DatasetError) as caught:
        load_dataset(str(source), **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_decode_pixels_gives_the_numbers_that_were_written(faces):
    """Every number of one to three digits is decoded to itself."""
    images, texts = faces
    assert (decode_pixels([text.encode() for text in texts]) == images).all()


@pytest.mark.parametrize("bad", ["256", "999", "1000", "-1", "1.5", "x", "", "0 0", "1/2"])
def test_decode_pixels_refuses_what_is_no_pixel(bad):
    """The fast path takes nothing that the slow path would refuse."""
    text = " ".join(["0"] * 2000 + [bad] + ["0"] * 303).encode()
    with pytest.raises(ValueError, match="expected"):
        decode_pixels([text])


def test_icml_layout(write_csv, faces):
    """The space-prefixed columns are found, and rows keep their order."""
    images, texts = faces
    usages = ["Training", "PublicTest", "PrivateTest", "Training"]
    rows = zip([0, 3, 6, 1], usages, texts, strict=True)
    dataset = load_dataset(str(write_csv(*(line(*row) for row in rows))))
    assert (dataset.images == images).all()
    assert dataset.emotion.tolist() == [0, 3, 6, 1]
    assert dataset.usage.tolist() == usages
    assert dataset.votes is None
    assert dataset.notes == ()
    assert not dataset.images.flags.writeable


def test_fer2013_layout_with_quotes_and_windows_line_ends(tmp_path, faces):
    """Another order of columns, quoted pixels, CRLF and a byte order mark mean the same."""
    images, texts = faces
    path = tmp_path / "fer2013.csv"
    lines = ["\ufeffemotion,pixels,Usage", *(f'{i},"{text}",PublicTest' for i, text in enumerate(texts))]
    path.write_bytes("\r\n".join(lines).encode())
    dataset = load_dataset(str(path))
    assert (dataset.images == images).all()
    assert set(dataset.usage) == {"PublicTest"}


def test_a_comma_in_quotes_parts_no_columns(tmp_path, faces):
    """A column more may hold words, quoted where they have a comma; pixels and labels stay what they are."""
    csv = tmp_path / "faces.csv"
    rows = [f'"{note}",{line(3, shade=7 + row)}' for row, note in enumerate(("plain", 'a, ""b""', "c, d"))]
    csv.write_text("\n".join([f"note,{HEADER}", *rows]))
    dataset = load_dataset(str(csv))
    assert dataset.images[:, 0, 0].tolist() == [7, 8, 9]
    assert dataset.emotion.tolist() == [3, 3, 3]


def test_quotes_around_a_broken_line_are_told_like_any_bad_row(tmp_path):
    """A carriage return within, which no CSV reader takes."""
    csv = tmp_path / "faces.csv"
    csv.write_bytes(f'{HEADER},note\n{line(3)},"a, b"x\ry\n'.encode())
    with pytest.raises(DatasetError, match="expected 4 columns, found 5"):
        load_dataset(str(csv))


def test_train_csv_without_usage_is_all_training(tmp_path, faces):
    """`train.csv` has no Usage: all rows are Training, and the notes say so."""
    path = tmp_path / "train.csv"
    path.write_text(f"emotion,pixels\n0,{faces[1][0]}\n")
    dataset = load_dataset(str(path))
    assert dataset.usage.tolist() == ["Training"]
    assert "no Usage" in dataset.notes[0]


def test_uneven_spaces_are_read_like_even_ones(write_csv, faces):
    """The slow path reads what the fast one leaves, to the same pixels."""
    images, texts = faces
    dataset = load_dataset(str(write_csv(line(pixels=" " + texts[0].replace(" ", "  ")), line(pixels=texts[1]))))
    assert (dataset.images == images[:2]).all()


def packed(kind: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    if kind == "gz":
        return gzip.compress(content)
    if kind == "xz":
        return lzma.compress(content)
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("example_submission.csv", "emotion")
            archive.writestr("icml_face_data.csv", content)
            archive.writestr("__MACOSX/._icml_face_data.csv", b"\0\5\x16\7")
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            linked = tarfile.TarInfo("fer2013/linked.csv")
            linked.type, linked.linkname = tarfile.SYMTYPE, "nowhere.csv"
            archive.addfile(linked)
            of_macos = ("fer2013/._fer2013.csv", b"\0\5\x16\7")
            for name, data in (("fer2013/README", b"read me"), of_macos, ("fer2013/fer2013.csv", content)):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["gz", "xz", "zip", "tar.gz"])
def test_archives(tmp_path, faces, kind):
    """Each packing yields the CSV in it."""
    images, texts = faces
    content = "\n".join([HEADER, *(line(pixels=text) for text in texts)]).encode()
    path = tmp_path / f"faces.csv.{kind}"
    path.write_bytes(packed(kind, content))
    assert (load_dataset(str(path)).images == images).all()


@pytest.mark.parametrize("kind", ["gz", "xz", "zip", "tar.gz"])
def test_cut_archives_are_refused(tmp_path, faces, kind):
    """Half of an archive is called damaged, with or without `skip_bad`."""
    content = packed(kind, "\n".join([HEADER, *(line(pixels=text) for text in faces[1])]).encode())
    path = tmp_path / f"faces.csv.{kind}"
    path.write_bytes(content[: len(content) // 2])
    assert "damaged or truncated" in refusal(path)
    assert "damaged or truncated" in refusal(path, skip_bad=True)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (line(pixels="1 2 3"), "row 1, column pixels: expected 2304 values, found 3"),
        (
            line(pixels=" ".join(["0"] * 2303 + ["256"])),
            "row 1, column pixels: expected numbers 0 to 255, found '256' as value 2303",
        ),
        (
            line(pixels=" ".join(["0"] * 2303 + ["x"])),
            "row 1, column pixels: expected numbers 0 to 255, found 'x' as value 2303",
        ),
        (
            line(pixels=" ".join(["-1"] * 2304)),
            "row 1, column pixels: expected numbers 0 to 255, found '-1' as value 0",
        ),
        (line(emotion=7), "row 1, column emotion: expected a code 0 to 6, found '7'"),
        (line(usage="Test"), "row 1, column Usage: expected Training, PublicTest, PrivateTest, found 'Test'"),
        ("3,Training", "row 1, expected 3 columns, found 2"),
    ],
)
def test_a_bad_row_is_named(write_csv, bad, reason):
    """The error names row, column, what was expected and what was found."""
    path = write_csv(line(), bad, line())
    assert reason in refusal(path)
    assert "1 of 3 rows" in refusal(path)


def test_many_bad_rows_are_counted_and_five_told(write_csv):
    """An error gives the count of bad rows and the first five reasons."""
    message = refusal(write_csv(line(), *[line(emotion=9)] * 8))
    assert "8 of 9 rows" in message
    assert message.count("expected a code") == 5
    assert "and 3 more" in message


def test_skip_bad_reads_the_rest(write_csv, faces):
    """The good rows are read in order, the notes say which were dropped, and the strict reading still refuses."""
    images, texts = faces
    path = write_csv(line(0, pixels=texts[0]), line(9), line(2, pixels=texts[2]))
    dataset = load_dataset(str(path), skip_bad=True)
    assert (dataset.images == images[[0, 2]]).all()
    assert dataset.emotion.tolist() == [0, 2]
    assert "1 of 3 rows" in dataset.notes[0]
    assert "row 1, column emotion" in dataset.notes[0]
    assert "row 1" in refusal(path)


def test_skip_bad_does_not_make_a_dataset_of_nothing(write_csv):
    """With no good row there is nothing to read."""
    assert "1 of 1 rows" in refusal(write_csv(line(9)), skip_bad=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "found an empty file"),
        (b"emotion, Usage, pixels\n", "found a header and no rows"),
        (b"emotion,Usage\n3,Training\n", "found no pixels"),
        (b"pixels\n0 0\n", "found no emotion"),
        (b"emotion,pixels\r0,1 2 3\r1,1 2 3\r", "found some that end in CR alone"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text"),
        (b"emotion,Usage,pixels\n" + b"0" * 70_000, "longer than"),
    ],
)
def test_files_that_are_no_dataset(tmp_path, content, reason):
    """What is no CSV of faces at all is refused with what was found instead."""
    path = tmp_path / "faces.csv"
    path.write_bytes(content)
    assert reason in refusal(path)


def test_names_in_capitals(tmp_path, faces):
    """Windows doesn't care, and neither do we."""
    images, texts = faces
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("FER2013.CSV", "\n".join([HEADER, *(line(pixels=text) for text in texts)]))
    assert (load_dataset(str(tmp_path / "a.zip")).images == images).all()


def test_a_zip_without_csv_is_refused(tmp_path):
    """An archive of something else is no dataset."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "with a CSV in it" in refusal(tmp_path / "a.zip")


def test_a_zip_with_a_password_is_refused(tmp_path):
    """In words, and with what to do."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("fer2013.csv", "emotion,pixels")
    whole = bytearray((tmp_path / "a.zip").read_bytes())
    for flags in (6, whole.index(b"PK\1\2") + 8):  # of the file's own head, and of its line in the directory
        whole[flags] |= 1
    (tmp_path / "a.zip").write_bytes(whole)
    assert "unpack it first" in refusal(tmp_path / "a.zip")


@pytest.mark.real
def test_the_real_csv(real_dataset):
    """Counts equal those of the published dataset, and the first row begins as it does in the file."""
    names = ("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral")
    assert {usage: tuple(of[name] for name in names) for usage, of in real_dataset.counts().items()} == {
        "Training": (3995, 436, 4097, 7215, 4830, 3171, 4965),
        "PublicTest": (467, 56, 496, 895, 653, 415, 607),
        "PrivateTest": (491, 55, 528, 879, 594, 416, 626),
    }
    assert real_dataset.images[0].ravel()[:10].tolist() == [70, 80, 82, 72, 58, 58, 60, 63, 54, 58]
    assert real_dataset.images.dtype == np.uint8
