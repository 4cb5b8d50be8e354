import json

import numpy as np
import pytest
from csv_lines import line
from PIL import Image

from fer_core.data import load_dataset
from fer_core.data.class_names import (
    ClassNamesError,
    names_file,
    parse_names,
    proposed,
    read_names,
    save_names,
)
from fer_core.errors import DatasetError
from fer_core.labels import EMOTIONS
from fer_core.paths import data_dir


@pytest.fixture
def folder(tmp_path):
    """Six faces of four classes, one of them FER's."""
    for number, name in enumerate(("happy", "Contempt", "Contempt", "calm", "other", "other")):
        path = tmp_path / "faces" / "train" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (48, 48), 40 * number).save(path)
    return tmp_path / "faces"


MAPPED = {"contempt": "Disgust", "calm": "Neutral", "other": None}


def labels(path) -> list[str]:
    return [EMOTIONS[code] for code in load_dataset(str(path)).emotion]


@pytest.mark.parametrize("skip_bad", [False, True])
def test_unknown_names_are_listed_with_their_faces(folder, skip_bad):
    """The error counts them and says what to do; to leave a class out takes a word, `skip_bad` is none."""
    with pytest.raises(
        ClassNamesError, match=r"found others.* calm \(1\), contempt \(2\), other \(2\); say what"
    ) as it:
        load_dataset(str(folder), skip_bad=skip_bad)
    assert it.value.counts == {"calm": 1, "contempt": 2, "other": 2}
    assert "\n" not in str(it.value)


def test_nobody_is_asked_about_hundreds_of_names(tmp_path):
    """A folder for each person, say, is no dataset of expressions."""
    for number in range(60):
        (tmp_path / "people" / f"person {number}").mkdir(parents=True)
        Image.fromarray(np.zeros((48, 48), np.uint8)).save(tmp_path / "people" / f"person {number}" / "a.png")
    with pytest.raises(DatasetError, match="expected names of expressions, found 60 others, such as person 0, "):
        load_dataset(str(tmp_path / "people"))


def test_a_mapped_folder(folder):
    """Classes count as what they were mapped to; those left out are counted in the notes."""
    save_names(folder, MAPPED)
    dataset = load_dataset(str(folder))
    assert [EMOTIONS[code] for code in dataset.emotion] == ["Disgust", "Disgust", "Neutral", "Happy"]
    assert dataset.images[:, 0, 0].tolist() == [40, 80, 120, 0]
    assert dataset.notes == (
        "classes as you named them: calm is Neutral (1 face); contempt is Disgust (2 faces); other is left out "
        "(2 faces)",
    )


def test_another_mapping_is_another_dataset(folder):
    """It is read again, under another fingerprint; what was mapped before and isn't named now stays."""
    save_names(folder, MAPPED)
    before = load_dataset(str(folder)).fingerprint
    save_names(folder, {"calm": "Happy"})
    assert labels(folder) == ["Disgust", "Disgust", "Happy", "Happy"]
    assert load_dataset(str(folder)).fingerprint != before
    save_names(folder, {"calm": "Neutral"})
    assert load_dataset(str(folder)).fingerprint == before


def test_a_csv_of_names(write_csv, faces):
    """Words in the column emotion, in any case; codes beside them are as ever, and a mapped number is a name too."""
    images, texts = faces
    words = ("Happiness", "contempt", "3", "7")
    path = write_csv(*[line(word, pixels=text) for word, text in zip(words, texts, strict=True)])
    with pytest.raises(ClassNamesError, match=r"contempt \(1\);"):
        load_dataset(str(path))
    save_names(path, {"Contempt": None, "7": "sad"})
    dataset = load_dataset(str(path))
    assert [EMOTIONS[code] for code in dataset.emotion] == ["Happy", "Happy", "Sad"]
    assert (dataset.images == images[[0, 2, 3]]).all()
    assert "7 is Sad (1 face); contempt is left out (1 face)" in dataset.notes[0]


