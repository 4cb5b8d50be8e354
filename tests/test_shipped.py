"""The models that are committed: what their records say is what their files hold."""

import json

import numpy as np
import pytest

from fer_core import store
from fer_core.data.dataset import SIDE
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.scoring import headline
from fer_core.inference.classifier import Classifier
from fer_core.inference.crop import crop_face
from fer_core.inference.detectors import get_detector
from fer_core.paths import ROOT

SHIPPED = sorted(path.parent.name for path in (ROOT / "models").glob("*/model.json"))


@pytest.fixture(params=SHIPPED)
def shipped(request, monkeypatch) -> store.SavedModel:
    """Each model beside the code."""
    monkeypatch.setenv("FER_MODELS", str(ROOT / "models"))
    return store.open_trained(request.param)


def test_one_is_shipped():
    """A fresh clone has a model to look at."""
    assert "compact" in SHIPPED


def test_scores_come_from_the_predictions(shipped):
    """The headline of the record can be computed again from the predictions, to the last digit."""
    predictions = read_predictions(shipped.folder / "predictions.parquet", shipped.labels)
    assert json.loads(json.dumps(headline(predictions))) == shipped.scores
    assert len(predictions.select("test")) == {"study": 3533, "all": 3589}[shipped.record["scheme"]]


def test_network_loads_and_answers_with_probabilities(shipped):
    """The file has the recorded sha256, loads in safe mode and gives a row that sums to 1."""
    network = store.load_network(shipped)
    assert network.count_params() == shipped.record["parameters"]
    probabilities = np.asarray(network(np.full((2, SIDE, SIDE, 1), 128, np.float32)))
    assert probabilities.shape == (2, len(shipped.labels))
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)


def test_record_names_no_place_of_a_machine(shipped):
    """A shipped record travels: file names, not paths."""
    assert "/" not in shipped.record["dataset"]["source"]


@pytest.mark.real
def test_network_gives_its_predictions(shipped, real_dataset):
    """On 256 faces the file gives the saved probabilities to 1e-4."""
    predictions = read_predictions(shipped.folder / "predictions.parquet", shipped.labels)
    rows = predictions.frame["row"].to_numpy()[::28][:256]
    images = np.asarray(real_dataset.images[rows])
    found = Classifier.load(shipped.id).probabilities(images)
    expected = predictions.y_prob[::28][:256]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_compact_clears_the_score_of_the_study(monkeypatch):
    """The study's network reached 0.652 on PublicTest."""
    monkeypatch.setenv("FER_MODELS", str(ROOT / "models"))
    assert store.open_trained("compact").scores["test"]["raw"]["accuracy"] > 0.655


def test_compact_sees_a_smile(monkeypatch):
    """An astronaut's portrait, in the public domain."""
    monkeypatch.setenv("FER_MODELS", str(ROOT / "models"))
    photo = pytest.importorskip("skimage.data").astronaut()
    (box,) = get_detector().find(photo)
    classifier = Classifier.load("compact")
    probabilities = classifier.probabilities(crop_face(photo, box)[np.newaxis])[0]
    assert classifier.labels[probabilities.argmax()] == "Happy"
