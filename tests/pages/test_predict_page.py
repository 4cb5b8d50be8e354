"""Predict, with the shipped model `compact`, on pictures that a visitor brings."""

import io
import re
import shutil
from pathlib import Path

import bad_pictures
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest
from writing import heard_writing

from fer_core import store
from fer_core.evaluation.calibration import fit_temperature, with_temperature
from fer_core.evaluation.decision import PLAIN, Decision, save_decision
from fer_core.evaluation.predictions import read_predictions
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import Box
from fer_core.inference.explanation import Explainer
from fer_core.inference.predict import FaceResult
from fer_core.labels import MEANING
from fer_core.paths import ROOT
from pages._ui import purpose
from pages._ui.predict_exports import annotated, said
from pages._ui.predict_models import Answerer

pytestmark = pytest.mark.filterwarnings("ignore:.*(EXIF|Tag data|Truncated File):UserWarning")

FACES = re.compile(r"^Face \d+ as the network sees it$")


@pytest.fixture(autouse=True)
def _shipped(tmp_path):
    shutil.copytree(ROOT / "models" / "compact", tmp_path / "models" / "compact")


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    """A smiling astronaut, 512 × 512, NASA, public domain."""
    return pytest.importorskip("skimage.data").astronaut()


@pytest.fixture
def predict(open_page):
    """The page for a visitor who has stated a purpose."""

    def predict(**parameters) -> AppTest:
        app = open_page("predict", **parameters)
        app.session_state["purpose"] = purpose.ALLOWED[0]
        return app.run()

    return predict


def upload(app: AppTest, **files: bytes) -> AppTest:
    """Files by name, a dot written as two underscores."""
    return upload_all(app, {name.replace("__", "."): data for name, data in files.items()})


def upload_all(app: AppTest, files: dict[str, bytes]) -> AppTest:
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in files.items()]).run()
    assert not app.exception
    return app


def png(array: np.ndarray) -> bytes:
    return bad_pictures.encoded(Image.fromarray(array), "PNG")


def answerer() -> Answerer:
    return Answerer(store.open_trained("compact"), PLAIN, None)


def answers(app: AppTest) -> np.ndarray:
    """The probabilities of the first face in the table."""
    return app.dataframe[0].value[list(store.open_trained("compact").labels)].to_numpy(float)[0]


def captions(app: AppTest) -> list[str]:
    return [image.captions[0] for image in app.image]


def test_nothing_is_asked_for_before_a_purpose_is_stated(open_page, said):
    """No uploader and no camera until then; stated once, it stays, and it can be taken back."""
    for origin in ("Upload", "Camera", "Paste"):
        app = open_page("predict", **{"from": origin})
        assert not app.file_uploader
        assert not app.chat_input
        assert MEANING in said(app)
    app = open_page("predict")
    assert app.button(key="purpose_state").disabled
    app.radio(key="purpose_asked").set_value(purpose.ALLOWED[1]).run()
    app.button(key="purpose_state").click().run()
    assert app.file_uploader
    assert purpose.ALLOWED[1] in said(app)
    assert app.run().file_uploader
    app.button(key="purpose_change").click().run()
    assert not app.file_uploader


def test_photos_stay_while_another_page_is_looked_at(predict, said):
    """And go when they are taken away."""
    app = upload(predict(), a__png=png(np.full((48, 48), 90, np.uint8)))
    before = answers(app)
    app.switch_page("pages/overview.py").run()
    app.switch_page("pages/predict.py").run()
    assert not app.exception
    assert app.file_uploader[0].value == []
    assert "From before: a.png" in said(app)
    np.testing.assert_array_equal(answers(app), before)
    app.button(key="forget_photos").click().run()
    assert "Choose a picture" in said(app)
    assert not app.dataframe


@pytest.mark.parametrize("refused", purpose.REFUSED)
def test_work_school_and_covert_monitoring_are_refused_with_the_reason(open_page, refused):
    """The reason stands there, and there is no way on."""
    app = open_page("predict")
    app.radio(key="purpose_asked").set_value(refused).run()
    assert purpose.REFUSED[refused] in app.error[0].value
    assert app.button(key="purpose_state").disabled
    assert not app.file_uploader


def test_an_example_needs_no_purpose(open_page, said):
    """A face of the dataset is nobody's own picture."""
    app = open_page("predict", **{"from": "Example"})
    assert "labelled" in app.subheader[0].value
    assert MEANING in said(app)
    assert any(map(FACES.match, captions(app)))


