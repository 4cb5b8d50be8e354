"""What the command line prints for people to read."""

import json

import pandas as pd

from fer_core.evaluation.report import Report
from fer_core.store import SavedModel


def ending(model: SavedModel) -> str:
    """How a run ended that did not finish, why if it told, and how to go on where that is not to be put right first."""
    last: dict = next(reversed(model.recent_events()), {})
    if reason := last.get("reason", ""):
        return f"run {model.id!r}: {model.status}: {reason}"
    return f"run {model.id!r}: {model.status}; go on with: python -m fer_core train --resume --name {model.id}"


TESTS = (
    "difference: of macro recall, with its 95 % interval, bootstrapped over the same faces; holds: that is free of 0 "
    "where all rows are looked at together; only_model, only_reference: faces that one gets right and the other "
    "doesn't; p, p_holm: McNemar's test of these, alone and where all rows are looked at together"
)
"""What stands in the last columns of `compare`."""


def scores_text(model: SavedModel) -> str:
    """A trained model's headline scores, a line a split and part."""
    lines = [f"{model.id}: {model.record['parameters']:,} parameters; scores with 95 % intervals"]
    for split, parts in model.scores.items():
        lines += [f"{split}, {part}: {scores_words(scores)}" for part, scores in parts.items()]
    return "\n".join(lines)


def scores_words(scores: dict) -> str:
    """`3,533 faces, macro recall 0.674 (0.659 to 0.688), accuracy …` of a headline's record.

    Classes without a face, which macro recall leaves out, are counted.
    """
    told = [
        f"{name.replace('_', ' ')} {share(scores[name])} "
        f"({share(scores[f'{name}_low'])} to {share(scores[f'{name}_high'])})"
        for name in ("macro_recall", "accuracy")
    ]
    recalls = [recall for recall in scores["recall"].values() if recall is not None]
    classes = "" if len(recalls) == len(scores["recall"]) else f" of {len(recalls)} of {len(scores['recall'])} classes"
    return ", ".join([f"{scores['n']:,} faces{classes}", *told])


def recalls(frame: pd.DataFrame) -> str:
    """`Angry 0.660 (0.615 to 0.701), …` of `metrics.class_scores`; a dash for a class without a face."""
    return ", ".join(
        f"{row.label} {row.recall:.3f} ({row.recall_low:.3f} to {row.recall_high:.3f})" if row.n else f"{row.label} –"
        for row in frame.itertuples()
    )


def report_json(report: Report) -> dict:
    """A part of what `compare --json` prints; what no face could tell is None."""
    return {
        "scores": json.loads(report.scores.to_json(orient="records", double_precision=15)),
        "differences": report.sentences,
        "tests": json.loads(report.tests.to_json(orient="records", double_precision=15)),
        "notes": list(report.common.notes),
        "cautions": report.cautions,
    }


def report_text(report: Report) -> str:
    """Scores, differences in words, paired tests."""
    ends = ("_low", "_high")  # of each class they would fill the screen; --json has them
    shown = [name for name in report.scores if not (name.endswith(ends) and name.startswith(("recall_", "sad_")))]
    tables = [report.scores[shown].round(3)] + ([report.tests.round(4)] if len(report.tests) else [])
    scores, *tests = (table.to_string(index=False) for table in tables)
    tests += [TESTS] if tests else []
    return "\n".join([*report.common.notes, *report.cautions, scores, *report.sentences, *tests])


def contradiction_lines(frame: pd.DataFrame) -> list[str]:
    """`evaluation.doubt.contradiction`, a line a size; none where the dataset has no votes."""
    *parts, everything = frame[frame["n"] > 0].to_dict("records") or [None]
    lines = [f"of the first {row['first']:,} the annotators' majority contradicts {_interval(row)}" for row in parts]
    return [*lines, f"of all {everything['n']:,}: {_interval(everything)}"] if everything else []


def _interval(row: dict) -> str:
    return f"{share(row['share'])} ({share(row['low'])} to {share(row['high'])})"


def model_line(row: dict) -> str:
    """A row of the verb `models`."""
    if row["problem"]:
        return f"{row['id']}: damaged, {row['problem']}"
    parts = row["scores"].get("test", {})
    told = "".join(f"\n  test, {part}: {scores_words(scores)}" for part, scores in parts.items()) or ", no scores yet"
    return f"{row['id']}: {row['status']}, network {row['network']}, classes {row['scheme']}{told}"


def counted(n: int, noun: str) -> str:
    """`1 face`, `2,000 faces`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def file_text(file: dict) -> str:
    """A picture of the verb `predict`: what its faces show, or what is wrong with it."""
    if "error" in file:
        return f"{file['path']}: {file['error']}"
    return f"{file['path']}: " + ("; ".join(map(_face_text, file["faces"])) or "no face found")


def share(value: float | None) -> str:
    """Three digits; a dash where there is no value."""
    return "–" if value is None else f"{value:.3f}"


def _face_text(face: dict) -> str:
    shares = ", ".join(f"{label} {share(value)}" for label, value in face["probabilities"].items())
    return f"{face['label'] or 'unsure'} ({shares})"
