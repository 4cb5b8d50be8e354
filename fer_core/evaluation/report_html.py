"""A comparison as one HTML file: tables without scripts, pictures or faces, to be opened without a network."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from fer_core.evaluation.agreement import TOGETHER, groups, right_counts, same_answer
from fer_core.evaluation.comparison import CONFUSED, difference_sentence, paired_macro_recall_difference
from fer_core.evaluation.figures import CONFUSION_VALUES
from fer_core.evaluation.matrix_html import differences, matrices
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.report import Report

_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.45 }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid #8886 }
th:first-child, td:first-child { text-align: left }
td { white-space: nowrap }
td.sha { white-space: normal; font-family: monospace; font-size: .75rem; overflow-wrap: anywhere; max-width: 22rem }
.matrices { display: flex; flex-wrap: wrap; gap: 2rem }
.wide, .matrices table { display: block; overflow-x: auto; max-width: 100% }
"""


def to_html(report: Report, value: str = "by_true") -> str:
    """The whole `report`; its matrices show `value`, a column of `metrics.confusion_frame`."""
    unit, _ = CONFUSION_VALUES[value]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        f"<h1>{len(report.models)} models compared</h1>",
        f"<p>On the {report.split} split, {report.part}: {report.n:,} faces that all were scored on. "
        f"Reference: {escape(report.reference)}. Intervals are 95 %. Written {now}.</p>",
        "<p>A label names the expression in a picture; it doesn't tell what a person feels.</p>",
        _list(
            [
                *report.common.notes,
                *report.cautions,
                *(f"{name} was refused: {why}." for name, why in report.common.refused.items()),
            ]
        ),
        "<h2>Scores</h2>",
        _scores(report),
        "<h2>Could it be chance?</h2>",
        _list(report.sentences),
        _tests(report),
        f"<h2>Confusion matrices, {unit}, rows labelled, columns predicted</h2>",
        matrices(report.models, value),
        f"<h2>Differences from {escape(report.reference)}, {'faces' if value == 'n' else 'points'}</h2>",
        differences(report.models, report.reference, value),
        "<h2>Where they agree</h2>",
        _agreement(report),
        "<h2>The models</h2>",
        _about(report),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>FER models compared</title>'
    head += f"<style>{_STYLE}</style>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def _scores(report: Report) -> str:
    names = {"macro_recall": "Macro recall", "accuracy": "Accuracy"}
    if "sad_as_happy" in report.scores:
        names["sad_as_happy"] = " → ".join(CONFUSED)
    scores, recalls = report.scores.to_dict("records"), report.recalls
    rows = [[row["model"], *(_interval(row, name) for name in names), f"{100 * row['ece']:.1f} %"] for row in scores]
    of_class = [[row["model"], *(_interval(row, name) for name in recalls)] for row in scores]
    return _table(f"Scores on {report.n:,} faces", ["Model", *names.values(), "Calibration error"], rows) + _table(
        "Recall of each class", ["Model", *recalls.values()], of_class
    )


def _tests(report: Report) -> str:
    rows = map(_test_row, report.tests.itertuples())
    names = ["Model", "Points of macro recall", "Only it is right", "Only the reference is right", "McNemar's p"]
    return _table("Paired on the same faces", [*names, "p of all together (Holm)"], rows)


def _test_row(test: Any) -> list[str]:
    return [
        test.model,
        f"{100 * test.difference:+.1f} ({100 * test.low:+.1f} to {100 * test.high:+.1f})",
        f"{test.only_model:,}",
        f"{test.only_reference:,}",
        f"{test.p:.3g}",
        f"{test.p_holm:.3g}",
    ]


def _agreement(report: Report) -> str:
    models, together = report.models, vars(summary(report.together))
    difference = paired_macro_recall_difference(models[report.reference], report.together)
    all_fail, *alone = groups(models).items()
    lines = [
        f"All give the same answer to {same_answer(models):.1%} of the {report.n:,} faces.",
        f"All fail on {all_fail[1]:,} faces.",
        *(f"Only {name} is right: {n:,} faces." for name, n in alone),
        f"As one, by the mean of their probabilities: macro recall {_interval(together, 'macro_recall')}, "
        f"accuracy {_interval(together, 'accuracy')}.",
        difference_sentence(report.reference, TOGETHER, difference, report.n),
    ]
    of_class = right_counts(models).groupby("label", sort=False)["n"]
    rows = [[str(label), *(f"{n:,}" for n in counts)] for label, counts in of_class]
    names = ["Class", *map(str, range(len(models) + 1))]
    return _list(lines) + _table("Faces by how many models are right", names, rows)


def _about(report: Report) -> str:
    names = {
        "model": "Model",
        "network": "Network",
        "scheme": "Classes",
        "dataset": "Scored on",
        "learned": "Learned from",
        "created": "Created (UTC)",
        "parameters": "Parameters",
        "bytes": "Bytes",
        "training_seconds": "Training, seconds",
        "milliseconds_alone": "Milliseconds a face, alone",
        "milliseconds_batched": "Milliseconds a face, in a batch",
        "sha256": "sha256 of model.keras",
    }
    known = [name for name in names if name in report.about]
    learned = {"all": "all rows", "clean": "rows without copies", "": "not known"}
    about = report.about.assign(learned=report.about["learned"].map(learned))
    rows = [[_plain(row[name]) for name in known] for _, row in about.iterrows()]
    return _table("What was compared", [names[name] for name in known], rows)


def _table(caption: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(map(_td, row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><caption>{escape(caption)}</caption><tr>{head}</tr>{body}</table></div>'


def _td(text: str) -> str:
    kind = ' class="sha"' if len(text) == 64 else ""
    return f"<td{kind}>{escape(text)}</td>"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _interval(row: Mapping[Any, float], name: str) -> str:
    if math.isnan(row[name]):
        return "–"
    value, low, high = (100 * row[f"{name}{end}"] for end in ("", "_low", "_high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _plain(value: object) -> str:
    if isinstance(value, float):
        return "–" if math.isnan(value) else f"{value:,.0f}" if value.is_integer() else f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
