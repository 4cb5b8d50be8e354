import numpy as np
import pytest
from networked import save_constant
from PIL import Image
from saved import save_model

from fer_core import store
from fer_core.data import load_dataset
from fer_core.data.demo import draw_dataset
from fer_core.errors import DatasetError
from fer_core.evaluation import elsewhere
from fer_core.evaluation.common import bring_together
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS
from fer_core.paths import data_dir

SAD = (0.1, 0.1, 0.1, 0.5, 0.1, 0.1)
"""Always Sad, of the six classes."""


@pytest.fixture(scope="module")
def drawn():
    return draw_dataset()


@pytest.fixture
def folder(tmp_path, drawn):
    """Five faces without splits: an exact copy of a Training face, one brighter, three of nobody's."""
    rows = np.flatnonzero((drawn.usage == "Training") & (drawn.emotion == EMOTIONS.index("Sad")))[:2]
    noise = np.random.default_rng(0).integers(60, 190, (3, 48, 48)).astype(np.uint8)
    copied = [drawn.images[rows[0]], np.minimum(drawn.images[rows[1]], 235) + 20]
    for number, (name, image) in enumerate(zip(("sad", "sad", "sad", "happy", "fear"), [*copied, *noise], strict=True)):
        path = tmp_path / "faces" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(image, np.uint8)).save(path)
    return load_dataset(str(tmp_path / "faces"))


def predictions(model):
    return read_predictions(model.predictions_file, model.labels)


def test_all_faces_are_test_where_there_is_no_split(drawn, folder):
    """Scored are all five, as test; leaks are copies of what the model learned from; the saved model stays."""
    model = save_constant("constant", drawn, "study", SAD)
    scored = elsewhere.score(model, folder, drawn)
    frame = predictions(scored).frame
    assert frame["usage"].tolist() == ["PublicTest"] * 5
    leak = dict(zip(frame["row"], frame["leak"], strict=True))
    sad = np.flatnonzero(folder.emotion == EMOTIONS.index("Sad"))
    assert [leak[row] for row in sad] == ["exact", "near", ""]
    assert sum(map(bool, leak.values())) == 2
    assert scored.scores["test"]["raw"]["n"] == 5
    assert scored.scores["test"]["honest"]["n"] == 3
    assert predictions(scored).select("test").y_pred.tolist() == [3] * 5
    assert (scored.id, scored.record["dataset"]["fingerprint"]) == ("constant", folder.fingerprint)
    assert elsewhere.own(scored) == model
    assert elsewhere.own(model) is model
    told = " ".join(elsewhere.sentences(scored))
    assert "all of its faces stand in the test split" in told
    assert "leaves out what is a copy" in told
    assert "drawn by a program" not in told
    photos = store.update_record(model, dataset={"source": "x", "fingerprint": "0" * 64})
    on_drawn = elsewhere.score(photos, drawn, None)
    assert "drawn by a program" in " ".join(elsewhere.sentences(on_drawn))


def test_copies_are_not_known_where_a_start_learned_from_others(drawn, folder):
    """One dataset is here, but not all that the weights come from: nothing is called honest that isn't known to be."""
    model = save_constant("constant", drawn, "study", SAD)
    parent = {"id": "before", "settings": {}, "dataset": {"fingerprint": "0" * 64}, "sha256": "0" * 64, "imported": {}}
    scored = elsewhere.score(store.update_record(model, parent=parent), folder, drawn)
    assert scored.scores["test"]["honest"]["n"] == scored.scores["test"]["raw"]["n"] == 5
    assert not scored.record["dataset"]["leaks_known"]
    assert "models that went into it learned from other datasets" in elsewhere.sentences(scored)[-1]


