"""Numbers as the pages write them."""

import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fer_core.data.copies import NEAR
from fer_core.data.statistics import imbalance_ratio
from fer_core.evaluation.metrics import Summary
from fer_core.labels import EMOTIONS, SPLITS, VOTES

CLASS_METRICS = ("recall", "precision", "f1")
HONEST = "Honest: without the faces that are copies of a training face."
SCORES = (
    "Recall: of the faces of a class, the share that is called so. Precision: of the faces called so, the share that "
    "is. F1: their harmonic mean. Macro: the mean of the classes, in which each counts the same."
)
LEARNED_VOTES = "Models here have learned from the votes for other faces too; for those that they judge they know none."
CALIBRATION_ERROR = (
    "Calibration error: by how much the probability of an answer and the share of right ones differ, on average."
)

PERCENT = "%.1f %%"
"""Of a column of numbers in percent; Streamlit's own format of shares writes 57% beside 68.51%."""


def name(measure: str) -> str:
    """`macro_recall` → `Macro recall`, `macro_f1` → `Macro F1`."""
    return measure.replace("_", " ").capitalize().replace("f1", "F1")


def literal(text: str) -> str:
    """`text`, such as the name of a visitor's file, so that none of its signs is taken for Markdown."""
    # a colon before a letter may begin `:smile:`, which no backslash prevents, but a joiner of no width does
    return re.sub(r"([\\`*_$~#<>\[\]])", r"\\\1", re.sub(r":(?=\S)", ":\u2060", text))


def code(text: str) -> str:
    """`text` as code, in one line, whatever signs are in it."""
    return f"`{' '.join(text.replace('`', '´').split())}`"


def faces(n: int) -> str:
    """`1 face`, `2,000 faces`."""
    return f"{n:,} face{'' if n == 1 else 's'}"


def percent(value: float) -> str:
    """`66.1 %`, or a dash where there is no number."""
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"


def number(value: float, written: str, unit: str = "") -> str:
    """`2.41 M`; a dash where it isn't known."""
    return "–" if pd.isna(value) else f"{value:{written}}{unit}"


def duration(seconds: float) -> str:
    """`40 seconds`, `57 minutes`, `2 h 20 min`, `3 days 4 h`; a dash where there is no number."""
    if math.isnan(seconds):
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} seconds"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} minutes"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} days {hours % 24} h"


def interval(value: float, low: float, high: float) -> str:
    """`66.1 % (64.3 to 67.8)`: a score with its 95 % interval, which one face doesn't tell."""
    return percent(value) if math.isnan(low) else f"{100 * value:.1f} % ({bounds(low, high)})"


def bounds(low: float, high: float) -> str:
    """`64.3 to 67.8`, in percent."""
    return "no faces" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f}"


def scored_on(source: str, drawn: bool) -> str:
    """What a model's scores are about."""
    return "drawn faces" if drawn else Path(source).name


def scores(leaderboard: pd.DataFrame) -> pd.DataFrame:
    """`evaluation.leaderboard` in words, to be read."""
    table = {"Model": leaderboard["model"]}
    for part in ("honest", "raw"):
        table[f"Macro recall, {part}"] = with_interval(leaderboard, f"{part}_macro_recall")
        table[f"Faces, {part}"] = leaderboard[f"{part}_n"]
    return pd.DataFrame(
        table
        | {
            "Classes": leaderboard["scheme"],
            "Faces of": [scored_on(*about) for about in leaderboard[["source", "drawn"]].to_numpy()],
            "Network": leaderboard["network"],
            "Parameters": [number(count / 1e6, ".2f", " M") for count in leaderboard["parameters"].astype(float)],
        }
    )


def runs(table: pd.DataFrame) -> pd.DataFrame:
    """`training.standing.runs_table`, to be read."""
    reached = zip(table["epochs"], table["at_most"], strict=True)
    return pd.DataFrame(
        {
            "Run": table["run"],
            "Status": table["status"],
            "Network": table["network"],
            "Classes": table["scheme"],
            "Epochs": [f"{done} of {most:.0f}" if pd.notna(most) else f"{done}" for done, most in reached],
            "Best recall while training": 100 * table["recall"],
            "Trained for": [duration(seconds) for seconds in table["seconds"]],
            "Started (UTC)": table["started"],
        }
    )


