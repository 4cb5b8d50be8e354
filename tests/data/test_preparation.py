import numpy as np
import pytest

from fer_core.data.dataset import FaceDataset
from fer_core.data.preparation import one_hot, prepare, select, training_statistics
from fer_core.errors import DatasetError
from fer_core.labels import get_scheme


@pytest.fixture
def dataset():
    """Face i has the pixel value 51 · i everywhere; Disgust is row 1, row 5 is in the test split."""
    images = np.repeat(np.arange(6, dtype=np.uint8) * 51, 2304).reshape(6, 48, 48)
    usage = np.array(["Training"] * 5 + ["PublicTest"])
    return FaceDataset(images, np.array([0, 1, 2, 3, 6, 4], np.int8), usage, None, "six", "")


def test_select_drops_disgust_and_numbers_the_rest(dataset):
    """The study's classes: Angry, Fear, Happy, Neutral are 0, 1, 2, 5, and Disgust is left out."""
    chosen = select(dataset, get_scheme("study"), "train")
    assert chosen.rows.tolist() == [0, 2, 3, 4]
    assert chosen.classes.tolist() == [0, 1, 2, 5]
    assert chosen.images[:, 0, 0].tolist() == [0, 102, 153, 204]


def test_prepare_gives_the_study_arrays(dataset):
    """Images lie in [0, 1] with one channel, labels have a single 1 a row."""
    x, y = prepare(dataset, get_scheme("study"), "test")
    assert x.shape == (1, 48, 48, 1)
    assert x.dtype == y.dtype == np.float32
    assert (x == 1).all()
    assert y.tolist() == [[0, 0, 0, 1, 0, 0]]


def test_a_split_without_faces_is_refused(dataset):
    """Nothing to learn from is an error that names the split."""
    with pytest.raises(DatasetError, match="in the validation split, found none"):
        select(dataset, get_scheme("study"), "validation")


def test_one_hot():
    """Class c becomes row c of the unit matrix."""
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_training_statistics_are_numpy_s(dataset):
    """Mean and standard deviation equal numpy's on the float pixels; by hand 0.5 over 0, 0.2 … 1."""
    mean, std = training_statistics(dataset.images)
    assert mean == pytest.approx(0.5)
    assert std == pytest.approx((dataset.images / 255).std())


def test_training_statistics_of_nothing():
    """No image has no mean."""
    with pytest.raises(ValueError, match="at least one image"):
        training_statistics(np.empty((0, 48, 48), np.uint8))