def test_left_out_rows_read_one_by_one(write_csv):
    """A bad row in the same block changes nothing about the left-out ones, and each keeps its number."""
    path = write_csv(line("other"), line(9), line(3, shade=5), line("other", pixels="1 2"))
    save_names(path, {"other": None})
    with pytest.raises(DatasetError, match=r"1 of 2 rows that cannot be read \(row 1, column emotion"):
        load_dataset(str(path))
    dataset = load_dataset(str(path), skip_bad=True)
    assert dataset.images[:, 0, 0].tolist() == [5]
    assert "other is left out (2 faces)" in " ".join(dataset.notes)


def test_votes_follow_left_out_rows(write_csv):
    """Lines of the annotators' file are dropped with the rows that are left out."""
    path = write_csv(line("other"), line(3), line(4))
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    votes = [f"Training,x.png,{number}" + ",0" * 9 for number in (7, 8, 9)]
    (path.parent / "fer2013new.csv").write_text("\n".join([header, *votes]))
    save_names(path, {"other": None})
    assert load_dataset(str(path)).votes[:, 0].tolist() == [8, 9]


def test_all_left_out(folder):
    """A dataset without a face is none."""
    save_names(folder, dict.fromkeys(["happy", "contempt", "calm", "other"]))
    with pytest.raises(DatasetError, match="expected a face of a class that is not left out"):
        load_dataset(str(folder))


def test_a_mapping_is_kept_readable(folder):
    """One small JSON names the folder, with emotions as FER writes them."""
    save_names(folder, {"Calm ": "neutral"})
    told = json.loads(names_file(folder).read_text())
    assert told == {"path": str(folder), "names": {"calm": "Neutral"}}
    assert names_file(folder).parent == data_dir() / "names"
    assert read_names(folder) == {"calm": "Neutral"}
    assert read_names(folder.parent) == {}


def test_what_is_no_emotion_is_refused(folder):
    """It names the class, what was expected and what was found, and keeps nothing."""
    with pytest.raises(DatasetError, match=r"class calm: expected one of Angry, .*, found 'bored'"):
        save_names(folder, {"calm": "bored"})
    assert not names_file(folder).exists()


@pytest.mark.parametrize("text", ["", "[]", '{"names": 3}', '{"names": {"calm": "bored"}}', '{"names": {"calm": 3}}'])
def test_a_damaged_mapping_is_told(folder, text):
    """One line that names the file."""
    names_file(folder).parent.mkdir(parents=True)
    names_file(folder).write_text(text)
    with pytest.raises(DatasetError, match=r"names/faces-.*: expected the class names of faces.* remove it"):
        load_dataset(str(folder))


def test_words_of_the_command_line():
    """`name=emotion`, or nothing behind the sign to leave it out."""
    assert parse_names(["contempt=Disgust", "a=b=", "other="]) == {"contempt": "Disgust", "a": "b=", "other": None}
    for wrong in ("contempt", "=Sad"):
        with pytest.raises(ValueError, match="map: expected NAME=EXPRESSION"):
            parse_names([wrong])


def test_the_order_of_a_mapping_makes_no_difference(folder):
    """The same mapping, told in another order, is read from the same cache."""
    save_names(folder, MAPPED)
    load_dataset(str(folder))
    names_file(folder).unlink()
    save_names(folder, dict(reversed(MAPPED.items())))
    told: list[str] = []
    dataset = load_dataset(str(folder), progress=told.append)
    assert told == []
    assert len(list((data_dir() / "cache").glob("*/meta.json"))) == 1
    assert np.bincount(dataset.emotion, minlength=7)[EMOTIONS.index("Disgust")] == 2


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("happy_faces", "Happy"),
        ("3-disgusted", "Disgust"),
        ("scared", "Fear"),
        ("joyful", "Happy"),
        ("ANGER", "Angry"),
        ("neutrality", "Neutral"),
        ("unhappy", None),
        ("happily surprised", None),
        ("contempt", None),
        ("6", None),
    ],
)
def test_what_a_name_may_mean(name, emotion):
    """A word of it begins as one of FER's does; two that say different things say nothing."""
    assert proposed(name) == emotion
