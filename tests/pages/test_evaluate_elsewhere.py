import numpy as np
import pytest
from networked import save_constant
from PIL import Image
from saved import answers

from fer_core.data import load_dataset
from fer_core.data.class_names import save_names
from fer_core.evaluation import elsewhere
from fer_core.inference.external import import_answers
from fer_core.labels import EMOTIONS, get_scheme

SAD = (0.1, 0.1, 0.1, 0.5, 0.1, 0.1)


@pytest.fixture
def folder(tmp_path, faces, monkeypatch):
    """Four faces in a folder without splits, one of them a copy of a drawn Training face; the chosen dataset."""
    copied = faces.images[np.flatnonzero((faces.usage == "Training") & (faces.emotion == EMOTIONS.index("Sad")))[0]]
    noise = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    for number, (name, image) in enumerate(zip(("sad", "sad", "happy", "calm"), [copied, *noise], strict=True)):
        path = tmp_path / "faces" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    monkeypatch.setenv("FER_SOURCE", str(tmp_path / "faces"))
    return tmp_path / "faces"


def test_who_can_be_asked_no_more_hides_nobody_elses_scores(open_page, said, faces, folder, tmp_path):
    """Of a model that is here by its answers alone there are none on these faces: it alone is refused."""
    save_names(folder, {"calm": "Neutral"})
    chosen = load_dataset(str(folder))
    for name in ("first", "second"):
        elsewhere.score(save_constant(name, faces, "study", SAD), chosen, faces)
    answers(faces).to_csv(tmp_path / "theirs.csv", index=False)
    import_answers(tmp_path / "theirs.csv", "theirs", faces)
    app = open_page("compare", models=["first", "second", "theirs"])
    told = said(app)
    assert "first is scored on faces" in told
    assert "theirs" in told
    assert app.dataframe[0].value.shape[0] == 2


def button(app, label: str):
    return next(button for button in app.button if button.label == label)


def test_a_model_is_scored_on_the_chosen_dataset(open_page, said, faces, folder):
    """From a folder of other names to every view of its scores, all on the page."""
    save_constant("constant", faces, "study", SAD)
    app = open_page("evaluate")
    assert not app.metric  # what its names mean is asked first, above everything
    boxes = {box.label: box for box in app.selectbox}
    boxes["calm (1)"].select("Neutral")
    button(app, "Read the faces with these names").click().run()
    assert "is not the dataset on which constant was scored" in said(app)
    button(app, "Score it on faces").click().run(timeout=120)
    assert not app.exception
    assert [metric.delta.split("n = ")[1] for metric in app.metric] == ["4", "3", "4", "3"]
    assert [metric.value for metric in app.metric][2:] == ["50.0 %", "33.3 %"]
    assert "all of its faces stand in the test split" in said(app)
    assert "calm is Neutral (1 face)" in said(app)
    for view in ("Classes", "ROC and PR", "Negative", "Operating point", "Calibration", "Slices", "Learning"):
        again = open_page("evaluate", model="constant", view=view)
        assert "constant is scored on faces, and not on demo" in said(again), view
        assert not again.error, view
    saved = open_page("evaluate", model="constant", scored_on="own")
    assert "all of its faces" not in said(saved)
    n = len(faces.rows("test", get_scheme("study")))
    assert saved.metric[0].delta.endswith(f"n = {n}")


def test_two_models_compare_on_the_chosen_dataset(open_page, said, faces, folder):
    """Both are asked at once, and the report is of that dataset's faces."""
    save_names(folder, {"calm": None})
    for name in ("first", "second"):
        save_constant(name, faces, "study", SAD)
    app = open_page("compare")
    button(app, "Score them on faces").click().run(timeout=120)
    assert not app.exception
    assert "first is scored on faces" in said(app)
    assert "second is scored on faces" in said(app)
    (caution,) = app.warning
    assert "learned from all Training faces, copies of 1 of these" in caution.value
