"""The page Timeline: videos and pictures followed, bad ones told, nothing on the disk, recordings compared."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from clips import encode, scene, sound
from networked import save_constant
from PIL import Image
from writing import heard_writing

from fer_core.data import FaceDataset
from fer_core.labels import EMOTIONS, MEANING
from pages._ui import purpose


@pytest.fixture
def opened(open_page, faces):
    """The page with a model that sees Happy at 0.6 everywhere, its purpose stated."""
    save_constant("constant", faces, "study", (0.08, 0.08, 0.6, 0.08, 0.08, 0.08))

    def opened(**parameters):
        app = open_page("timeline", **parameters)
        assert not app.file_uploader
        app.radio("purpose_asked").set_value(purpose.ALLOWED[0]).run()
        return app.button("purpose_state").click().run()

    return opened


@pytest.fixture
def two(faces: FaceDataset) -> list[np.ndarray]:
    """Three seconds, ten frames each: one face, then two, then none."""
    happy, sad = (faces.images[faces.emotion == EMOTIONS.index(name)] for name in ("Happy", "Sad"))
    one, other = (happy[2], 30, 60), (sad[4], 180, 60)
    return [scene([one])] * 10 + [scene([one, other])] * 10 + [scene([])] * 10


def upload(app, key: str, *files: tuple[str, bytes]):
    app.file_uploader(key).set_value([(name, data, "") for name, data in files] if len(files) > 1 else (*files[0], ""))
    app.run()
    assert not app.exception
    return app


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_of_many_faces_those_are_drawn_that_are_chosen(opened, faces, said):
    """At first four of them; the fifth can be chosen, and then stands beside the frame."""
    happy = faces.images[faces.emotion == EMOTIONS.index("Happy")]
    five = scene([(happy[2], 20 + 150 * number, 60) for number in range(5)], size=(240, 780))
    app = upload(opened(), "video", ("five.mp4", encode([five] * 10, 10)))
    assert "5 faces. At first the 4 that are seen most often are drawn" in said(app)
    (drawn,) = (box for box in app.multiselect if box.label == "Faces drawn")
    assert len(drawn.value) == 4
    fifth = ({1, 2, 3, 4, 5} - set(drawn.value)).pop()
    drawn.set_value([fifth]).run()
    assert f"**Face {fifth}: Happy**" in said(app)
    assert f"**Face {fifth % 5 + 1}: Happy**" not in said(app)


def test_a_video_is_followed(opened, two, said):
    """Fifteen frames, two faces, five frames without one; the frame of the chosen second is shown."""
    app = upload(opened(), "video", ("two.mp4", encode(two, 10)))
    text = said(app)
    assert "15 frames, 2 faces; in 5 of them no face is seen" in text
    assert MEANING in text
    assert not app.error
    (slider,) = (slider for slider in app.slider if slider.label == "Second")
    slider.set_value(1.6).run()
    assert "**Face 1: Happy**" in said(app)
    assert "**Face 2: Happy**" in said(app)
    slider.set_value(2.8).run()
    assert "**Face" not in said(app)


@pytest.mark.parametrize(
    ("name", "data"),
    [("empty.mp4", b""), ("sound.mp4", sound()), ("text.webm", b"no video"), ("cut.mov", b"\0\0\0\x20ftypqt  ")],
)
def test_what_is_no_video_is_one_line(opened, name, data):
    """The page lives on, says what is wrong, and takes the next file."""
    app = upload(opened(), "video", (name, data))
    (error,) = app.error
    assert error.value.startswith("expected a")
    assert "\n" not in error.value


def test_pictures_in_order_leave_a_bad_one_out(opened, two, said):
    """Sorted by name, numbers as numbers; the text is told of, the others are looked at."""
    files = [("p10.png", png(two[29])), ("p9.png", png(two[0])), ("notes.txt", b"none"), ("p11.png", png(two[15]))]
    app = upload(opened(**{"from": "Pictures in order"}), "pictures", *files)
    assert "3 pictures, 2 faces; in 1 of them no face is seen" in said(app)
    (error,) = app.error
    assert error.value.startswith("notes.txt: expected a")
    assert app.image[0].captions[0] == "p9.png: face 1 Happy"


def test_no_frame_reaches_the_disk(opened, two, tmp_path):
    """All files below the data and models folders, and the system's temporary folder, are those of before."""
    app = opened()

    def files() -> set[Path]:
        return {path for path in tmp_path.rglob("*") if path.is_file()}

    before = files()
    upload(app, "video", ("two.mp4", encode(two, 10)))
    assert files() == before


