"""Whether the first of the doubtful labels are wrong ones: labels flipped on purpose, and the annotators' majority.

Run it with `FER_SOURCE=<the CSV> python -m tests.benchmarks.bench_doubt [judge ...] [flips [seed]]`; without them
`fast`, for drawn faces `quick`, 500 and 0. It trains three runs of each preset, which stand in FER_MODELS: interrupted,
it goes on where it was; for the judge `annotators` none. The flips are a version of the dataset, looked for among twice
as many faces: the first 1,000 for 500 flips. What annotators say, where they don't judge themselves, is told of the
faces that keep their labels.

`python -m tests.benchmarks.bench_doubt saved MODEL ...` trains nothing and needs no dataset: it flips as large a share
of the labels of the honest validation and test faces, which these models never saw, and tells what better ones find.
"""

import sys

import numpy as np
import pandas as pd

from fer_core import store
from fer_core.cli import main as command_line
from fer_core.cli_words import contradiction_lines
from fer_core.data import FaceDataset, load_dataset
from fer_core.data.versions import Version, list_versions, read_version, save_version
from fer_core.evaluation.doubt import FIRST, contradiction
from fer_core.evaluation.intervals import wilson
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS, SPLITS, get_scheme
from fer_core.training import doubt
from tests.flipped import flip, flips_found

FLIPS = 500
OF = 28_273
"""Training faces of the study's classes, among which these are."""
SEEDS = range(60)
NOTE = "wrong on purpose, by tests.benchmarks.bench_doubt"


def flipped(dataset: FaceDataset, n: int, seed: int = 0) -> Version:
    """The version in which `n` Training faces of the study's classes carry another class, made if it is missing."""
    scheme, name = get_scheme("study"), f"flips-{n}-{seed}"
    rows = dataset.rows("train", scheme)
    label = scheme.classes(dataset.emotion[rows])
    wrong = flip(label, n, seed)
    codes = {int(rows[at]): EMOTIONS.index(scheme.labels[wrong[at]]) for at in np.flatnonzero(wrong != label)}
    if name not in [version.name for version in list_versions(dataset)]:
        save_version(Version(name, dataset.fingerprint, codes, note=NOTE))
    return read_version(dataset, name)


def ranking_of(dataset: FaceDataset, judges: list[str], version: str) -> pd.DataFrame:
    """The ranking of the Training faces, trained for by the verb `doubt`; ends where that does."""
    words = [f"--preset={judge}" for judge in judges]
    if code := command_line(["doubt", *words, "--top", "0", "--set", f"version={version}"]):
        sys.exit(code)
    ranking = doubt.ranking(dataset, {judge: doubt.fold_config(judge, version=version) for judge in judges})
    return ranking[ranking["usage"] == SPLITS["train"]]


def found_by(model: store.SavedModel, split: str, seed: int) -> float:
    """Share of the labels flipped that are among twice as many whose probability is the lowest."""
    predictions = read_predictions(model.predictions_file, model.labels).select(split, "honest")
    label = predictions.y_true
    wrong = flip(label, round(len(label) * FLIPS / OF), seed)
    flipped = wrong != label
    first = np.argsort(predictions.y_prob[np.arange(len(wrong)), wrong], kind="stable")[: 2 * flipped.sum()]
    return flipped[first].sum() / flipped.sum()


def ask_saved(names: list[str]) -> None:
    for model in map(store.open_trained, names):
        shares = [found_by(model, split, seed) for split in ("validation", "test") for seed in SEEDS]
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        print(f"{model.id}: {np.mean(shares):.3f} of the flipped labels found (standard error {error:.3f})")


def main() -> None:
    if sys.argv[1:2] == ["saved"]:
        ask_saved(sys.argv[2:])
        return
    dataset = load_dataset()
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    judges = [word for word in sys.argv[1:] if not word.isdecimal()] or [doubt.default_preset(dataset)]
    version = flipped(dataset, *(numbers or [FLIPS]))
    ranking, rows = ranking_of(dataset, judges, version.name), np.array([*version.labels])
    others = ranking[~ranking["row"].isin(rows)]
    told = [] if doubt.ANNOTATORS in judges else contradiction_lines(contradiction(others, (100, FIRST)))
    print(f"\nTraining faces, judged by {' and '.join(judges)}", *told, sep="\n")
    first = min(2 * len(rows), len(ranking))
    found = flips_found(ranking, rows, first)
    low, high = wilson(found, len(rows))
    print(
        f"of {len(rows)} labels flipped on purpose {found} are among the first {first:,} of {len(ranking):,}: "
        f"{found / len(rows):.3f} ({low:.3f} to {high:.3f}), by chance {first / len(ranking):.3f}"
    )


if __name__ == "__main__":
    main()