def test_two_faces_are_numbered_and_told_beside_a_file_that_is_none(predict, said, astronaut):
    """The astronaut twice in one photo, both Happy; a text is told in one line."""
    group = np.concatenate([astronaut, astronaut[:, ::-1]], axis=1)
    app = upload(predict(), group__png=png(group), text__png=b"no picture")
    assert "2 faces" in captions(app)
    assert [caption for caption in captions(app) if FACES.match(caption)] == [
        "Face 1 as the network sees it",
        "Face 2 as the network sees it",
    ]
    headings = [text.value for text in app.markdown if text.value.startswith("####")]
    assert [heading.partition(",")[0] for heading in headings] == ["#### 1: Happy", "#### 2: Happy"]
    (fault,) = app.error
    assert fault.value.startswith("2: text.png: expected a JPEG, PNG, WebP or HEIC picture")
    table = app.dataframe[0].value
    assert table["picture"].tolist() == ["1: group.png", "1: group.png", "2: text.png"]
    assert table["face"].tolist()[:2] == [1, 2]


def test_a_files_name_is_no_markdown(predict, astronaut):
    """Its signs stand as they are."""
    app = upload_all(predict(), {"*a* $x$.png": png(astronaut), "[b](c).png": b"none"})
    assert app.subheader[0].value == r"1: \*a\* \$x\$.png"
    assert r"\[b\](c).png: expected" in app.error[0].value


def test_no_face_offers_the_whole_picture(predict, said):
    """It is said that there is none; switched on, all of the picture is one face."""
    app = upload(predict(), sky__png=png(np.full((100, 200, 3), 250, np.uint8)))
    assert "No face was found in 1: sky.png" in said(app)
    assert not any(map(FACES.match, captions(app)))
    app.toggle(key="whole").set_value(True).run()
    assert any(map(FACES.match, captions(app)))
    assert app.dataframe[0].value[["x", "y", "w", "h"]].iloc[0].tolist() == [0, 0, 200, 100]


def test_other_models_answer_the_same_faces(predict, tmp_path, astronaut):
    """A second model, tagged in the link, stands in the table beside the chosen one; a damaged one is told."""
    shutil.copytree(ROOT / "models" / "compact", tmp_path / "models" / "other")
    shutil.copytree(ROOT / "models" / "compact", tmp_path / "models" / "broken")
    (tmp_path / "models" / "broken" / "decision.json").write_text("{")
    app = upload(predict(model="compact", beside=["other", "broken"]), a__png=png(astronaut))
    assert "broken" in app.error[0].value
    beside = next(frame.value for frame in app.dataframe if "Model" in frame.value)
    assert beside["Model"].tolist() == ["compact", "other"]
    assert beside["Label"].tolist() == ["Happy", "Happy"]


def test_another_model_answers_by_a_rule_of_its_own(predict, said, tmp_path, astronaut):
    """Which is told where it stands beside the chosen one."""
    shutil.copytree(ROOT / "models" / "compact", tmp_path / "models" / "other")
    save_decision(store.open_trained("other"), Decision(temperature=1.5))
    app = upload(predict(model="compact", beside=["other"]), a__png=png(astronaut))
    assert re.search(r"^other: .*temperature 1\.5", said(app), re.MULTILINE)


def test_where_the_network_looked_is_drawn_on_demand(predict, said, astronaut):
    """Only when it is asked for, with the check that it depends on the weights."""
    app = upload(predict(), a__png=png(astronaut))
    assert "random last layers" not in said(app)
    app = upload(predict(also="Where the network looked"), a__png=png(astronaut))
    assert "Face 1: Happy" in captions(app)
    assert "random last layers" in said(app)


def test_nearest_training_faces_need_the_models_dataset(predict, said, astronaut):
    """With other faces loaded it is said which to choose."""
    app = upload(predict(also="Nearest training faces"), a__png=png(astronaut))
    assert "choose the dataset that this model was evaluated on" in said(app)