def tried(results: pd.DataFrame, settings: Mapping[str, str]) -> pd.DataFrame:
    """`training.tuning.results`, to be read; `settings`: those that differ → what they are called."""
    return pd.DataFrame(
        {
            "Run": results["run"],
            "Validation macro recall": [
                interval(*row) if pd.notna(row[1]) else f"{percent(row[0])} so far" if pd.notna(row[0]) else "–"
                for row in results[["recall", "low", "high"]].to_numpy()
            ],
            **{label: results[setting] for setting, label in settings.items()},
            "Epochs done": results["done"],
            "Status": results["status"],
        }
    )


def imbalance(class_counts: pd.DataFrame) -> str:
    """What the imbalance of `statistics.class_counts` means for a network."""
    totals = class_counts.groupby("emotion")["n"].sum()
    totals = totals[totals > 0]
    largest, smallest = totals.idxmax(), totals.idxmin()
    if len(totals) == 1:
        return f"All faces are labelled {largest}: there is nothing to tell apart."
    return (
        f"**Imbalance {imbalance_ratio(class_counts):.1f} : 1.** There are that many more faces of {largest} than of "
        f"{smallest}. A network that always answered {largest} would be right for "
        f"{percent(totals.max() / totals.sum())} of all faces: look at the recall of each class, not at accuracy alone."
    )


def counts(class_counts: pd.DataFrame) -> pd.DataFrame:
    """`statistics.class_counts` with an expression a row and a split a column, and the sums."""
    n = class_counts.set_index(["usage", "emotion"])["n"]
    table = pd.DataFrame({usage: n[usage] for usage in SPLITS.values()})
    table["All"] = table.sum(axis=1)
    table["Share"] = [percent(share) for share in table["All"] / table["All"].sum()]
    return table.rename_axis("Expression")


def quartiles(measured: pd.DataFrame, value: str) -> pd.DataFrame:
    """A column of `statistics.pixel_statistics` by expression, to be read."""
    of_each = measured.groupby("emotion")[value]
    shown = {
        "Lower quartile": of_each.quantile(0.25),
        "Median": of_each.median(),
        "Upper quartile": of_each.quantile(0.75),
    }
    table = pd.DataFrame(shown).round(1).assign(Faces=of_each.size()).rename_axis("Expression")
    return table.loc[[emotion for emotion in EMOTIONS if emotion in table.index]]


def copies(exact: np.ndarray, near: np.ndarray) -> str:
    """How often a face stands in the dataset again."""
    if not len(exact) and not len(near):
        return "No other row shows the same photograph."
    return f"Other rows with the same photograph: **{len(exact)}** pixel by pixel, **{len(near)}** nearly so."


def summaries(parts: Mapping[str, Summary]) -> pd.DataFrame:
    """Headline scores, one row a part or model."""
    return pd.DataFrame(
        {
            "Faces": [scores.n for scores in parts.values()],
            "Macro recall": [
                interval(scores.macro_recall, scores.macro_recall_low, scores.macro_recall_high)
                for scores in parts.values()
            ],
            "Accuracy": [
                interval(scores.accuracy, scores.accuracy_low, scores.accuracy_high) for scores in parts.values()
            ],
            "Calibration error": [percent(scores.ece) for scores in parts.values()],
        },
        index=list(parts),
    )


def class_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """`metrics.class_scores`, to be read."""
    table = {"Class": frame["label"], "Faces": frame["n"], "Predicted": frame["n_predicted"]}
    return pd.DataFrame(table | {metric.capitalize(): with_interval(frame, metric) for metric in CLASS_METRICS})


def with_interval(frame: pd.DataFrame, column: str) -> list[str]:
    """`interval` of each row, from `column`, `<column>_low` and `<column>_high`."""
    return [interval(*row) for row in frame[[column, f"{column}_low", f"{column}_high"]].to_numpy()]


