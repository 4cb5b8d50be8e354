"""One process of the tests' cluster: trains a tiny network without dropout, whose every step is known beforehand.

`python -m tests.training.cluster_worker FOLDER [BATCHES]`; prints the number of epochs done and a sum over the
weights. With `BATCHES` it waits after so many, to be killed.
"""

import sys
import time
from itertools import count
from pathlib import Path

import numpy as np
from keras import layers

from fer_core.networks.layers import convolution
from fer_core.networks.registry import network
from fer_core.training import config
from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces
from fer_core.training.devices import get_strategy, noticing_lost_workers
from fer_core.training.engine import Engine
from fer_core.training.loop import Loop

config.NETWORKS += ("plain",)


@network("plain")
def plain(x, *, width: int, fused: bool):
    """One normalised convolution."""
    x = layers.Activation("relu")(convolution(x, width, "stage", pool=True, fused=fused))
    return layers.GlobalAveragePooling2D()(x)


CONFIG = TrainConfig(network="plain", width=4, epochs=3, batch_size=16, averaging=0.9, erasing=0.5, votes_weight=0.5)


def faces() -> Faces:
    """64 random faces with votes."""
    rng = np.random.default_rng(0)
    votes = np.eye(10, dtype=np.float32)[np.arange(64) % 10]
    images = rng.integers(0, 256, (64, 48, 48)).astype(np.uint8)
    return Faces(images, (np.arange(64) % 6).astype(np.int32), votes, *2 * [np.zeros((64, 6), np.float32)])


def main(folder: Path, batches: int | None) -> None:
    """Train, or go on, in `folder`."""
    engine = Engine(CONFIG, 6, 0.5, 0.25, strategy=get_strategy())
    asked = count(1)

    def stopping() -> bool:
        if next(asked) == batches:
            print("waiting", flush=True)
            time.sleep(3600)
        return False

    loop = Loop(CONFIG, engine, faces(), faces(), folder, stopping=stopping)
    loop.resume()
    with noticing_lost_workers():
        loop.run()
    weights = np.concatenate([weight.numpy().ravel() for weight in engine.network.weights])
    print(loop.progress.epoch, *np.round(weights, 5), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
