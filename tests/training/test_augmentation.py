"""A batch disturbed at once."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from fer_core.training.augmentation import augment, resized
from fer_core.training.config import TrainConfig

STILL = TrainConfig(flip=False, rotation=0, shift=0, zoom=0, erasing=0)
FACE = np.arange(48 * 48).reshape(1, 48, 48).astype(np.uint8)
SEED = tf.constant((1, 2))


def test_switched_off_it_changes_nothing():
    """Without any disturbance a face of 48 pixels stays as it is."""
    np.testing.assert_allclose(augment(FACE, SEED, STILL, 48)[..., 0], FACE, atol=1e-3)


def test_flip_mirrors_left_and_right():
    """Of many faces, each is the face or its mirror image, and both occur."""
    many = np.repeat(FACE, 32, axis=0)
    seen = augment(many, SEED, replace(STILL, flip=True), 48).numpy()[..., 0]
    mirrored = np.isclose(seen, FACE[:, :, ::-1], atol=1e-2).all((1, 2))
    same = np.isclose(seen, FACE, atol=1e-2).all((1, 2))
    assert (mirrored | same).all()
    assert mirrored.any()
    assert same.any()


def test_same_seed_same_faces():
    """A resumed run sees what an uninterrupted one would have seen; another seed gives other faces."""
    config = TrainConfig(erasing=0.5)
    many = np.repeat(FACE, 8, axis=0)
    first, again, other = (augment(many, tf.constant(seed), config, 48).numpy() for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_erasing_greys_a_rectangle():
    """Of a chosen face 1 to 16 % are greyed to its mean, the rest stays."""
    seen = augment(FACE, SEED, replace(STILL, erasing=1), 48).numpy()[0, ..., 0]
    changed = ~np.isclose(seen, FACE[0], atol=1e-2)
    assert 0.005 < changed.mean() < 0.2
    assert seen[changed] == pytest.approx(FACE.mean(), rel=1e-3)


@pytest.mark.parametrize("side", [32, 40])
def test_smaller_side(side):
    """Both ways to a smaller face keep its grey and give the size that was asked for."""
    for seen in (augment(FACE, SEED, STILL, side), resized(FACE, side)):
        assert seen.shape == (1, side, side, 1)
        assert float(tf.reduce_mean(seen)) == pytest.approx(FACE.mean(), rel=0.02)
