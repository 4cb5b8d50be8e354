"""The model card: what a saved model is, what it learned from, how well it does and what it must not be used for.

Made of the record, the saved predictions and the saved decision alone, never by hand, after Mitchell et al. (2019),
"Model Cards for Model Reporting", FAT*, section 4.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from fer_core.errors import ModelError
from fer_core.evaluation.decision import read_decision
from fer_core.evaluation.intervals import proportion, share
from fer_core.evaluation.metrics import class_scores, confusion_frame, summary
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.labels import SPLITS
from fer_core.lineage import trainings
from fer_core.store import SavedModel

CONFIDENCES = (0.0, 0.4, 0.6, 0.8, 1.0)
"""Edges of the ranges of confidence that the calibration is told for."""
ROWS = {
    "clean": "without blank faces and copies of validation or test faces, one of each group of copies",
    "all": "all Training faces of the classes, copies of validation and test faces among them: raw scores are leaky",
}

LIMITS = """\
- A label names the expression on one picture. It does not tell what a person feels, and says nothing about health or
  character.
- The intervals tell how much a score may differ on other faces of the same kind, not on faces of another kind.
"""
OF_DRAWN_FACES = "- The faces are drawn by a program: the scores say nothing about photographs."
OF_PHOTOGRAPHS = """\
- Small, grey faces of 48 × 48 pixels; nothing is known of profiles, of covered or of very dark faces.
- Nothing here measures whether it treats groups of people alike, and the scores say nothing about other populations.
- Where the faces are FER2013's: they are web pictures of unknown consent, ages and origins, labelled with the word by
  which they were searched for; the majority of ten annotators agrees with the label on two of three faces."""
PROHIBITED = """\
- Inferring emotions of people at work or in education; the EU's AI Act prohibits it (Regulation 2024/1689, art. 5).
- Diagnosis, or any other medical purpose.
- Decisions about people: hiring, grading, insurance, policing, border control, advertising at a person.
- Looking at people who have not been told and have not agreed."""


def model_card(model: SavedModel, predictions: Predictions) -> str:
    """The card of a trained `model` with its saved `predictions`, as Markdown."""
    sections = {
        "The model": _model(model),
        "Data": _data(model, predictions),
        "Scores": _scores(model),
        "Recall of each class, test": _recall(predictions),
        "Calibration, test": _calibration(predictions.select("test")),
        **({"How Predict answers": _decision(model)} if model.trained else {}),
        "Slices, test": _slices(predictions.select("test")),
        "Limits": LIMITS + (OF_DRAWN_FACES if model.record["dataset"].get("drawn") else OF_PHOTOGRAPHS),
        "Prohibited uses": PROHIBITED,
        "Settings": _settings(model),  # a table for every model that went in
    }
    head = (
        f"# Model card: {model.id}\n\nMade by FER Workbench of the model's record and its saved predictions. "
        "In brackets 95 % intervals; *honest* means without the faces that are copies of a training face."
    )
    return "\n\n".join([head, *(f"## {title}\n\n{text}" for title, text in sections.items())]) + "\n"


def _model(model: SavedModel) -> str:
    record = model.record
    facts = {
        "Task": f"tells {len(model.labels)} expressions apart: {', '.join(model.labels)} (scheme {record['scheme']})",
        **(_network(model) if model.trained else {}),
        "Combined of": ", ".join(map(_called, record.get("parts", ()))),
        "Imported from": _imported(record),
        "Created": record["created"],
        **(_file(record) if model.trained else {}),
        "Tags": ", ".join(model.tags),
    }
    return _list(facts)


def _network(model: SavedModel) -> dict[str, str]:
    return {
        "Input": "grey faces of 48 × 48 pixels, 0 black to 255 white, float32 `(n, 48, 48, 1)`; preprocessing inside",
        "Output": f"probabilities `(n, {len(model.labels)})` in the order above, each row sums to 1",
        "Network": f"{model.record['network']}, {model.record['parameters']:,} parameters",
    }


def _file(record: Mapping) -> dict[str, str]:
    made_with = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return {"sha256 of model.keras": record["sha256"], "Made with": made_with}


def _imported(record: Mapping) -> str:
    if not (file := record.get("imported") or record.get("answers")):
        return ""
    what = "a table of what it answers; the network itself is not here; " if "answers" in record else ""
    return f"{file['file']}, sha256 {file['sha256']}; {what}who trained it, and on what, is not known here"


def _data(model: SavedModel, predictions: Predictions) -> str:
    dataset = model.record["dataset"]
    kind = (
        "faces drawn by a program: no score says anything about photographs" if dataset.get("drawn") else "photographs"
    )
    facts = {
        "Dataset": f"{dataset['source']}, {kind}",
        "Fingerprint (sha256 of pixels, labels and split)": dataset["fingerprint"],
    }
    for one in trainings(model.record):
        own = one is model.record
        facts["Learned from" if own else f"{_called(one)}, which went into it, learned from"] = _learned(one, dataset)
    for split, usage in SPLITS.items():
        if split != "train":
            n, honest = (len(predictions.select(split, part)) for part in PARTS)
            facts[split.capitalize()] = f"{n:,} faces of {usage}, {n - honest:,} of them copies of a Training face"
    return _list(facts)


def _called(origin: Mapping) -> str:
    return f"{origin['id']} ({origin['sha256'][:12]})" if origin["sha256"] else origin["id"]


def _learned(record: Mapping, scored_on: Mapping) -> str:
    """The faces, labels and votes of one training, a record or an origin."""
    if "imported" in record or "answers" in record:
        return "what is not known: it was imported"
    settings, rows, dataset = record["settings"], record["rows"], record["dataset"]
    told = [
        f"{rows['train']:,} Training faces, {rows['left_out']:,} of these classes left out",
        ROWS.get(rule := settings.get("rows", "all"), f"by a rule that is not known here: {rule}"),
    ]
    if dataset["fingerprint"] != scored_on["fingerprint"]:
        told.append(f"of {dataset['source']}, of whose faces copies may be among those that it is scored on here")
    if settings.get("folds", 1) > 1:
        told.append(f"without part {settings.get('fold', 0) + 1} of {settings['folds']}")
    if name := settings.get("version"):
        told.append(f"with the labels of version {name}, sha256 {dataset.get('version_sha256')}")
    if settings.get("votes_weight") or settings.get("votes_taught"):
        votes = dataset.get("votes_sha256", "not recorded")
        told.append(f"with the annotators' votes, sha256 {votes}" if votes else "without annotators' votes")
    return "; ".join(told)


def _settings(model: SavedModel) -> str:
    """Those of every training that the model comes from, and of its teachers."""
    tables = {}
    for one in trainings(model.record, taught=True):
        ended = {name: one.get(name) for name in ("best_epoch", "training_seconds", "sha256")}
        known = {name: value for name, value in (one["settings"] | ended).items() if value not in (None, "", [])}
        name = model.id if one is model.record else _called(one)
        tables[name] = _table([{"Setting": name, "Value": known[name]} for name in known]) if known else ""
    if len(tables) < 2:
        return "".join(tables.values()) or "None: it was not trained here as it stands."
    return "\n\n".join(f"### {name}\n\n{table}" for name, table in tables.items())


def _scores(model: SavedModel) -> str:
    rows = [
        {
            "Split": split,
            "Part": part,
            "Faces": f"{scores['n']:,}",
            "Macro recall": _score(scores, "macro_recall"),
            "Accuracy": _score(scores, "accuracy"),
            "Calibration error": _share(scores.get("ece")),
        }
        for split, parts in model.scores.items()
        for part, scores in parts.items()
    ]
    return f"{_table(rows)}\n\nAs they stand in the record. Macro recall is the mean of the recalls of the classes."


def _recall(predictions: Predictions) -> str:
    raw, honest = (class_scores(predictions.select("test", part)).set_index("label").to_dict("index") for part in PARTS)
    cells = confusion_frame(predictions.select("test"))
    mistakes = cells[cells["true"] != cells["predicted"]].sort_values("n", ascending=False).groupby("true").head(1)
    taken_for = mistakes.set_index("true")
    rows = [
        {
            "Class": label,
            "Faces": f"{raw[label]['n']:,}",
            "Recall": _score(raw[label], "recall"),
            "Precision": _score(raw[label], "precision"),
            "Honest faces": f"{honest[label]['n']:,}",
            "Honest recall": _score(honest[label], "recall"),
            "Most often taken for": (
                f"{taken_for['predicted'][label]} ({_share(taken_for['by_true'][label])})"
                if taken_for["n"][label]
                else "–"
            ),
        }
        for label in predictions.labels
    ]
    return _table(rows)


def _calibration(predictions: Predictions) -> str:
    confidence = predictions.y_prob.max(axis=1)
    right = predictions.y_pred == predictions.y_true
    rows = []
    for low, high in pairwise(CONFIDENCES):
        here = (confidence > low) & (confidence <= high)
        rows.append(
            {"Probability of the answer": f"{low} to {high}", "Faces": f"{here.sum():,}"}
            | _right(confidence, right, here)
        )
    told = summary(predictions)
    return (
        f"Calibration error {_share(told.ece)} (15 bins, n = {told.n:,}). A well calibrated model is right as often as "
        f"it says.\n\n{_table(rows)}"
    )


def _right(confidence: np.ndarray, right: np.ndarray, here: np.ndarray) -> dict[str, str]:
    n = here.sum()
    mean = float(proportion(confidence[here].sum(), n))
    return {"Mean probability": _share(mean), "Right": _score(share("accuracy", right[here].sum(), n), "accuracy")}


def _decision(model: SavedModel) -> str:
    """What a user chose on top of the network; no score above knows of it."""
    try:
        sentences = read_decision(model).sentences
    except ModelError as error:
        sentences = (str(error),)
    return " ".join(sentences) or "With the most probable class, and the network's own probabilities."


def _slices(predictions: Predictions) -> str:
    leak = predictions.frame["leak"]
    slices = {
        "no copy in Training": leak == "",
        "near copy in Training": leak == "near",
        "exact copy in Training": leak == "exact",
    }
    rows = []
    for name, here in slices.items():
        told = summary(Predictions(predictions.frame[here], predictions.labels)).to_json() if here.any() else {}
        scores = {
            measure.replace("_", " ").capitalize(): _score(told, measure) for measure in ("macro_recall", "accuracy")
        }
        rows.append({"Faces with": name, "Faces": f"{int(here.sum()):,}"} | scores)
    return (
        f"{_table(rows)}\n\nA copy was met while it learned, unless the rule for its rows leaves it out. "
        "Slices by brightness, sharpness and agreement need the faces themselves: they stand on the page Evaluate."
    )


def _score(scores: Mapping, name: str) -> str:
    """`0.653 (0.636 to 0.670)`; a dash where there is no face."""
    value, low, high = (scores.get(f"{name}{end}") for end in ("", "_low", "_high"))
    return _share(value) if _none(value) or _none(low) else f"{value:.3f} ({low:.3f} to {high:.3f})"


def _share(value: float | None) -> str:
    return "–" if _none(value) else f"{value:.3f}"


def _none(value: float | None) -> bool:
    return value is None or bool(np.isnan(value))


def _list(facts: Mapping[str, str]) -> str:
    return "\n".join(f"- **{name}:** {_plain(told)}" for name, told in facts.items() if told)


def _table(rows: Iterable[Mapping[str, object]]) -> str:
    """Markdown's table of rows with the same keys."""
    rows = list(rows)
    lines = [list(rows[0]), ["---"] * len(rows[0]), *(row.values() for row in rows)]
    return "\n".join(f"| {' | '.join(_plain(str(cell)) for cell in line)} |" for line in lines)


def _plain(text: str) -> str:
    """On one line, without a bar that would part a table."""
    return " ".join(text.split()).replace("|", "\\|")
