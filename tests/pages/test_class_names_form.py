import pytest
from PIL import Image

from fer_core.data.class_names import names_file, read_names, save_names


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three faces of classes that FER doesn't have; the chosen dataset."""
    for name in ("calm", "contempt", "other"):
        path = tmp_path / "faces" / name / "a.png"
        path.parent.mkdir(parents=True)
        Image.effect_noise((48, 48), 60).save(path)
    monkeypatch.setenv("FER_SOURCE", str(tmp_path / "faces"))
    return tmp_path / "faces"


def test_the_form_on_any_page(open_page, said, folder):
    """A page that needs the dataset asks what its names mean, and after the answer shows it."""
    app = open_page("explore")
    assert "classes that FER2013 doesn't have" in said(app)
    boxes = {box.label: box for box in app.selectbox}
    boxes["calm (1)"].select("Neutral")
    boxes["contempt (1)"].select("Disgust")
    app.button[0].click().run()
    assert not app.exception
    assert read_names(folder) == {"calm": "Neutral", "contempt": "Disgust", "other": None}
    assert "other is left out (1 face)" in said(app)
    assert any("Training" in table.value for table in app.dataframe)


def test_who_left_all_out_is_asked_again(open_page, said, folder):
    """That leaves no face; the same form mends it."""
    app = open_page("explore")
    app.button[0].click().run()
    assert "expected a face of a class that is not left out, found none" in said(app)
    boxes = {box.label: box for box in app.selectbox}
    boxes["calm"].select("Neutral")
    next(button for button in app.button if "Read the faces" in button.label).click().run()
    assert any("Training" in table.value for table in app.dataframe)


def test_like_names_are_proposed(open_page, folder):
    """Names that are like FER's start at that expression, the others are left out."""
    for name, like in (("calm", "Happy Faces"), ("contempt", "02_sad"), ("other", "happily_surprised")):
        (folder / name).rename(folder / like)
    app = open_page("explore")
    assert {box.label: box.value for box in app.selectbox if box.label.endswith("(1)")} == {
        "02_sad (1)": "Sad", "happily_surprised (1)": "leave out", "happy faces (1)": "Happy"
    }  # fmt: skip
    app.button[0].click().run()
    assert read_names(folder) == {"02_sad": "Sad", "happily_surprised": None, "happy faces": "Happy"}


def test_what_was_told_can_be_changed(open_page, said, folder):
    """The form stands beside the notes, filled in."""
    save_names(folder, {"calm": "Neutral", "contempt": None, "other": None})
    app = open_page("audit")
    boxes = {box.label: box for box in app.selectbox}
    assert boxes["calm"].value == "Neutral"
    boxes["calm"].select("Happy")
    next(button for button in app.button if button.label == "Read the faces with these names").click().run()
    assert "calm is Happy (1 face)" in said(app)


def test_a_damaged_mapping_is_told(open_page, said, folder):
    """In the box for errors, without a fault."""
    save_names(folder, {"calm": "Neutral"})
    names_file(folder).write_text("{")
    assert "expected the class names of faces" in said(open_page("explore"))
