"""Two networks of `keras.applications`, whose weights can start from what they learned on ImageNet.

They take raw pixels: their own preprocessing is among their layers. Faces are enlarged twofold and repeated to three
channels, since they were made for pictures of 224 px in colour; 32 px and more of any size will do.
"""

import urllib.error

import keras
from keras import layers

from fer_core.errors import RunError
from fer_core.networks.registry import network

APPLICATIONS = {
    "mobilenet": keras.applications.MobileNetV3Small,
    "efficientnet": keras.applications.EfficientNetV2B0,
}


@network("mobilenet", width=None, raw=True)
def mobilenet(x, *, width: None, fused: bool):
    """MobileNetV3-Small (Howard et al. 2019, arXiv:1905.02244)."""
    return _features("mobilenet", x)


@network("efficientnet", width=None, raw=True)
def efficientnet(x, *, width: None, fused: bool):
    """EfficientNetV2-B0 (Tan & Le 2021, arXiv:2104.00298)."""
    return _features("efficientnet", x)


def _features(name: str, x):
    x = layers.UpSampling2D(2, interpolation="bilinear", name="enlarge")(x)
    x = layers.Concatenate(name="channels")([x, x, x])
    backbone = APPLICATIONS[name](weights=None, include_top=False, pooling="avg", input_tensor=x)
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.9  # MobileNet's 0.999 would take ImageNet's statistics through most of a run
    return layers.Dropout(0.2, name="drop")(backbone.output)


def start_from_imagenet(trained: keras.Model) -> None:
    """Give a network for training the weights learned on ImageNet; its heads stay as they are.

    Keras downloads them once, 4 or 24 MB, and keeps them under `~/.keras/models`.
    Raises `ValueError` for a network without such weights, `RunError` where they cannot be had.
    """
    if trained.name not in APPLICATIONS:
        raise ValueError(f"start imagenet: expected network {' or '.join(APPLICATIONS)}, found {trained.name}")
    copy_weights(_downloaded(trained.name), trained)


def copy_weights(source: keras.Model, trained: keras.Model) -> None:
    """Carry all weights of `source` over to the layers of the same names."""
    for layer in source.layers:
        if layer.weights:
            trained.get_layer(layer.name).set_weights(layer.get_weights())


def _downloaded(name: str) -> keras.Model:
    try:
        return APPLICATIONS[name](weights="imagenet", include_top=False, input_shape=(224, 224, 3))
    except Exception as error:  # Keras tells a failed download by a bare Exception
        if not isinstance(error, OSError) and not isinstance(error.__context__, urllib.error.URLError):
            raise
        raise RunError(
            f"start imagenet: expected the weights of {name} under ~/.keras/models or a connection to "
            f"storage.googleapis.com, found neither ({error}); connect once, or start from random weights"
        ) from error
