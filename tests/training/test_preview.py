"""Faces augmented without TensorFlow, for a look before a run."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from fer_core.data import load_dataset
from fer_core.training import augmentation
from fer_core.training.config import TrainConfig
from fer_core.training.preview import Chance, augmented

STILL = TrainConfig(flip=False, rotation=0, shift=0, zoom=0, erasing=0)
STRONG = TrainConfig(rotation=40, shift=0.2, zoom=0.3, erasing=0.7)
N = 16


class SameChance(augmentation.Chance):
    """The training's random numbers, as arrays."""

    def uniform(self, *args):
        return super().uniform(*args).numpy()

    def beta(self, *args):
        return super().beta(*args).numpy()


@pytest.mark.parametrize("change", [{}, {"erasing": 0}, {"flip": False}, {"mixup": 0.4}], ids=str)
def test_same_numbers_give_the_same_faces(change):
    """With the random numbers of training, each face is what training would see, up to the rounding of a grey level."""
    images, config = load_dataset("demo").images[:N], replace(STRONG, **change)
    numbers = tf.constant((3, 7)), tf.range(N), N
    expected = augmentation.augment(images, augmentation.Chance(*numbers), config, 48)[..., 0]
    if config.mixup:
        shares = augmentation.mixup_shares(augmentation.Chance(*numbers), config.mixup)
        expected = augmentation.mixup(expected, shares)
    difference = np.abs(augmented(images, SameChance(*numbers), config) - expected.numpy())
    assert (difference > 0.51).mean() < 1e-3  # a pixel on the edge of an erased rectangle may fall on either side


def test_switched_off_it_changes_nothing():
    """Without any disturbance a face stays as it is."""
    images = load_dataset("demo").images[:4]
    np.testing.assert_array_equal(augmented(images, Chance(1, 4), STILL), images)


def test_own_numbers_are_the_same_for_the_same_seed():
    """A setting changed shows its own effect and no other: the numbers hang on seed and stream alone."""
    first, other = Chance(1, N), Chance(2, N)
    np.testing.assert_allclose(first.uniform(0, -2, 2), 2 * first.uniform(0, -1, 1))
    assert not np.array_equal(first.uniform(0, -1, 1), other.uniform(0, -1, 1))
    assert not np.array_equal(first.uniform(0, -1, 1), first.uniform(1, -1, 1))
    assert ((first.beta(10, 0.4) >= 0) & (first.beta(10, 0.4) <= 1)).all()
