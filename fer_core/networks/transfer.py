"""A network for training that starts where a saved one ended, for the same classes or for others."""

import keras
import numpy as np

from fer_core.errors import RunError
from fer_core.networks.folding import unfold
from fer_core.networks.layers import FusedNorm


def start_from(trained: keras.Model, saved: keras.Model, images: np.ndarray, *, same_classes: bool) -> None:
    """Give `trained`, from `training_network`, the weights of `saved`, from `saved_network`.

    The head `label` is taken over where `same_classes`, the head `votes`, which no file holds, never: what is not taken
    over stays as it is. `images`, uint8 `(n, 48, 48)`, are a few hundred faces of the new run (see `unfold`).
    For the same answers build `trained` with the `mean` and `std` of the saved model's record.
    Raises `RunError` where `saved` is of another network or width.
    """
    if saved.name != trained.name:
        raise _misfit(trained.name, saved.name)
    source = _unmirrored(saved)
    expected, found = _without_heads(trained), _without_heads(source)
    if _shapes(expected) != _shapes(found):
        raise _misfit(_size(expected), _size(found))
    unfold(found, expected, images)
    if same_classes:
        trained.get_layer("label").set_weights(source.get_layer("label").get_weights())


def _unmirrored(saved: keras.Model) -> keras.Model:
    """The network itself, where the saved form averages over a mirror image."""
    return next((layer for layer in saved.layers if isinstance(layer, keras.Model)), saved)


def _without_heads(model: keras.Model) -> keras.Model:
    return keras.Model(model.input, model.get_layer("label").input, name=model.name)


def _shapes(model: keras.Model) -> dict[str, tuple[int, ...]]:
    """Of the first weight, mostly the kernel, of each layer that is in both forms."""
    return {
        layer.name: tuple(layer.weights[0].shape)
        for layer in model.layers
        if layer.weights and not isinstance(layer, (FusedNorm, keras.layers.BatchNormalization))
    }


def _size(model: keras.Model) -> str:
    shapes = list(_shapes(model).values())
    return f"{model.name} of width {shapes[0][-1]} ({sum(map(np.prod, shapes)):,} weights)"


def _misfit(expected: str, found: str) -> RunError:
    return RunError(
        f"start: expected a saved {expected}, found {found}; choose its network and width, or another saved model"
    )
