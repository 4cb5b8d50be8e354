from dataclasses import replace

import keras
import numpy as np
import pytest
from saved import save_model

from fer_core import store
from fer_core.data import load_dataset
from fer_core.errors import DatasetError
from fer_core.evaluation.embeddings import kept_as
from fer_core.inference.nearest import Measuring, Nearest

pytestmark = pytest.mark.slow


@pytest.fixture
def faces():
    return load_dataset("demo")


@pytest.fixture
def model(faces):
    """A small network with random weights."""
    saved = save_model("mine", faces)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((48, 48, 1))
    maps = keras.layers.Conv2D(8, 5, strides=4, activation="relu")(keras.layers.Rescaling(1 / 255)(inputs))
    keras.Model(inputs, keras.layers.Dense(6, activation="softmax")(keras.layers.Flatten()(maps))).save(
        saved.weights_file
    )
    return store.update_record(saved, sha256=store.sha256_of(saved.weights_file))


def test_a_training_face_is_its_own_nearest(model, faces):
    """The first is the face itself with a cosine of 1, all are training faces, and cosines fall."""
    nearest = Nearest(model, faces)
    asked = np.flatnonzero(faces.usage == "Training")[[3, 40]]
    rows, cosines = nearest.find(np.asarray(faces.images[asked]), 5)
    assert rows.shape == cosines.shape == (2, 5)
    assert (faces.usage[rows] == "Training").all()
    assert cosines[:, 0] == pytest.approx(1, abs=1e-4)
    assert (np.diff(cosines) <= 0).all()
    assert (faces.images[rows[:, 0]] == faces.images[asked]).all()  # itself, or an exact copy of it


def test_it_is_measured_once_and_kept_without_the_asked_face(model, faces):
    """The file is told by network and dataset; asking about a face changes no byte of it."""
    measuring = Measuring(model, faces)
    measuring.wait(120)
    assert (measuring.done, measuring.problem) == (len(faces), "")
    path = kept_as("embeddings", model, faces)
    before = path.read_bytes()
    measuring.nearest.find(np.zeros((1, 48, 48), np.uint8), 3)
    assert path.read_bytes() == before
    again = Measuring(model, faces)
    again.wait(120)
    assert again.done == 0
    assert again.nearest is not None


def test_without_training_faces_it_is_told(model, faces):
    """A dataset of test faces only has nothing to look among."""
    tests_only = replace(faces, usage=np.full(len(faces), "PublicTest"))
    with pytest.raises(DatasetError, match="expected Training faces"):
        Nearest(model, tests_only)
    measuring = Measuring(model, tests_only)
    measuring.wait(120)
    assert "expected Training faces" in measuring.problem
