"""How far FER2013's labels can be known: from the votes of ten annotators of the very face, from a model, from both.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_ceiling [models …]`, FER+'s votes beside the CSV;
without models, the shipped `flagship`. Logistic regressions learn on the validation faces how labels follow from what
is told of a face, and answer the test faces; with all classes weighing the same where macro recall is asked for. No
network is told the votes of a test face: both together know more than could be asked of one.
"""

import sys
from collections.abc import Iterator

import numpy as np
from sklearn.linear_model import LogisticRegression

from fer_core import store
from fer_core.data import load_dataset
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import PARTS, Predictions, predictions_frame, read_predictions
from fer_core.training.teachers import RARE

WEIGHTS = {"accuracy": None, "macro recall": "balanced"}
"""What is asked for → scikit-learn's weights of the classes."""


def told(predictions: Predictions, votes: np.ndarray) -> dict[str, np.ndarray]:
    """What is known of each face, float `(n, …)`, by its name; `votes` uint8 `(rows of the dataset, 10)`."""
    chosen = votes[predictions.frame["row"].to_numpy()].astype(float)
    shares = chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
    people = np.hstack([shares, np.log(shares + RARE)])
    model = np.log(np.maximum(predictions.y_prob, 1e-6))
    return {"annotators": people, "model": model, "both": np.hstack([people, model])}


def learned(known: Predictions, asked: Predictions, votes: np.ndarray) -> Iterator[tuple[str, Predictions]]:
    """Answers to the faces of `asked` by what the labels of `known` teach, each with its name."""
    for who, evidence in told(known, votes).items():
        for aim, weights in WEIGHTS.items():
            learner = LogisticRegression(max_iter=5000, class_weight=weights).fit(evidence, known.y_true)
            y_prob = learner.predict_proba(told(asked, votes)[who])
            columns = (asked.frame[name].to_numpy() for name in ("row", "usage", "label", "leak"))
            yield f"{who}, for {aim}", Predictions(predictions_frame(*columns, y_prob, asked.labels), asked.labels)


def main() -> None:
    dataset = load_dataset()
    if dataset.votes is None:
        sys.exit("expected FER+'s fer2013new.csv beside the CSV, or its path in FER_VOTES, found no votes")
    for name in sys.argv[1:] or ("flagship",):
        model = store.open_trained(name)
        found = read_predictions(model.predictions_file, model.labels)
        answers = {name: found} | dict(learned(found.select("validation"), found.select("test"), dataset.votes))
        for part in PARTS:
            print(f"\ntest, {part}, {len(found.select('test', part)):,} faces")
            for who, one in answers.items():
                scores = summary(one.select("test", part))
                classes = ", ".join(f"{label} {recall:.3f}" for label, recall in scores.recall.items())
                print(f"{who:<28}accuracy {scores.accuracy:.3f}  macro recall {scores.macro_recall:.3f}  ({classes})")


if __name__ == "__main__":
    main()
