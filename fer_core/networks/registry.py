"""Networks by name. A network is a function from standardised faces to features; the frame around it is `frame`."""

from collections.abc import Callable
from dataclasses import dataclass

from fer_core.labels import choose


@dataclass(frozen=True)
class Network:
    """`features(x, width=…, fused=…)` maps `(n, side, side, 1)` to `(n, f)`; any size of face where `side` is None."""

    name: str
    features: Callable
    side: int | None
    width: int


NETWORKS: dict[str, Network] = {}


def network(name: str, *, side: int | None = None, width: int = 32):
    """Register the decorated function as the network called `name`; `width` is the filters of its first layer."""

    def register(features: Callable) -> Callable:
        if name in NETWORKS:
            raise ValueError(f"network {name!r} is registered already")
        NETWORKS[name] = Network(name, features, side, width)
        return features

    return register


def get_network(name: str) -> Network:
    """The network called `name`; `ValueError` lists the known ones."""
    return choose("network", name, NETWORKS)
