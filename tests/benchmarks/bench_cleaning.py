"""Whether a cleaner dataset helps: the same network and settings on the raw, the leak-free and the cleaned faces.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_cleaning [preset [setting=value ...]]`; without a
preset it is `fast`. The settings change the runs that are compared, not those behind the ranking. The ranking of
doubtful labels (the verb `doubt`) makes two versions of the leak-free faces: the first 3,000 left out, or given the
models' class. One run of each is compared on the honest part of validation; the best, the raw and the leak-free faces
are trained with three seeds. All of these runs stand in FER_MODELS: interrupted, it goes on where it
was. It ends with scores on the honest part of test, against the labels and against the annotators' majority.
"""

import sys

import numpy as np
import pandas as pd

from fer_core import store
from fer_core.cli import main as command_line
from fer_core.data import FaceDataset, load_dataset
from fer_core.data.versions import Version, list_versions, save_version
from fer_core.evaluation.atlas import majority_emotion
from fer_core.evaluation.intervals import DRAWS, SEED, percentile_interval
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.labels import EMOTIONS, SPLITS, get_scheme
from fer_core.paths import models_dir
from fer_core.training import doubt

SEEDS = (1, 2, 3)
FIRST = 3_000
"""Faces of the ranking that are left out or relabelled."""
UNCHANGED = {"raw": {"rows": "all"}, "leak-free": {"rows": "clean"}}
SCHEME = get_scheme("study")


def cleaned_versions(dataset: FaceDataset, preset: str) -> dict[str, dict[str, str]]:
    """Names of both versions, made where they are missing, and the settings that choose them."""
    if code := command_line(["doubt", "--preset", preset, "--top", "0"]):
        sys.exit(code)
    ranking = doubt.ranking(dataset, {preset: doubt.fold_config(preset)})
    ranking = ranking[ranking["usage"] == SPLITS["train"]]
    present = {version.name for version in list_versions(dataset)}
    first = ranking.head(FIRST)
    suggested = dict(zip(first["row"].tolist(), map(EMOTIONS.index, first["suggested"]), strict=True))
    changes = {
        f"left-out-{FIRST}": {"excluded": tuple(sorted(suggested))},
        f"relabelled-{FIRST}": {"labels": suggested},
    }
    for name, change in changes.items():
        if name not in present:
            save_version(Version(name, dataset.fingerprint, note="by tests.benchmarks.bench_cleaning", **change))
    return {name: {"rows": "clean", "version": name} for name in changes}


def trained(preset: str, changes: list[str], name: str, settings: dict[str, str], seed: int) -> Predictions:
    """Predictions of the run of these settings, trained where it isn't yet."""
    run = "-".join(["cleaning", preset, *(change.replace("=", "") for change in changes), name, str(seed)])
    chosen = [*changes, f"seed={seed}", *(f"{key}={value}" for key, value in settings.items())]
    new = ["--preset", preset, *(f"--set={one}" for one in chosen)]
    exists = (models_dir() / run).exists()
    if not (exists and store.open_model(run).trained) and (
        code := command_line(["train", "--name", run, *(["--resume"] if exists else new)])
    ):
        sys.exit(code)
    model = store.open_model(run)
    return read_predictions(model.folder / "predictions.parquet", model.labels)


def by_majority(predictions: Predictions, dataset: FaceDataset) -> Predictions:
    """The same answers beside what most annotators chose, without the faces that they gave no class of the model."""
    said = SCHEME.classes(majority_emotion(dataset.votes[predictions.frame["row"]]))
    return Predictions(predictions.frame.assign(label=said)[said >= 0].reset_index(drop=True), predictions.labels)


def drawn_scores(seeds: list[Predictions], drawn: np.ndarray) -> dict[str, np.ndarray]:
    """Mean scores of the runs on faces drawn with replacement, `drawn` times each, int64 `(draws, n)`: `(draws,)`."""
    y_true = seeds[0].y_true
    right = np.mean([run.y_pred == y_true for run in seeds], axis=0)
    classes = np.eye(len(seeds[0].labels))[y_true]  # (n, k)
    recall = (drawn @ (classes * right[:, np.newaxis])) / (drawn @ classes)
    return {"macro recall": recall.mean(axis=1), "accuracy": (drawn @ right) / drawn.sum(axis=1)}


def table(runs: dict[str, list[Predictions]]) -> pd.DataFrame:
    """Mean of the seeds with a 95 % bootstrap interval over faces, that of the difference to raw, and each seed."""
    n = len(runs["raw"][0])
    drawn = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), size=DRAWS)
    once = np.ones((1, n), np.int64)
    raw, raw_drawn = drawn_scores(runs["raw"], once), drawn_scores(runs["raw"], drawn)
    rows = []
    for name, seeds in runs.items():
        value, draws = drawn_scores(seeds, once), drawn_scores(seeds, drawn)
        for score in value:
            low, high = percentile_interval(draws[score])
            less, more = percentile_interval(draws[score] - raw_drawn[score])
            each = " ".join(f"{drawn_scores([run], once)[score][0]:.3f}" for run in seeds)
            difference = value[score][0] - raw[score][0]
            rows.append(
                {
                    "learned from": name,
                    "score": score,
                    "mean (95 %)": f"{value[score][0]:.3f} ({low:.3f} to {high:.3f})",
                    "against raw": f"{difference:+.3f} ({less:+.3f} to {more:+.3f})",
                    "seeds": each,
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    dataset = load_dataset()
    preset, *changes = sys.argv[1:] or [doubt.default_preset(dataset)]
    versions = cleaned_versions(dataset, preset)
    on_validation = {
        name: summary(trained(preset, changes, name, settings, SEEDS[0]).select("validation", "honest"))
        for name, settings in versions.items()
    }
    for name, scores in on_validation.items():
        print(f"{name}: validation, honest: macro recall {scores.macro_recall:.3f}, accuracy {scores.accuracy:.3f}")
    best = max(on_validation, key=lambda name: on_validation[name].macro_recall)
    runs = {
        name: [trained(preset, changes, name, settings, seed).select("test", "honest") for seed in SEEDS]
        for name, settings in (UNCHANGED | {best: versions[best]}).items()
    }
    print(
        f"\ntest, honest part, {len(runs['raw'][0]):,} faces, against the labels\n{table(runs).to_string(index=False)}"
    )
    if dataset.votes is not None:
        seen = {name: [by_majority(run, dataset) for run in seeds] for name, seeds in runs.items()}
        n = len(seen["raw"][0])
        print(f"\nthe same against the annotators' majority, {n:,} faces\n{table(seen).to_string(index=False)}")


if __name__ == "__main__":
    main()
