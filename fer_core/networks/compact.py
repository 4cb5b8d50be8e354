"""Our small network: about a million parameters, made for training on a CPU."""

from keras import layers

from fer_core.networks.layers import convolution
from fer_core.networks.registry import network


def _residual(x, filters: int, name: str, *, fused: bool):
    """X + two convolutions of x (He et al. 2016, arXiv:1512.03385, without bottleneck)."""
    y = convolution(x, filters, f"{name}a", fused=fused)
    y = layers.Activation("relu", name=f"{name}a_relu")(y)
    y = convolution(y, filters, f"{name}b", fused=fused)
    y = layers.Activation("relu", name=f"{name}b_relu")(y)
    return layers.Add(name=f"{name}_add")([x, y])


@network("compact")
def compact(x, *, width: int, fused: bool):
    """A VGG-like stem and three doublings of the width, each pooled, with residual pairs between.

    Pooling stands before normalisation and activation, and the first convolution is pooled at once: most of the time
    of a step on a CPU goes into wide maps of few channels.
    """
    for stage, (factor, pairs) in enumerate(((1, 1), (2, 1), (4, 2), (8, 0)), start=1):
        x = convolution(x, factor * width, f"stage{stage}", pool=True, fused=fused)
        x = layers.Activation("relu", name=f"stage{stage}_relu")(x)
        for pair in range(1, pairs + 1):
            x = _residual(x, factor * width, f"stage{stage}_pair{pair}", fused=fused)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    return layers.Dropout(0.3, name="drop")(x)