def table(*labels: str) -> bytes:
    """A timeline of a frame a second."""
    seconds = np.arange(len(labels))
    frame = pd.DataFrame({"frame": seconds + 1, "seconds": seconds, "face": 1, "label": labels})
    return frame.assign(p_Happy=0.5, p_Sad=0.5).to_csv(index=False).encode()


def test_recordings_stand_side_by_side(opened, said):
    """Shares of two days in numbers, with words that claim nothing; another file is told of in one line."""
    app = opened(**{"from": "Several recordings"})
    monday, tuesday = table(*["Happy"] * 30), table(*["Happy", "Sad"] * 15)
    upload(app, "recordings", ("monday.csv", monday), ("tuesday.csv", tuesday), ("other.csv", b"a,b\n1,2\n"))
    (error,) = app.error
    assert error.value.startswith("other.csv: expected a timeline")
    (shown,) = app.dataframe
    assert shown.value["Recording"].tolist() == ["monday.csv", "tuesday.csv"]
    assert shown.value["Happy"].tolist()[0].startswith("100.0 %")
    assert shown.value["Sad"].tolist()[1].startswith("50.0 %")
    assert "nothing about health" in said(app)


def test_recordings_are_read_again_when_the_page_runs_again(opened):
    """As when each face is asked for by itself."""
    app = opened(**{"from": "Several recordings"})
    two_faces = pd.concat([pd.read_csv(io.BytesIO(table(*["Happy"] * 30))).assign(face=face) for face in (1, 2)])
    upload(app, "recordings", ("monday.csv", two_faces.to_csv(index=False).encode()), ("tuesday.csv", table("Sad")))
    app.toggle("by_face").set_value(True).run()
    assert not app.error
    (shown,) = app.dataframe
    assert shown.value["Recording"].tolist() == ["monday.csv, face 1", "monday.csv, face 2", "tuesday.csv"]


def test_a_table_of_which_a_part_does_not_say_who_read_it(opened):
    """As where somebody put two exports together, one of them older."""
    app = opened(**{"from": "Several recordings"})
    first = pd.read_csv(io.BytesIO(table(*["Happy"] * 30))).assign(read_by="compact")
    both = pd.concat([first, first.drop(columns="read_by")]).to_csv(index=False).encode()
    upload(app, "recordings", ("both.csv", both), ("first.csv", first.to_csv(index=False).encode()))
    assert not app.error
    assert not app.warning


def test_a_damaged_reader_of_another_model_takes_nothing_away(opened, faces, two, said):
    """The chart of a model without one stands there, whatever lies beside another."""
    other = save_constant("other", faces, "study", (0.6, 0.08, 0.08, 0.08, 0.08, 0.08))
    app = opened(model="constant")
    (other.folder / "timeline.json").write_text("{}")
    upload(app, "video", ("clip.mp4", encode(two, 10)))
    assert not app.error
    assert "A recurrent network reads along with other, not with constant" in said(app)


def test_no_frame_is_written_even_for_a_moment(opened, two):
    """No file is opened to write while a video is watched and read."""
    app = opened()
    with heard_writing() as written:
        upload(app, "video", ("two.mp4", encode(two, 10)))
    assert written == []