def test_the_network_is_asked_once(drawn, folder, monkeypatch):
    """The second time the answers are read; leaks that were not known are added when the dataset is there."""
    model = save_constant("constant", drawn, "study", SAD)
    told: list[float] = []
    blind = elsewhere.score(model, folder, None, told.append)
    assert told == [0]
    assert set(predictions(blind).frame["leak"]) == {""}
    assert "is not known" in " ".join(elsewhere.sentences(blind))
    monkeypatch.delattr("fer_core.store.load_network")
    assert elsewhere.score(model, folder, None) == blind
    seeing = elsewhere.score(model, folder, drawn)
    assert (predictions(seeing).frame["leak"] != "").sum() == 2
    assert (predictions(seeing).y_prob == predictions(blind).y_prob).all()
    assert elsewhere.score(model, folder, None) == seeing  # what is known stays known


def test_only_test_and_validation_faces_are_scored_where_there_are_some(tmp_path, drawn):
    """A dataset with splits keeps them: its Training faces are not scored."""
    for number, usage in enumerate(("Training", "PublicTest", "PrivateTest")):
        path = tmp_path / "faces" / "happy" / f"{usage}_{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(drawn.images[number]).save(path)
    scored = elsewhere.score(
        save_constant("constant", drawn, "study", SAD), load_dataset(str(tmp_path / "faces")), None
    )
    assert sorted(predictions(scored).frame["usage"]) == ["PrivateTest", "PublicTest"]
    assert "all of its faces" not in " ".join(elsewhere.sentences(scored))


def test_faces_of_no_class_of_the_model_are_counted(tmp_path, drawn):
    """They have no score, and the reader is told how many there are."""
    for number, name in enumerate(("sad", "disgust", "disgust")):
        path = tmp_path / "mixed" / name / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (48, 48), 90 + number).save(path)
    model = save_constant("constant", drawn, "study", SAD)
    scored = elsewhere.score(model, load_dataset(str(tmp_path / "mixed")), drawn)
    assert scored.scores["test"]["raw"]["n"] == 1
    assert "Faces of no class of constant, which are left out: 2." in elsewhere.sentences(scored)


def test_a_dataset_without_the_models_classes(tmp_path, drawn):
    """It is refused in one line before the network is loaded."""
    (tmp_path / "faces" / "disgust").mkdir(parents=True)
    Image.fromarray(drawn.images[0]).save(tmp_path / "faces" / "disgust" / "a.png")
    with pytest.raises(DatasetError, match="faces: expected PrivateTest or PublicTest faces of Angry"):
        elsewhere.score(save_model("mine", drawn), load_dataset(str(tmp_path / "faces")), None)


def test_what_a_model_learned_from_is_looked_for(drawn, folder):
    """At its source, else at another one; never fetched, and never another dataset."""
    model = save_model("mine", drawn)
    asked = []

    def load(source: str):
        asked.append(source)
        return {"demo": drawn, "faces": folder}.get(source) or load_dataset(source)

    assert elsewhere.find_learned(model, load) is drawn
    model.record["dataset"]["source"] = "no/such.csv"
    assert elsewhere.find_learned(model, load, "faces") is None
    assert elsewhere.find_learned(model, load, "faces", "demo") is drawn
    model.record["dataset"]["source"] = "kaggle"
    asked.clear()
    assert elsewhere.find_learned(model, load) is None
    assert asked == []


def test_damaged_leftovers_are_scored_again(drawn, folder):
    """A note that a kill or a hand damaged is no result."""
    model = save_constant("constant", drawn, "study", SAD)
    elsewhere.score(model, folder, None)
    (about,) = (data_dir() / "scored").glob("*/about.json")
    about.write_text("{")
    assert elsewhere.open_scored(model, folder) is None
    assert elsewhere.score(model, folder, None).scores["test"]["raw"]["n"] == 5


def test_models_compare_on_another_dataset(drawn, folder):
    """Two models of different datasets are brought together on a third."""
    models = [save_constant(name, drawn, "study", SAD) for name in ("a", "b")]
    models[1].record["dataset"]["fingerprint"] = "0" * 64
    scored = {model.id: elsewhere.score(model, folder, None) for model in models}
    common = bring_together(
        {name: predictions(model).select("test") for name, model in scored.items()},
        {name: model.record["dataset"] for name, model in scored.items()},
    )
    assert (set(common.models), common.refused) == ({"a", "b"}, {})
