"""How long evaluation takes, and how it grows with faces and with models.

Run it with `python -m tests.benchmarks.bench_evaluation [most rows] [most models]`; without them 350,000 and 100, which
takes some minutes and 6 GB. The predictions are drawn from a seed. A time is the best of three in processor seconds, so
that whatever else the machine does counts little. Growth is how many times longer ten times as many take.
"""

import sys
import time
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from fer_core.evaluation import agreement, common, comparison, curves, metrics, negative, reference
from fer_core.evaluation.curves_figures import precision_recall_lines, roc_lines
from fer_core.evaluation.figures import class_score_bars, confusion_heatmap
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import SCHEMES, VOTES

ROWS = (3_533, 35_000, 350_000)
MODELS = (1, 10, 100)
LABELS = SCHEMES["study"].labels
DATASET = {"source": "drawn", "fingerprint": "0" * 64}

ONE_MODEL: dict[str, Callable[[Predictions], object]] = {
    "select a part": lambda one: one.select("test", "honest"),
    "summary": metrics.summary,
    "confusion matrix": metrics.confusion_frame,
    "faces of a cell": lambda one: metrics.cell_faces(one, "Sad", "Happy"),
    "scores of each class": metrics.class_scores,
    "scores of all classes": metrics.overall_scores,
    "ROC and PR curves": curves.one_vs_rest,
    "negative called positive": negative.called_positive,
    "annotators": lambda one: reference.annotators(one, _votes(len(one))),
    "drawn: confusion, classes": lambda one: (
        confusion_heatmap(metrics.confusion_frame(one)).to_json(),
        class_score_bars(metrics.class_scores(one)).to_json(),
    ),
    "drawn: ROC and PR": lambda one: _draw_curves(curves.one_vs_rest(one)),
}
SEVERAL: dict[str, Callable[[Mapping[str, Predictions]], object]] = {
    "bring together": lambda models: common.bring_together(models, dict.fromkeys(models, DATASET)),
    "scores of each": comparison.scores_table,
    "paired differences": lambda models: comparison.paired_tests(models, next(iter(models))),
    "who is right where": agreement.groups,
    "same answer": agreement.same_answer,
}


def draw_models(rows: int, models: int) -> dict[str, Predictions]:
    """Models that are right on two faces of three, all on the same `rows` test faces, a seventh of which are copies."""
    rng = np.random.default_rng(0)
    label = rng.integers(len(LABELS), size=rows)
    shared = pd.DataFrame({"row": np.arange(rows), "usage": "PublicTest", "label": label.astype(np.int8)})
    shared["leak"] = np.where(rng.random(rows) < 1 / 7, "near", "")
    towards = 1.8 * np.eye(len(LABELS), dtype=np.float32)[label]
    return {f"model {number}": _draw(shared, towards, number) for number in range(models)}


def _draw(shared: pd.DataFrame, towards: np.ndarray, seed: int) -> Predictions:
    score = np.exp(towards + np.random.default_rng(seed + 1).standard_normal(towards.shape, np.float32))
    columns = [f"p_{label}" for label in LABELS]
    y_prob = pd.DataFrame(score / score.sum(axis=1, keepdims=True), columns=columns)
    return Predictions(pd.concat([shared, y_prob], axis=1), LABELS)


def _draw_curves(of_classes: curves.Curves) -> list[str]:
    return [draw(of_classes).to_json() for draw in (roc_lines, precision_recall_lines)]


def _votes(rows: int) -> np.ndarray:
    votes = np.zeros((rows, len(VOTES)), np.uint8)
    votes[np.arange(rows), np.arange(rows) % len(VOTES)] = 10
    return votes


def seconds(call: Callable, given: object) -> float:
    """Processor seconds of the best of three calls; of a single one where that takes longer than ten."""
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        call(given)
        best = min(best, time.process_time() - start)
        if best > 10:
            break
    return best


def report(title: str, sizes: tuple[int, ...], times: Mapping[str, list[float]]) -> None:
    """A line a function: milliseconds at each size, then how many times longer the last took than the one before."""
    print(f"\n{title:<28}" + "".join(f"{size:>12,}" for size in sizes) + "    the last ten times")
    for name, taken in times.items():
        growth = f"{taken[-1] / taken[-2]:>8.1f} ×" if len(taken) > 1 else ""
        print(f"{name:<28}" + "".join(f"{1000 * time:>9,.1f} ms" for time in taken) + growth)


def main() -> None:
    most = [int(argument) for argument in sys.argv[1:]] or [ROWS[-1], MODELS[-1]]
    rows = tuple(n for n in ROWS if n <= most[0])
    models = tuple(n for n in MODELS if n <= most[-1])
    many = [draw_models(n, 1)["model 0"] for n in rows]
    times = {name: [seconds(call, one) for one in many] for name, call in ONE_MODEL.items()}
    report("one model, faces:", rows, times)
    for n in (rows[0], rows[-1]):
        drawn = draw_models(n, models[-1])
        some = [dict(list(drawn.items())[:count]) for count in models]
        times = {name: [seconds(call, group) for group in some] for name, call in SEVERAL.items()}
        report(f"{n:,} faces, models:", models, times)


if __name__ == "__main__":
    main()
