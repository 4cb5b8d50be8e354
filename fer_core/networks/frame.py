"""What stands around every network: raw pixels in, preprocessing inside, heads out.

Training form: `(n, side, side, 1)` float32, 0 to 255, to logits: `label` `(n, k)` and, if asked, `votes` `(n, 10)`.
Saved form: `(n, 48, 48, 1)`, 0 to 255, to probabilities `(n, k)`; stock Keras layers only.
"""

import keras
from keras import layers

from fer_core.data.dataset import SIDE
from fer_core.labels import VOTES
from fer_core.networks.folding import fold
from fer_core.networks.registry import Network, get_network

CLOSER = 2
"""Pixels cut from each side of the mirror image, which is enlarged to the face's size again.

Two looks that differ in size too are worth more than a face and its mirror image: models/README.md.
"""
SOFT = 1 / 4
"""Share of the mean of 3 × 3 pixels in a softened one: its variance, 2/3 pixel² each way, becomes the 1/6 by which
bilinear interpolation blurs on average, u (1 - u) for a place u between two pixels.
"""


def softened(x):
    """Faces `(n, side, side, 1)` as soft as those that were turned, moved or zoomed, and so read between their pixels.

    A network that was trained on those takes faces as they are for too sharp: models/README.md.
    """
    around = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    return layers.Add()([layers.Rescaling(1 - SOFT)(x), layers.Rescaling(SOFT)(around)])


def _features(spec: Network, x, mean: float, std: float, width: int | None, *, fused: bool):
    """Of raw pixels; for most networks ÷ 255, then centred and scaled by the training pixels' statistics first."""
    if not spec.raw:
        x = _standardised(x, mean, std)
    return spec.features(x, width=spec.filters(width), fused=fused)


def _standardised(x, mean: float, std: float):
    """As in the study."""
    x = layers.Rescaling(1 / 255, name="rescale")(x)
    return layers.Normalization(axis=None, mean=mean, variance=std**2, name="standardise")(x)


def training_network(
    name: str, classes: int, *, mean: float, std: float, width: int | None = None, votes: bool = False
) -> keras.Model:
    """The network in its form for training. `mean` and `std` are of the training pixels ÷ 255.

    `ValueError` where the name is unknown, or a `width` is given to a network that comes in one width only.
    """
    spec = get_network(name)
    inputs = keras.Input((spec.side, spec.side, 1), name="face")
    x = _features(spec, inputs, mean, std, width, fused=True)
    outputs = {"label": layers.Dense(classes, dtype="float32", name="label")(x)}
    if votes:
        outputs["votes"] = layers.Dense(len(VOTES), dtype="float32", name="votes")(x)
    return keras.Model(inputs, outputs, name=name)


def saved_network(
    trained: keras.Model,
    name: str,
    classes: int,
    *,
    mean: float,
    std: float,
    width: int | None = None,
    side: int = SIDE,
    mirror: bool = False,
    soft: bool = False,
) -> keras.Model:
    """The network in its form for the saved file, with the weights of `trained`, normalisation folded away.

    It brings faces to `side` pixels first, the size that it was trained on last, or where that is theirs makes them
    `softened`, if it was trained on such ones: `soft`. With `mirror` it is `looking_twice`, at twice the cost.
    """
    spec = get_network(name)
    inputs = keras.Input((SIDE, SIDE, 1), name="pixels")
    soft = soft and side == SIDE  # what is resized is soft already
    x = inputs if side == SIDE else layers.Resizing(side, side, name="resize")(inputs)
    x = softened(x) if soft and not mirror else x
    x = _features(spec, x, mean, std, width, fused=False)
    x = layers.Dense(classes, name="label")(x)
    model = keras.Model(inputs, layers.Softmax(name="probabilities")(x), name=name)
    fold(trained, model)
    return looking_twice(model, soft=soft) if mirror else model


def looking_twice(model: keras.Model, *, soft: bool = False) -> keras.Model:
    """The mean of what `model`, in its saved form, says of a face and of its mirror image, seen `CLOSER`.

    `soft`: the face is `softened` for it; what is enlarged is soft already.
    """
    faces = keras.Input((SIDE, SIDE, 1), name="pixels")
    closer = layers.Resizing(SIDE, SIDE, name="closer")(layers.Cropping2D(CLOSER, name="middle")(faces))
    looks = [softened(faces) if soft else faces, keras.ops.flip(closer, axis=2)]
    both = [model(look, training=False) for look in looks]
    return keras.Model(faces, layers.Average(name="mirrored")(both), name=model.name)