def overall(scores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`metrics.overall_scores` of each name, to be read, a row each."""
    return pd.DataFrame(
        {
            who: {name(row.metric): interval(row.value, row.low, row.high) for row in frame.itertuples()}
            for who, frame in scores.items()
        }
    ).T


def areas(frame: pd.DataFrame) -> pd.DataFrame:
    """The areas of `curves.Curves`, to be read."""
    return pd.DataFrame(
        {
            "Class": frame["label"],
            "Faces": frame["n"],
            "Share of all faces": [percent(share) for share in frame["share"]],
            "Area below ROC": with_interval(frame, "auc"),
            "Average precision": with_interval(frame, "average_precision"),
        }
    )


def called_positive(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """`negative.called_positive` of each part, to be read, the parts beside each other."""
    first = next(iter(parts.values()))
    table = {"Labelled": first["labelled"], "Called": first["called"]}
    for part, frame in parts.items():
        table[f"Faces, {part}"] = [f"{row.n_called:,} of {row.n:,}" for row in frame.itertuples()]
        table[f"Share, {part}"] = [interval(row.share, row.low, row.high) for row in frame.itertuples()]
    return pd.DataFrame(table)


def confusion(cells: pd.DataFrame, value: str, diagonal: bool = True) -> pd.DataFrame:
    """`metrics.confusion_frame` as a matrix, a row a true class, to be read; see `figures.confusion_heatmap`."""
    written = [f"{n:,}" for n in cells["n"]] if value == "n" else [percent(share) for share in cells[value]]
    shown = pd.Series(written).where(diagonal | (cells["true"] != cells["predicted"]), "")
    labels = cells["true"].unique()
    return pd.DataFrame(
        shown.to_numpy().reshape(len(labels), -1), pd.Index(labels, name="labelled ↓, predicted →"), labels
    )


def votes(counts: np.ndarray) -> str:
    """`Sad 6, Neutral 4`: how many annotators voted for which of `labels.VOTES`, most first."""
    most_first = np.argsort(-counts.astype(int), kind="stable")
    return ", ".join(f"{VOTES[index]} {counts[index]}" for index in most_first if counts[index]) or "none"


def most_voted(counts: np.ndarray) -> str:
    """`votes Sad 6`: what most annotators voted for, below a face."""
    return f"votes {votes(counts).split(',')[0]}"


def answers(probabilities: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Model → class → probability of one face, a row a model, to be read."""
    rows = [
        {"Model": model, "Answer": max(of_class, key=of_class.__getitem__)}
        | {label: percent(share) for label, share in of_class.items()}
        for model, of_class in probabilities.items()
    ]
    return pd.DataFrame(rows).fillna("–")  # a class that the model doesn't know


def copied_in(exact: np.ndarray, near: np.ndarray) -> str:
    """`12 exact, 345 near`: the other rows that show the same photograph."""
    return ", ".join([f"{row} exact" for row in exact] + [f"{row} near" for row in near])


def calibration(frame: pd.DataFrame) -> pd.DataFrame:
    """`calibration.calibration_scores`, to be read."""
    chance = zip(frame["chance_low"], frame["chance_high"], strict=True)
    return pd.DataFrame(
        {
            "Probabilities": frame["probabilities"],
            "Calibration error": [percent(value) for value in frame["ece"]],
            "A perfectly calibrated model shows": [f"{bounds(low, high)} %" for low, high in chance],
            "Negative log-likelihood": _with_bounds(frame, "nll", 1, "{:.3f}"),
            "Its change": _changes(frame, 1, "{:+.4f}"),
        }
    )


def votes_distance(frame: pd.DataFrame) -> pd.DataFrame:
    """`calibration.votes_distance`, to be read."""
    return pd.DataFrame(
        {
            "Probabilities": frame["probabilities"],
            "Share of votes to move, %": _with_bounds(frame, "distance", 100, "{:.1f}"),
            "Change in points": _changes(frame, 100, "{:+.2f}"),
        }
    )


def group_scores(frame: pd.DataFrame) -> pd.DataFrame:
    """`operating.group_scores` with the `faces` they are of, to be read."""
    columns = {"faces": "Faces", "rule": "Answer", "n": "Labelled so", "n_called": "Called so"}
    table = {title: frame[column] for column, title in columns.items()}
    for measure in ("recall", "precision", "macro_recall", "accuracy"):
        table[name(measure)] = with_interval(frame, measure)
    return pd.DataFrame(table)


def who_pays(frame: pd.DataFrame) -> pd.DataFrame:
    """`operating.who_pays`, to be read."""
    table = {"Class": frame["label"], "Faces": frame["n"]}
    for end in ("before", "after"):
        table[f"Recall {end}"] = with_interval(frame, f"recall_{end}")
    return pd.DataFrame(table | {"Right only before": frame["lost"], "Right only after": frame["won"]})


def _with_bounds(frame: pd.DataFrame, measure: str, factor: float, written: str) -> list[str]:
    """`0.857 (0.825 to 0.889)`, a row each, times `factor`; without the brackets where one face tells no interval."""
    values = factor * frame[[measure, f"{measure}_low", f"{measure}_high"]].to_numpy()
    return [
        (written if math.isnan(low) else f"{written} ({written} to {written})").format(value, low, high)
        for value, low, high in values
    ]


def _changes(frame: pd.DataFrame, factor: float, written: str) -> list[str]:
    """As `_with_bounds`; nothing in the first row, which is what the others are held against."""
    return ["", *_with_bounds(frame, "change", factor, written)[1:]]


def slices(frame: pd.DataFrame, score: str) -> pd.DataFrame:
    """`slices.slice_scores`, to be read; `score` heads its column."""
    values = frame[["value", "low", "high"]].to_numpy()
    table = {"Slice": frame["slice"], "Faces": frame["n"], "Classes": frame["classes"]}
    return pd.DataFrame(table | {score: [interval(*row) for row in values]})


def contradiction(frame: pd.DataFrame) -> pd.DataFrame:
    """`doubt.contradiction`, to be read."""
    *heads, everything = frame["first"]
    return pd.DataFrame(
        {
            "Faces": [*(f"first {first:,}" for first in heads), f"all {everything:,}"],
            "With votes": frame["n"],
            "Contradicted": frame["contradicted"],
            "Share": with_interval(frame.rename(columns={"low": "share_low", "high": "share_high"}), "share"),
        }
    )


def recordings(shares: pd.DataFrame) -> pd.DataFrame:
    """`inference.summary.shares_frame`, to be read: one row a recording."""
    table = shares.assign(said=[interval(*row) for row in shares[["share", "low", "high"]].to_numpy()])
    order = list(dict.fromkeys(shares["label"]))
    wide = table.pivot_table("said", ["recording", "n"], "label", aggfunc="first", sort=False)[order].reset_index()
    return wide.rename(columns={"recording": "Recording", "n": "Faces seen"})


def leaks(shares: pd.DataFrame, usage: str) -> pd.DataFrame:
    """`statistics.leak_shares` of one Usage, to be read."""
    of_usage = shares[shares["usage"] == usage]
    columns = {"emotion": "Expression", "n": "Faces", "exact": "Exact copies", "near": "Near copies"}
    table = of_usage.rename(columns=columns)[list(columns.values())]
    return table.assign(Share=[percent(share) for share in of_usage["share"]])


def leaked(shares: pd.DataFrame, usage: str, threshold: float) -> str:
    """What the leaks of `statistics.leak_shares` in one Usage, of copies from `threshold` up, mean for a score."""
    of_usage = shares[shares["usage"] == usage]
    total, exact, near = (int(of_usage[column].sum()) for column in ("n", "exact", "near"))
    if not total:
        return f"There is no face of {usage}."
    if not exact + near:
        return f"No face of {usage} is a copy of a Training face."
    worst = of_usage.loc[of_usage["share"].idxmax()]
    return (
        f"**{exact + near:,} of {total:,}** faces of {usage} ({percent((exact + near) / total)}) show a photograph "
        f"that Training holds too: {exact:,} pixel by pixel, {near:,} with another crop, watermark or compression. It "
        f"is worst for {worst['emotion']} ({percent(worst['share'])}). A network may simply remember them; "
        f"*honest* scores leave out those from {NEAR} up{', these' if threshold == NEAR else ''}."
    )
