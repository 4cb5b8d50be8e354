"""How often the peer package `fer` and the saved models are right, on the same test faces.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_peer [models …]` after `pip install fer`; without
models, the shipped `compact` and `flagship`. The peer's probability of Disgust, which the study's six classes don't
have, is left out, and the most probable of the other six is its answer. Whether it learned copies of test faces isn't
known; on the honest part that doesn't matter.
"""

import sys

import numpy as np

from fer_core import store
from fer_core.data import load_dataset
from fer_core.evaluation.comparison import difference_sentence, paired_macro_recall_difference
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import PARTS, Predictions, predictions_frame, read_predictions
from fer_core.labels import EMOTIONS, get_scheme
from tests.benchmarks.peer import MISSING, Peer, installed

SCHEME = get_scheme("study")
CODES = [EMOTIONS.index(label) for label in SCHEME.labels]
SOME = 256
MODELS = ("compact", "flagship")


def of_peer(images: np.ndarray, like: Predictions, *, quantized: bool) -> Predictions:
    """The peer's answers to the faces of `like`."""
    peer, frame = Peer(quantized=quantized), like.frame
    rows = frame["row"].to_numpy()
    parts = [peer.probabilities(Peer.ready(images[rows[at : at + SOME]])) for at in range(0, len(rows), SOME)]
    y_prob = np.concatenate(parts)[:, CODES]
    y_prob = (y_prob / y_prob.sum(axis=1, keepdims=True)).astype(np.float32)
    usage, leak = frame["usage"].to_numpy(), frame["leak"].to_numpy()
    return Predictions(predictions_frame(rows, usage, like.y_true, leak, y_prob, like.labels), like.labels)


def main() -> None:
    if not installed():
        sys.exit(MISSING)
    dataset, found = load_dataset(), {}
    for name in sys.argv[1:] or MODELS:
        model = store.open_trained(name)
        found[name] = read_predictions(model.folder / "predictions.parquet", model.labels).select("test", "raw")
    like = next(iter(found.values()))
    peers = {"fer": True, "fer, its Keras network": False}
    found = {name: of_peer(dataset.images, like, quantized=value) for name, value in peers.items()} | found
    for part in PARTS:
        chosen = {name: one.select("test", part) for name, one in found.items()}
        n = len(chosen["fer"])
        print(f"\n{part}, {n:,} test faces")
        for name, one in chosen.items():
            scores = summary(one)
            recalls = ", ".join(f"{label} {recall:.2f}" for label, recall in scores.recall.items())
            print(f"{name:<24}accuracy {scores.accuracy:.3f}  macro recall {scores.macro_recall:.3f}  ({recalls})")
        for name in list(chosen)[len(peers) :]:
            print(difference_sentence("fer", name, paired_macro_recall_difference(chosen["fer"], chosen[name]), n))


if __name__ == "__main__":
    main()
