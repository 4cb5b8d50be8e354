import os
import shutil

import numpy as np
import pytest
from PIL import Image

from fer_core.data import load_dataset
from fer_core.data.class_names import save_names
from fer_core.data.folder import picture_files, state_of
from fer_core.errors import DatasetError
from fer_core.labels import EMOTIONS


def save(root, name: str, size: tuple[int, int] = (48, 48), mode: str = "L", shade: int = 90) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, shade if mode == "L" else (shade,) * 3).save(root / name)


def labels(root, **options) -> list[tuple[str, str]]:
    dataset = load_dataset(str(root), **options)
    return [(EMOTIONS[code], usage) for code, usage in zip(dataset.emotion, dataset.usage.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train/angry/Training_1.png", ("Angry", "Training")),
        ("test/Happiness/PrivateTest_1.png", ("Happy", "PrivateTest")),
        ("test/sadness/PublicTest_1.png", ("Sad", "PublicTest")),
        ("test/FEAR/1.png", ("Fear", "PublicTest")),
        ("validation/anger/1.png", ("Angry", "PrivateTest")),
        ("val/surprise/1.PNG", ("Surprise", "PrivateTest")),
        ("disgust/1.png", ("Disgust", "Training")),
    ],
)
def test_expression_and_usage_come_from_the_path(tmp_path, name, expected):
    """The folder names the expression; file name, else upper folder, names the Usage."""
    save(tmp_path / "faces", name)
    assert labels(tmp_path / "faces") == [expected]


def test_images_are_read_as_they_are(tmp_path):
    """A grey 48 × 48 image comes through unchanged and unmentioned."""
    image = np.arange(2304, dtype=np.uint16).astype(np.uint8).reshape(48, 48)
    (tmp_path / "faces" / "happy").mkdir(parents=True)
    Image.fromarray(image).save(tmp_path / "faces" / "happy" / "a.png")
    dataset = load_dataset(str(tmp_path / "faces"))
    assert (dataset.images[0] == image).all()
    assert dataset.notes == ()


def test_other_sizes_are_resized_and_noted(tmp_path):
    """A large colour image becomes 48 × 48 grey, and the notes say so."""
    save(tmp_path / "faces", "train/happy/a.png")
    save(tmp_path / "faces", "train/happy/b.png", (96, 80), "RGB", 33)
    dataset = load_dataset(str(tmp_path / "faces"))
    assert (dataset.images[1] == 33).all()
    assert dataset.notes == ("1 of 2 images were made 48 × 48 grey, the first train/happy/b.png, 96 × 80 RGB",)


def test_left_out_images_are_not_counted_among_those_that_were_read(tmp_path):
    """The note speaks of the faces that there are."""
    save(tmp_path / "faces", "happy/b.png", (96, 80), "RGB", 33)
    save(tmp_path / "faces", "other/c.png")
    save_names(tmp_path / "faces", {"other": None})
    assert load_dataset(str(tmp_path / "faces")).notes[-1].startswith("1 of 1 images were made 48 × 48 grey")


def test_a_folder_that_cannot_be_read_is_refused(tmp_path):
    """Its faces would be missing without a word."""
    with pytest.raises(DatasetError, match=r"gone: expected folders that can be read, found .*: No such file"):
        picture_files(tmp_path / "gone")


def test_twins_of_macos_are_no_pictures(tmp_path):
    """What it puts beside each file on a foreign disk, under the same name, is left alone."""
    save(tmp_path / "faces", "happy/a.png")
    (tmp_path / "faces" / "happy" / "._a.png").write_bytes(b"Mac OS X")
    assert labels(tmp_path / "faces") == [("Happy", "Training")]


def test_the_folder_that_one_stands_in(tmp_path, monkeypatch):
    """Its own name may be the class: `--source .`."""
    save(tmp_path / "happy", "a.png")
    monkeypatch.chdir(tmp_path / "happy")
    assert labels(".") == [("Happy", "Training")]


def test_folder_without_images_is_refused(tmp_path):
    """An empty folder is no dataset."""
    (tmp_path / "faces").mkdir()
    with pytest.raises(DatasetError, match="expected images in folders like train/angry, found none"):
        load_dataset(str(tmp_path / "faces"))


def test_a_damaged_image_is_a_bad_row(tmp_path):
    """What cannot be used is named by its path; `skip_bad` reads the rest."""
    save(tmp_path / "faces", "train/happy/a.png")
    (tmp_path / "faces/train/happy/b.png").write_bytes((tmp_path / "faces/train/happy/a.png").read_bytes()[:60])
    with pytest.raises(DatasetError, match=r"1 of 2 rows.*train/happy/b\.png"):
        load_dataset(str(tmp_path / "faces"))
    assert labels(tmp_path / "faces", skip_bad=True) == [("Happy", "Training")]


def test_names_that_are_no_text_are_told_escaped(tmp_path):
    """Those of old zips, in the note on images of another form and in the reason of a bad one: all can be printed."""
    folder = tmp_path / "faces" / "happy"
    folder.mkdir(parents=True)
    try:
        Image.fromarray(np.zeros((60, 60), np.uint8)).save(folder / os.fsdecode(b"gr\xfc\xdfe.png"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    (note,) = load_dataset(str(tmp_path / "faces")).notes
    assert r"happy/gr\xfc\xdfe.png" in note.encode().decode()
    (folder / os.fsdecode(b"\xfc.png")).write_bytes(b"none")
    with pytest.raises(DatasetError) as refused:
        load_dataset(str(tmp_path / "faces"))
    assert r"happy/\xfc.png" in str(refused.value).encode().decode()


def test_an_added_image_is_seen(tmp_path):
    """The cache of a folder is known by all files in it."""
    save(tmp_path / "faces", "sad/a.png")
    labels(tmp_path / "faces")
    save(tmp_path / "faces", "sad/b.png")
    assert len(labels(tmp_path / "faces")) == 2


def test_every_change_of_a_folder_is_seen(tmp_path):
    """Also an image that is older than the others, and a folder of images that comes or goes as a whole."""
    root = tmp_path / "faces"
    for name in ("train/sad/a.png", "train/angry/b.png", "test/sad/c.png"):
        save(root, name)

    def state() -> str:
        return state_of(root, picture_files(root))

    seen = [state()]
    shutil.move(root / "train" / "sad", tmp_path / "away")
    seen.append(state())
    assert seen[0] != seen[1]
    shutil.move(tmp_path / "away", root / "train" / "sad")
    assert state() == seen[0]
    save(root, "train/angry/b.png", shade=7)
    os.utime(root / "train/angry/b.png", (0, 0))
    assert state() != seen[0]


def test_a_folder_whose_name_ends_in_a_space(tmp_path):
    """It can be mapped like any other."""
    save(tmp_path / "faces", "mirth /a.png")
    save_names(tmp_path / "faces", {"mirth": "Happy"})
    assert labels(tmp_path / "faces") == [("Happy", "Training")]
