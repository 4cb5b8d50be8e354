"""The study's two networks: the first that it tried, and the one that it ended with."""

from keras import layers

from fer_core.networks.layers import Convolution, FusedNorm
from fer_core.networks.registry import network


@network("baseline", side=48)
def baseline(x, *, width: int, fused: bool):
    """Two 3 × 3 convolutions of 32, stride 1, and the Dense layer of the classes: the study's first network."""
    for index in (1, 2):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"conv{index}")(x)
    return layers.Flatten(name="flat")(x)


@network("study", side=48, width=64)
def study(x, *, width: int, fused: bool):
    """Twelve ELU convolutions in six pairs, normalised, pooled five times, dropout 0.4: the study's last network.

    The study tells the layers' kinds and the number of parameters, 3,842,630 for six classes; this is the layout of
    such layers that has exactly that many.
    """
    convolution = Convolution if fused else layers.Conv2D
    for pair, factor in enumerate((1, 2, 2, 4, 4, 4), start=1):
        for half in "ab":
            x = convolution(
                factor * width,
                3,
                padding="same",
                activation="elu",
                kernel_initializer="he_normal",
                name=f"conv{pair}{half}",
            )(x)
            x = _normalised(x, f"norm{pair}{half}", fused=fused)
        if pair < 6:
            x = layers.MaxPooling2D(name=f"pool{pair}")(x)
            x = layers.Dropout(0.4, name=f"drop{pair}")(x)
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(2 * width, activation="elu", kernel_initializer="he_normal", name="dense")(x)
    x = layers.BatchNormalization(name="norm_dense")(x)
    return layers.Dropout(0.4, name="drop_dense")(x)


def _normalised(x, name: str, *, fused: bool):
    """As Keras normalises, if need be in one kernel; after an activation it can't be folded into a convolution."""
    if fused:
        return FusedNorm(momentum=0.99, non_negative=False, name=name)(x)
    return layers.BatchNormalization(name=name)(x)
