"""A batch disturbed at once."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from fer_core.training.augmentation import Chance, augment, mixup, mixup_shares, resized
from fer_core.training.config import TrainConfig

STILL = TrainConfig(flip=False, rotation=0, shift=0, zoom=0, erasing=0)
FACE = np.arange(48 * 48).reshape(1, 48, 48).astype(np.uint8)


def chance(n: int = 1, seed: tuple[int, int] = (1, 2)) -> Chance:
    return Chance(tf.constant(seed), tf.range(n), 32)


def test_switched_off_it_changes_nothing():
    """Without any disturbance a face of 48 pixels stays as it is."""
    np.testing.assert_allclose(augment(FACE, chance(), STILL, 48)[..., 0], FACE, atol=1e-3)


def test_flip_mirrors_left_and_right():
    """Of many faces, each is the face or its mirror image, and both occur."""
    many = np.repeat(FACE, 32, axis=0)
    seen = augment(many, chance(32), replace(STILL, flip=True), 48).numpy()[..., 0]
    mirrored = np.isclose(seen, FACE[:, :, ::-1], atol=1e-2).all((1, 2))
    same = np.isclose(seen, FACE, atol=1e-2).all((1, 2))
    assert (mirrored | same).all()
    assert mirrored.any()
    assert same.any()


def test_same_seed_same_faces():
    """A resumed run sees what an uninterrupted one would have seen; another seed gives other faces."""
    config = TrainConfig(erasing=0.5)
    many = np.repeat(FACE, 8, axis=0)
    first, again, other = (augment(many, chance(8, seed), config, 48).numpy() for seed in ((1, 2), (1, 2), (1, 3)))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_erasing_greys_a_rectangle():
    """Of a chosen face 1 to 16 % are greyed to its mean, the rest stays."""
    seen = augment(FACE, chance(), replace(STILL, erasing=1), 48).numpy()[0, ..., 0]
    changed = ~np.isclose(seen, FACE[0], atol=1e-2)
    assert 0.005 < changed.mean() < 0.2
    assert seen[changed] == pytest.approx(FACE.mean(), rel=1e-3)


@pytest.mark.parametrize("side", [32, 40])
def test_smaller_side(side):
    """Both ways to a smaller face keep its grey and give the size that was asked for."""
    for seen in (augment(FACE, chance(), STILL, side), resized(FACE, side)):
        assert seen.shape == (1, side, side, 1)
        assert float(tf.reduce_mean(seen)) == pytest.approx(FACE.mean(), rel=0.02)


def test_a_part_of_a_batch_is_disturbed_as_in_the_whole():
    """Two devices with half of the faces each see together what one sees."""
    config = TrainConfig(erasing=0.5)
    many = np.repeat(FACE, 8, axis=0)
    whole = augment(many, chance(8), config, 48).numpy()
    part = augment(many[4:], Chance(tf.constant((1, 2)), tf.range(4, 8), 32), config, 48).numpy()
    np.testing.assert_array_equal(part, whole[4:])


def test_mixup_blends_neighbours():
    """0.75 of 8 and 0.25 of 4 are 7; a face that keeps all of itself, or is alone, stays."""
    x, share = tf.constant([[8.0], [4.0], [8.0], [4.0], [9.0]]), tf.constant([0.75, 0.5, 1.0, 1.0, 0.5])
    assert mixup(x, share).numpy().ravel().tolist() == [7, 6, 8, 4, 9]


def test_mixup_shares_are_of_the_beta_distribution():
    """Alpha 1 is uniform: folded to 0.5 … 1 its mean is 0.75; a small alpha hardly blends."""
    many = Chance(tf.constant((1, 2)), tf.range(4000), 4000)
    even, rare = (mixup_shares(many, alpha).numpy() for alpha in (1.0, 0.05))
    assert ((even >= 0.5) & (even <= 1)).all()
    assert even.mean() == pytest.approx(0.75, abs=0.01)
    assert rare.mean() > 0.95
