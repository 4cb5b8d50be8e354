"""What a second look is worth: saved models that see a face once, or its mirror image beside it, on the same faces.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_looks [models …]`; without models, the shipped
`compact`, which is saved with one look, and `compact-all-rows`, saved with two. Several networks combined are refused.
"""

import sys

import keras

from fer_core import store
from fer_core.data import load_dataset
from fer_core.evaluation.comparison import difference_sentence, paired_macro_recall_difference
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.evaluation.scoring import predict_dataset
from fer_core.labels import get_scheme
from fer_core.networks.frame import looking_twice

MODELS = ("compact", "compact-all-rows")


def one_look(saved: keras.Model) -> keras.Model:
    """What a network that looks twice is made of; one that looks once, as it is."""
    inside = [layer for layer in saved.layers if isinstance(layer, keras.Model)]
    if len(inside) > 1:
        sys.exit(f"expected one network, found {len(inside)} combined")
    return inside[0] if inside else saved


def tell(name: str, split: str, part: str, looks: dict[str, Predictions]) -> None:
    chosen = {words: predictions.select(split, part) for words, predictions in looks.items()}
    n = len(next(iter(chosen.values())))
    print(f"\n{name}, {split}, {part}, {n:,} faces")
    for words, predictions in chosen.items():
        scores = summary(predictions)
        print(f"{words:<12}accuracy {scores.accuracy:.3f}  macro recall {scores.macro_recall:.3f}")
    print(difference_sentence(*chosen, paired_macro_recall_difference(*chosen.values()), n))


def main() -> None:
    dataset = load_dataset()
    for name in sys.argv[1:] or MODELS:
        model = store.open_trained(name)
        once = one_look(store.load_network(model))
        networks = {"one look": once, "two looks": looking_twice(once)}
        scheme = get_scheme(model.record["scheme"])
        looks = {words: predict_dataset(network, dataset, scheme) for words, network in networks.items()}
        for split in ("validation", "test"):
            for part in PARTS:
                tell(name, split, part, looks)


if __name__ == "__main__":
    main()
