import numpy as np
import pytest

from fer_core.data.dataset import FaceDataset
from fer_core.data.statistics import (
    average_faces,
    class_counts,
    imbalance_ratio,
    leak_shares,
    pixel_statistics,
    sample_rows,
)


@pytest.fixture
def dataset():
    """Five faces of one shade each: four in Training (three Happy, one Sad), one Happy in PublicTest."""
    images = np.repeat(np.array([0, 10, 20, 100, 200], np.uint8), 2304).reshape(5, 48, 48)
    images[3, :24] = 0
    usage = np.array(["Training"] * 4 + ["PublicTest"])
    return FaceDataset(images, np.array([3, 3, 3, 4, 3], np.int8), usage, None, "five", "")


def test_class_counts(dataset):
    """Shares are of the Usage's faces."""
    counts = class_counts(dataset).set_index(["usage", "emotion"])
    assert len(counts) == 21
    assert counts.loc[("Training", "Happy"), "n"] == 3
    assert counts.loc[("Training", "Happy"), "share"] == 0.75
    assert counts.loc[("PublicTest", "Happy"), "share"] == 1
    assert counts.loc["PrivateTest", "share"].isna().all()


def test_imbalance_ratio(dataset):
    """Four Happy to one Sad; emotions that do not occur are no class."""
    assert imbalance_ratio(class_counts(dataset)) == 4


def test_leak_shares(dataset):
    """The one Happy face of PublicTest is a near copy; an expression without a face has no share."""
    shares = leak_shares(dataset, np.array(["", "", "", "", "near"])).set_index(["usage", "emotion"])
    assert len(shares) == 14
    assert shares.loc[("PublicTest", "Happy")].tolist() == [1, 0, 1, 1.0]
    assert np.isnan(shares.loc[("PublicTest", "Sad"), "share"])


def test_pixel_statistics(dataset):
    """A flat face has no contrast; half 0, half 100 has mean 50 and standard deviation 50."""
    frame = pixel_statistics(dataset, np.array([4, 3]))
    assert frame.columns.tolist() == ["row", "emotion", "usage", "brightness", "contrast", "sharpness"]
    assert frame.iloc[0].tolist() == [4, "Happy", "PublicTest", 200, 0, 0]
    assert frame.iloc[1].tolist()[:5] == [3, "Sad", "Training", 50, 50]


def test_sharpness(dataset):
    """Across the one edge the Laplacian is 100 and -100 in 2 of 46 lines, else 0: its variance is 2 / 46 · 100²."""
    frame = pixel_statistics(dataset, np.array([3]))
    assert frame["sharpness"][0] == pytest.approx(2 / 46 * 100**2)


def test_pixel_statistics_of_no_rows(dataset):
    """No rows make an empty table with the same columns."""
    assert len(pixel_statistics(dataset, np.array([], np.int64))) == 0


def test_average_faces(dataset):
    """The mean of shades 0, 10 and 20 is 10; emotions without a face are left out."""
    averages = average_faces(dataset, np.array([0, 1, 2]))
    assert list(averages) == ["Happy"]
    assert averages["Happy"].dtype == np.uint8
    assert (averages["Happy"] == 10).all()


def test_sample_rows(dataset):
    """A sample is of the emotion and Usage asked for, and the seed decides it."""
    rows = sample_rows(dataset, "Happy", "Training", 2, seed=1)
    assert len(rows) == 2
    assert set(rows) <= {0, 1, 2}
    assert rows.tolist() == sample_rows(dataset, "Happy", "Training", 2, seed=1).tolist()
    assert sample_rows(dataset, "Happy", "Training", 9, seed=1).tolist() == [0, 1, 2]


def test_sample_rows_names_what_is_unknown(dataset):
    """A word that is no emotion or Usage is refused with the known ones."""
    with pytest.raises(ValueError, match="unknown emotion 'Joy'"):
        sample_rows(dataset, "Joy", "Training", 1, seed=0)
    with pytest.raises(ValueError, match="unknown usage 'train'"):
        sample_rows(dataset, "Happy", "train", 1, seed=0)
