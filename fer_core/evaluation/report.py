"""All that is told of a comparison in one place; the Compare page shows it, and it leaves as CSV and as HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from fer_core.errors import ModelError
from fer_core.evaluation.agreement import groups, mean_prediction, same_answer
from fer_core.evaluation.common import Common
from fer_core.evaluation.comparison import (
    CONFUSED,
    Difference,
    costs_table,
    difference_sentence,
    paired_tests,
    scores_table,
)
from fer_core.evaluation.metrics import confusion_frame, summary
from fer_core.evaluation.predictions import Predictions
from fer_core.labels import choose
from fer_core.lineage import rows_learned
from fer_core.store import SavedModel


@dataclass(frozen=True)
class Report:
    """Models against the `reference`, one of them, on the same faces of one `split` and `part`.

    `scores` is `comparison.scores_table`, `about` one row a model: `model`, `scheme`, `network`, `dataset`, `created`,
    `sha256`, `learned` (`learned_by`), and `comparison.costs_table`; who knows more of the costs adds columns.
    """

    split: str
    part: str
    reference: str
    common: Common
    scores: pd.DataFrame
    about: pd.DataFrame

    @cached_property
    def tests(self) -> pd.DataFrame:
        """`comparison.paired_tests`, once somebody asks: they take as long as all else."""
        return paired_tests(self.models, self.reference)

    @cached_property
    def together(self) -> Predictions:
        """`agreement.mean_prediction` of all models."""
        return mean_prediction(self.models)

    @property
    def cautions(self) -> list[str]:
        """Which models learned copies of these faces, or may have, in a sentence each."""
        learned = self.about.set_index("model")["learned"]
        leaked = {name: int((faces.frame["leak"] != "").sum()) for name, faces in self.models.items()}
        return leak_cautions([(name, learned[name], n) for name, n in leaked.items()], self.n)

    @property
    def models(self) -> dict[str, Predictions]:
        """The models that are compared, name → predictions."""
        return self.common.models

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that all tell apart."""
        return self.models[self.reference].labels

    @property
    def n(self) -> int:
        """The faces that all were scored on."""
        return len(self.models[self.reference])

    @property
    def recalls(self) -> dict[str, str]:
        """Column of `scores` with the recall of a class → the class and its faces, in words."""
        y_true = self.models[self.reference].y_true
        faces = np.bincount(y_true, minlength=len(self.labels))
        return {f"recall_{label}": f"{label} (n = {n:,})" for label, n in zip(self.labels, faces, strict=True)}

    @property
    def sentences(self) -> list[str]:
        """Each model's difference to the reference, in words."""
        tests = self.tests[["model", "holds", "difference", "low", "high"]].to_numpy()
        return [
            difference_sentence(self.reference, name, Difference(*told), self.n, 1 if holds else len(tests))
            for name, holds, *told in tests
        ]


def learned_by(model: SavedModel) -> str:
    """`lineage.rows_learned`; of another dataset `clean` says nothing: it leaves out copies of its own faces."""
    rule = rows_learned(model.record)
    return "" if model.elsewhere and rule == "clean" else rule


def leak_cautions(models: Iterable[tuple[str, str, int]], n: int) -> list[str]:
    """What a reader has to know of `n` faces that models were scored on.

    Of each model its name, its rule of `lineage.rows_learned`, and how many of the faces are copies of those that it
    could learn from: which need not be the same for all, as some may have learned from other datasets.
    """
    alike: dict[tuple[str, int], list[str]] = {}
    for name, rule, leaked in models:
        alike.setdefault((rule, leaked), []).append(name)
    return [
        _leak_caution(names, rule, leaked, n) for (rule, leaked), names in alike.items() if leaked and rule in _LEAKY
    ]


def _leak_caution(names: Sequence[str], rule: str, leaked: int, n: int) -> str:
    copies = _LEAKY[rule].format(f"copies of {leaked:,} of these {n:,} faces")
    return f"{', '.join(names)} {copies}; the honest part leaves these faces out."


_LEAKY = {
    "all": "learned from all Training faces, {} among them, which flatters the scores",
    "": "may have learned {}, which would flatter the scores",
}