def test_nearest_training_faces(predict, said, faces):
    """Found in the background, then shown with their labels; a training face is its own nearest."""
    model = store.open_trained("compact")
    store.update_record(model, dataset=model.record["dataset"] | {"fingerprint": faces.fingerprint})
    row = int(np.flatnonzero(faces.usage == "Training")[7])
    app = upload(predict(also="Nearest training faces"), a__png=png(np.asarray(faces.images[row])))
    assert "those that the last hidden" not in said(app)  # it takes minutes on many faces, and is asked for
    app.button(key="measure_alike").click().run()
    for _ in range(60):
        if "those that the last hidden layer" in said(app):
            break
        app.run()
    first = next(caption for caption in captions(app) if "Training" in caption)
    assert f"\n{row}  \n1.00" in first


def test_calibrated_probabilities_are_the_networks_own_at_another_temperature(predict, said, astronaut):
    """That of validation; one that was saved counts more, and where it was, nothing changes."""
    model = store.open_trained("compact")
    plain, calibrated = (
        answers(upload(predict(**asked), one__png=png(astronaut))) for asked in ({}, {"calibrated": "true"})
    )
    validation = read_predictions(model.predictions_file, model.labels).select("validation", "honest")
    temperature = fit_temperature(validation)
    assert temperature != pytest.approx(1, abs=0.02)
    assert calibrated == pytest.approx(with_temperature(plain[None], temperature)[0], abs=1e-4)
    save_decision(model, Decision(temperature=1.5))
    app = upload(predict(calibrated="true"), one__png=png(astronaut))
    assert answers(app) == pytest.approx(with_temperature(plain[None], 1.5)[0], abs=1e-4)
    assert "temperature 1.5" in said(app)
    assert "Those of compact are in any case" in said(app)
    assert app.toggle(key="calibrated").value  # models beside it may have no temperature of their own


def test_a_removed_picture_is_forgotten(predict, astronaut):
    """What isn't uploaded any more isn't kept in the session either."""
    app = upload(predict(), a__png=png(astronaut), b__png=png(astronaut[::-1]))
    assert len(app.session_state["predict_seen"]) == 2
    assert len(upload(app, c__png=png(astronaut)).session_state["predict_seen"]) == 1


def test_the_same_question_is_asked_once_a_session(predict, astronaut, monkeypatch, tmp_path):
    """Another run of the page asks no network again; another picture, model or decision does, for what is new."""
    asked = []
    for kind, name in ((Classifier, "probabilities"), (Explainer, "heat")):
        was = getattr(kind, name)
        monkeypatch.setattr(
            kind, name, lambda self, images, *more, was=was: asked.append(len(images)) or was(self, images, *more)
        )
    app = upload(predict(also="Where the network looked"), a__png=png(astronaut))
    assert asked == [1, 1]
    app.run()
    app.pills(key="also").set_value([]).run()
    app.pills(key="also").set_value(["Where the network looked"]).run()
    assert asked == [1, 1]
    assert any(map(FACES.match, captions(app)))
    save_decision(store.open_trained("compact"), Decision(temperature=2.0))
    app.run()
    assert asked == [1, 1, 1]
    shutil.copytree(ROOT / "models" / "baseline", tmp_path / "models" / "baseline")
    app.run()
    app.multiselect(key="beside").set_value(["baseline"]).run()
    assert asked == [1, 1, 1, 1]
    upload(app, b__png=png(astronaut))
    assert asked == [1] * 7  # the new picture by both models, and where the first one looked


def test_little_is_kept_of_a_large_photo(predict, astronaut):
    """What the page shows of it is kept encoded: a tenth of its pixels or less."""
    large = np.asarray(Image.fromarray(astronaut).resize((2048, 2048)))
    app = upload(predict(), a__png=png(large))
    (seen,) = app.session_state["predict_seen"].values()
    assert len(seen.shown) < 1280 * 1280 * 3 / 10
    assert seen.scale == 1280 / 2048


def test_pasted_pictures_are_kept_until_they_are_forgotten(predict, astronaut):
    """Two messages, two pictures; one button forgets both."""
    app = predict(**{"from": "Paste"})
    for _ in range(2):
        app.chat_input[0].upload("image.png", png(astronaut), "image/png")
        app.chat_input[0].set_value("").run()
    assert [heading.value for heading in app.subheader] == ["1: image.png", "2: image.png"]
    next(button for button in app.button if "Forget" in button.label).click().run()
    assert not app.subheader
    assert not app.session_state["predict_seen"]


def test_the_box_to_paste_into_stands_where_one_uploads(predict):
    """Under the question, not at the foot of the window."""
    assert predict(**{"from": "Paste"}).main.chat_input


