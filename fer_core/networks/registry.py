"""Networks by name. A network is a function from faces to features; the frame around it is `frame`."""

from collections.abc import Callable
from dataclasses import dataclass

from fer_core.labels import choose


@dataclass(frozen=True)
class Network:
    """`features(x, width=…, fused=…)` maps `(n, side, side, 1)` to `(n, f)`; any size of face where `side` is None.

    The faces are standardised, or as they are, 0 to 255, where `raw`.
    """

    name: str
    features: Callable
    side: int | None
    width: int | None
    raw: bool

    def filters(self, width: int | None) -> int | None:
        """`width`, or the network's own where that is None; `ValueError` where the network has but one width."""
        if width is not None and self.width is None:
            raise ValueError(f"width: expected none, as {self.name} comes in one width only, found {width}")
        return width or self.width


NETWORKS: dict[str, Network] = {}


def network(name: str, *, side: int | None = None, width: int | None = 32, raw: bool = False):
    """Register the decorated function as the network called `name`.

    `width` is the filters of its first layer; None where they cannot be chosen.
    """

    def register(features: Callable) -> Callable:
        if name in NETWORKS:
            raise ValueError(f"network {name!r} is registered already")
        NETWORKS[name] = Network(name, features, side, width, raw)
        return features

    return register


def get_network(name: str) -> Network:
    """The network called `name`; `ValueError` lists the known ones."""
    return choose("network", name, NETWORKS)