def make_report(models: Iterable[SavedModel], common: Common, split: str, part: str, reference: str) -> Report:
    """Report on those of `models` that `common` holds; `ModelError` where there is no face to compare on.

    `ValueError` where the reference is none of them.
    """
    if not len(choose("reference", reference, common.models)):
        raise ModelError(f"expected {split} faces, {part}, that all models were scored on, found none")
    kept = [model for model in models if model.id in common.models]
    return Report(
        split,
        part,
        reference,
        common,
        scores_table(common.models),
        pd.DataFrame(map(_about, kept)).merge(costs_table(kept), on="model"),
    )


def to_csv(report: Report) -> str:
    """One row a number: `split, part, model, sha256, reference, measure, true, predicted, value, low, high, n`.

    Shares are in [0, 1]; the measure of a confusion matrix's cell is `faces`. Only `macro_recall_difference`,
    `mcnemar_p` and `mcnemar_p_holm` have a `reference`, the model that the row's is compared with. Of `only_right` the
    value is the faces that no other model gets right; rows without a model are about all of them: `same_answer`,
    `all_fail`, and the scores of the mean of their probabilities.
    """
    rows = [row for model in report.models for row in (*_score_rows(report, model), *_cell_rows(report, model))]
    rows += [row for test in report.tests.itertuples() for row in _test_rows(report, test)]
    rows += _agreement_rows(report)
    columns = [
        "split",
        "part",
        "model",
        "sha256",
        "reference",
        "measure",
        "true",
        "predicted",
        "value",
        "low",
        "high",
        "n",
    ]
    table = pd.DataFrame(rows).assign(split=report.split, part=report.part)
    table = table.merge(report.about[["model", "sha256"]], how="left")
    return table.reindex(columns=columns).to_csv(index=False)


_NAMED = ["scheme", "network", "dataset", "created", "sha256", "learned"]  # columns of `about` that are no numbers


def _about(model: SavedModel) -> dict[str, object]:
    record = model.record
    return {
        "model": model.id,
        "scheme": record["scheme"],
        "network": record["network"],
        "dataset": f"{record['dataset']['source']} ({record['dataset']['fingerprint'][:12]})",
        "created": record["created"],
        "sha256": record.get("sha256", ""),
        "learned": learned_by(model),
    }


def _score_rows(report: Report, model: str) -> list[dict]:
    """Scores and costs of a model; the `n` of a recall is that of its class."""
    scores = report.scores.set_index("model").loc[model]
    faces = confusion_frame(report.models[model]).groupby("true")["n"].sum()
    true, predicted = CONFUSED
    measures: dict[str, dict] = {"macro_recall": {}, "accuracy": {}, "ece": {}}
    measures |= {f"recall_{label}": {"measure": "recall", "true": label, "n": faces[label]} for label in report.labels}
    if "sad_as_happy" in scores:
        measures["sad_as_happy"] = {"true": true, "predicted": predicted, "n": faces[true]}
    rows = [
        {"model": model, "measure": name, "value": scores[name], "n": scores["n"]}
        | {end: scores.get(f"{name}_{end}") for end in ("low", "high")}
        | told
        for name, told in measures.items()
    ]
    costs = report.about.set_index("model").loc[model].drop(_NAMED)
    return rows + [{"model": model, "measure": name, "value": value} for name, value in costs.items()]


def _cell_rows(report: Report, model: str) -> list[dict]:
    cells = confusion_frame(report.models[model]).rename(columns={"n": "value"})
    return cells[["true", "predicted", "value"]].assign(model=model, measure="faces").to_dict("records")


def _agreement_rows(report: Report) -> list[dict]:
    all_fail, *alone = groups(report.models).items()
    together = vars(summary(report.together))
    rows = [{"model": name, "measure": "only_right", "value": n, "n": report.n} for name, n in alone]
    rows += [{"measure": "all_fail", "value": all_fail[1], "n": report.n}]
    rows += [{"measure": "same_answer", "value": same_answer(report.models), "n": report.n}]
    return rows + [
        {"measure": f"together_{name}", "value": together[name], "n": report.n}
        | {end: together[f"{name}_{end}"] for end in ("low", "high")}
        for name in ("macro_recall", "accuracy")
    ]


def _test_rows(report: Report, test: Any) -> list[dict]:
    pair = {"model": test.model, "reference": report.reference}
    difference = {"value": test.difference, "low": test.low, "high": test.high, "n": report.n}
    discordant = test.only_model + test.only_reference
    return [
        pair | {"measure": "macro_recall_difference"} | difference,
        pair | {"measure": "mcnemar_p", "value": test.p, "n": discordant},
        pair | {"measure": "mcnemar_p_holm", "value": test.p_holm, "n": discordant},
    ]
