"""Networks by name: the study's two, ours, and two that can start from ImageNet."""

import fer_core.networks.compact
import fer_core.networks.imagenet
import fer_core.networks.study  # noqa: F401 - importing registers the networks
from fer_core.networks.frame import saved_network, softened, training_network
from fer_core.networks.imagenet import start_from_imagenet
from fer_core.networks.registry import NETWORKS, get_network
from fer_core.networks.transfer import start_from

__all__ = [
    "NETWORKS",
    "get_network",
    "saved_network",
    "softened",
    "training_network",
    "start_from",
    "start_from_imagenet",
]