def test_pasted_text_is_told_to_be_no_picture(predict):
    """As when the address of a picture was copied; the next run is silent about it."""
    app = predict(**{"from": "Paste"})
    app.chat_input[0].set_value("https://example.org/face.jpg").run()
    assert "expected a picture, found text only" in app.error[0].value
    assert not app.subheader
    assert not app.run().error


def test_no_file_is_written_by_predicting(predict, tmp_path, astronaut, monkeypatch):
    """The trees of the data, the models, the temporary files and the repository are the same before and after."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)
    app = upload(predict(also=["Where the network looked", "Nearest training faces"]), first__png=png(astronaut))
    trees = (tmp_path, ROOT / "pages", ROOT / "fer_core", ROOT / "models", ROOT / "data", ROOT / ".streamlit")
    before = [_tree(folder) for folder in trees]  # the first one loaded the drawn faces, which are kept
    files = bad_pictures.odd_but_fine() | {"face.png": png(astronaut)}
    upload_all(app, dict(list(files.items())[-20:]))
    app.toggle(key="whole").set_value(True).run()
    assert not app.exception
    assert annotated(png(astronaut), [], answerer())
    assert not list(temporary.iterdir())
    assert [_tree(folder) for folder in trees] == before


def _tree(folder: Path) -> set[tuple]:
    files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return {(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()}


def test_two_hundred_bad_files_end_in_a_line_each(predict):
    """Fifty at once: each is a picture or a line, none a traceback, and the page goes on to read a good one."""
    files = bad_pictures.odd_but_fine() | bad_pictures.unusable() | bad_pictures.shaken(60)
    assert len(files) >= 200
    app = predict()
    for start in range(0, len(files), 50):
        some = list(files.items())[start : start + 50]
        upload_all(app, dict(some))
        table = app.dataframe[0].value
        assert table["picture"].nunique() == len(some)
        assert table["error"].notna().sum() + (table["face"].notna().sum() if "face" in table else 0) == len(table)
        lines = [line for code in app.code for line in code.value.splitlines()] or [box.value for box in app.error]
        refused = table.loc[table["error"] != "no face found", "error"].dropna()
        assert len(lines) == len(refused)
        assert all("expected" in line for line in lines)
    upload(app, good__png=png(np.zeros((48, 48), np.uint8)))
    assert any(map(FACES.match, captions(app)))
    assert not app.error


def test_an_annotated_picture_says_what_it_is(astronaut):
    """A JPEG with room below the photo for the answers, and the meaning in its comment too."""
    drawn = Image.open(io.BytesIO(annotated(png(astronaut), [], answerer())))
    assert drawn.format == "JPEG"
    assert drawn.size[0] == 512
    assert drawn.size[1] > 512 + 30
    assert drawn.info["comment"].decode() == MEANING


def test_its_words_tell_a_face_from_a_whole_picture():
    """Which a picture without a face is taken for when somebody asks for it; it must not pass for a face."""
    crop, share = np.zeros((48, 48), np.uint8), {"Sad": 0.9, "Happy": 0.1}
    assert said([FaceResult(Box(1, 2, 3, 4, 0.8), crop, share)]) == "1: Sad 90%"
    assert said([FaceResult(Box(0, 0, 80, 60, 0.0), crop, share)]) == "No face found; 1: Sad 90%"
    assert said([]) == "No face found"


@pytest.mark.real
def test_the_same_face_gives_the_same_numbers_everywhere(predict, real_dataset):
    """Test faces uploaded as PNG get the probabilities of `predictions.parquet` to 1e-4."""
    model = store.open_trained("compact")
    test = read_predictions(model.predictions_file, model.labels).select("test").frame.iloc[::400]
    app = upload_all(predict(), {f"{row}.png": png(np.asarray(real_dataset.images[row])) for row in test["row"]})
    table = app.dataframe[0].value
    columns = [f"p_{label}" for label in model.labels]
    assert len(table) == len(test)
    assert np.abs(table[list(model.labels)].to_numpy(float) - test[columns].to_numpy(float)).max() < 1e-4


def test_no_photo_is_written_even_for_a_moment(predict, astronaut):
    """No file is opened to write while a second photo is looked at; with the first one TensorFlow wakes up."""
    app = upload(predict(), a__png=png(astronaut))
    with heard_writing() as written:
        upload(app, b__png=png(astronaut[:, ::-1]))
    assert written == []
