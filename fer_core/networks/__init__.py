"""Networks by name: the study's two and ours."""

import fer_core.networks.compact
import fer_core.networks.study  # noqa: F401 - importing registers the networks
from fer_core.networks.frame import saved_network, training_network
from fer_core.networks.registry import NETWORKS, get_network

__all__ = ["NETWORKS", "get_network", "saved_network", "training_network"]
