"""What the networks inside a network compute on the way: halves of a mirrored model, parts of a combined one."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from fer_core.data.dataset import SIDE


class Look(NamedTuple):
    """What a network sees of a face: its mirror image perhaps, so many pixels cut from each side before."""

    mirrored: bool = False
    cut: int = 0


class Origin(NamedTuple):
    """Where a tensor comes from: the innermost Keras model, and how that looked at the face."""

    network: Any
    look: Look


def with_inner(
    network, choose: Callable[[Any], Collection | None], *, inputs: bool = False
) -> tuple[Any, list[Origin]]:
    """`network`, a Keras model, with further outputs before its own; and the origin of each of these.

    They are the outputs, or the `inputs`, of the layers of a network that `choose` wants of it, none perhaps; where it
    says None, the networks inside that one are asked instead. What is called twice gives its tensors twice.
    """
    import keras  # costs seconds and 600 MB

    asked = network
    if isinstance(network, keras.Sequential):  # which knows neither `input` nor how to be cloned with other calls
        network = keras.Model(network.inputs[0], network.outputs[0])
    chosen = choose(network)
    wanted = {id(layer) for layer in chosen or ()}
    tensors: list = []
    origins: list[Origin] = []
    looks: dict[int, Look] = {}  # by the ids of the tensors that hold the picture

    # each layer is called anew, as it may have been called elsewhere before, on no way to this output
    def call(operation, *args, **kwargs):
        look = next((looks[id(tensor)] for tensor in keras.tree.flatten(args) if id(tensor) in looks), Look())
        if chosen is None and isinstance(operation, keras.Model):
            inner, of_inner = with_inner(operation, choose, inputs=inputs)
            *found, output = keras.tree.flatten(inner(*args, **kwargs))
            tensors.extend(found)
            origins.extend(Origin(origin.network, _through(look, *origin.look)) for origin in of_inner)
        else:
            output = operation(*args, **kwargs)
            cuts = isinstance(operation, keras.layers.Cropping2D) and args[0].shape[1] == SIDE
            look = _through(look, type(operation).__name__ == "Flip", operation.cropping[0][0] if cuts else 0)
        if id(operation) in wanted:
            tensors.append(args[0] if inputs else output)
            origins.append(Origin(asked, look))
        looks[id(output)] = look
        return output

    whole = keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)
    return keras.Model(whole.input, [*tensors, whole.output]), origins


def _through(look: Look, mirrored: bool, cut: int) -> Look:
    return Look(look.mirrored != mirrored, look.cut + cut)


def last_with_weights(network):
    """The last layer, or network inside, that learned something; None where none did."""
    return next((layer for layer in reversed(network.layers) if layer.weights), None)
