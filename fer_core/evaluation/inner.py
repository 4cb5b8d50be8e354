"""What the networks inside a network compute on the way: halves of a mirrored model, parts of a combined one."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Origin(NamedTuple):
    """Where a tensor comes from: the innermost Keras model, and whether that looked at the mirror image."""

    network: Any
    mirrored: bool


def with_inner(network, choose: Callable[[Any], Sequence | None]) -> tuple[Any, list[Origin]]:
    """`network`, a Keras model, with further outputs before its own; and the origin of each of these.

    `choose` is asked for the tensors of a network that are wanted, none perhaps; where it says None, the networks
    inside that one are asked instead. A network that is called twice gives its tensors twice.
    """
    import keras  # costs seconds and 600 MB

    if isinstance(network, keras.Sequential):  # which knows neither `input` nor how to be cloned with other calls
        network = keras.Model(network.inputs[0], network.outputs[0])
    chosen = choose(network)
    if chosen is not None:
        return keras.Model(network.input, [*chosen, network.output]), [Origin(network, False)] * len(chosen)
    tensors: list = []
    origins: list[Origin] = []
    turned: dict[int, bool] = {}  # of which tensors, by id, the picture is mirrored

    def call(operation, *args, **kwargs):
        is_turned = any(turned.get(id(tensor), False) for tensor in keras.tree.flatten(args))
        if isinstance(operation, keras.Model):
            inner, of_inner = with_inner(operation, choose)
            *found, output = keras.tree.flatten(inner(*args, **kwargs))
            tensors.extend(found)
            origins.extend(Origin(origin.network, is_turned != origin.mirrored) for origin in of_inner)
        else:
            output = operation(*args, **kwargs)
            is_turned ^= type(operation).__name__ == "Flip"
        turned[id(output)] = is_turned
        return output

    whole = keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=call)
    return keras.Model(whole.input, [*tensors, whole.output]), origins


def last_with_weights(network):
    """The last layer, or network inside, that learned something; None where none did."""
    return next((layer for layer in reversed(network.layers) if layer.weights), None)
