"""Doubtful labels: faces ranked by how little judges, and copies of the face, speak for their label.

The judges are models that never saw the face, its annotators, or both.

Confident learning (Northcutt, Jiang & Chuang 2021, JAIR 70, p. 1373) by its authors' library `cleanlab`. A photograph
that stands in the dataset twice under two labels has a wrong one, whatever models say of it. The votes of FER+'s
annotators, where the dataset has them, stand beside it as a second opinion, unless they are asked to judge too.

| column | dtype | values |
|---|---|---|
| `row` | int64 | row of the dataset, each once; the most doubtful first |
| `usage` | str | FER's Usage |
| `label`, `suggested` | str | the class that the face has, and the most probable one; equal where the judges agree |
| `p_label`, `p_suggested` | float64 | their probabilities, in [0, 1] |
| `copies`, `agreeing` | int64 | exact and near copies of the face that are ranked too, and those of its label |
| `score` | float64 | cleanlab's label quality, in [0, 1], ascending |
| `is_issue` | bool | whether it is among the first of the ranking that confident learning takes for wrong |
| `majority` | str | what most annotators chose, the label where it is among equals; empty without votes |
| `contradicted` | boolean | whether that is not the label; NA without votes |
| `reason` | str | all of this in words |
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from fer_core.data.copies import Copies
from fer_core.data.dataset import FaceDataset
from fer_core.data.votes import votes_for
from fer_core.evaluation.intervals import proportion, wilson
from fer_core.labels import EMOTIONS, VOTES, ClassScheme

FIRST = 1_000
"""Faces of a ranking that its proofs look at."""


def rank_labels(
    dataset: FaceDataset,
    scheme: ClassScheme,
    rows: np.ndarray,
    y_prob: np.ndarray,
    copies: Copies,
    judges: Sequence[str] = ("models",),
) -> pd.DataFrame:
    """The module's table for the faces at `rows`, to which `judges` answer `y_prob` `(len(rows), k)`.

    The probabilities are theirs and, of a face with copies, what `with_copies` makes of them. The score is
    self-confidence, the probability of the label: on FER2013, with models of `flagship`, 302 of 500 labels that were
    flipped at random are among its first 1,000, of the models' alone 291, of cleanlab's other scores 282 at most.
    `ValueError` for a face without a class of `scheme`.
    """
    from cleanlab.filter import find_label_issues  # four seconds, which only a ranking should cost
    from cleanlab.rank import get_label_quality_scores

    label = scheme.classes(dataset.emotion[rows]).astype(np.int64)
    if (label < 0).any():
        raise ValueError(f"rows: expected faces of {', '.join(scheme.labels)}, found {(label < 0).sum():,} others")
    face, copy = _pairs(copies, rows)
    y_prob = with_copies(np.asarray(y_prob, np.float64), label, face, copy)
    suggested, names = y_prob.argmax(axis=1), np.array(scheme.labels, object)
    each = np.arange(len(rows))
    frame = pd.DataFrame(
        {
            "row": rows,
            "usage": dataset.usage[rows],
            "label": names[label],
            "suggested": names[suggested],
            "p_label": y_prob[each, label],
            "p_suggested": y_prob[each, suggested],
            "copies": np.bincount(face, minlength=len(rows)),
            "agreeing": np.bincount(face[label[face] == label[copy]], minlength=len(rows)),
            "score": get_label_quality_scores(label, y_prob, method="self_confidence"),
            # in this process: a fork of one that has loaded TensorFlow hangs
            "is_issue": find_label_issues(label, y_prob, filter_by="low_self_confidence", n_jobs=1),
        }
    )
    frame = frame.assign(**_second_opinion(dataset, scheme, rows, label))
    frame["reason"] = [_reason(face, judges) for face in frame.to_dict("records")]
    return frame.drop(columns="chose").sort_values("score", kind="stable", ignore_index=True)


def with_copies(y_prob: np.ndarray, label: np.ndarray, face: np.ndarray, copy: np.ndarray) -> np.ndarray:
    """`y_prob` `(n, k)`, once it is known how copies of the faces are labelled, by Bayes' rule.

    The face at index `face[i]` has a copy at `copy[i]`; `label` `(n,)` are all labels, classes from 0. Each class is
    weighed by how often a copy of a face labelled so carries the label that this one's copy carries, counted over all
    pairs; of several copies by the geometric mean, since one label was often taken from the other.
    """
    k = y_prob.shape[1]
    count = np.full((k, k), 0.5)  # a pair of labels that never met is rare, not impossible
    np.add.at(count, (label[face], label[copy]), 1)
    weight = np.log(count / count.sum(axis=1, keepdims=True))
    sums = np.zeros_like(y_prob)
    np.add.at(sums, face, weight[:, label[copy]].T)
    copies = np.bincount(face, minlength=len(y_prob))[:, None]
    weighed = y_prob * np.exp(sums / np.maximum(copies, 1))
    return weighed / weighed.sum(axis=1, keepdims=True)


def _pairs(copies: Copies, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places in `rows` of faces and of copies of theirs, each pair both ways. A blank image has no copies here."""
    place = np.full(len(copies.first), -1)
    place[rows] = np.arange(len(rows))
    pairs = place[copies.near]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    face, copy = np.concatenate([pairs, pairs[:, ::-1]]).T
    return face, copy


def contradiction(ranking: pd.DataFrame, sizes: Iterable[int] = (FIRST,)) -> pd.DataFrame:
    """The share that the annotators' majority contradicts of the first so many faces, and of all: the base rate.

    Columns: `first`, the size, of which `n` have votes, `contradicted` of these, and their `share` with its 95 %
    interval `low`, `high`, in [0, 1]. One row a size, ascending; sizes beyond the ranking's are left out, and all faces
    stand last.
    """
    first = np.unique([size for size in sizes if 0 < size < len(ranking)] + [len(ranking)])
    known = np.cumsum(ranking["contradicted"].notna().to_numpy())
    against = np.cumsum(ranking["contradicted"].fillna(False).to_numpy(bool))
    n, contradicted = (np.append(0, counts)[first] for counts in (known, against))
    low, high = wilson(contradicted, n)
    share = proportion(contradicted, n)
    return pd.DataFrame(
        {"first": first, "n": n, "contradicted": contradicted, "share": share, "low": low, "high": high}
    )


def _second_opinion(dataset: FaceDataset, scheme: ClassScheme, rows: np.ndarray, label: np.ndarray) -> dict:
    """Columns `majority` and `contradicted`, and `chose`: the annotators in words."""
    if dataset.votes is None:
        return {"majority": "", "contradicted": pd.array([pd.NA] * len(rows), "boolean"), "chose": ""}
    counts, names = _votes_by_class(dataset.votes[rows], scheme)
    each, total = np.arange(len(rows)), counts.sum(axis=1)
    weighed = counts.astype(float)
    weighed[each, label] += 0.5  # among equals the label counts first: nobody contradicts it
    most = weighed.argmax(axis=1)
    voted = total > 0
    contradicted = pd.array(most != label, "boolean")
    contradicted[~voted] = pd.NA
    told = zip(total, counts[each, most], names[most], counts[each, label], names[label], strict=True)
    return {
        "majority": np.where(voted, names[most], ""),
        "contradicted": contradicted,
        "chose": [_chose(*face) for face in told],
    }


def _votes_by_class(votes: np.ndarray, scheme: ClassScheme) -> tuple[np.ndarray, np.ndarray]:
    """Votes `(n, 10)` summed by class, and by what else there was to choose: int64 `(n, m)`, and the `m` names."""
    in_classes = {EMOTIONS[code] for codes in scheme.groups for code in codes}
    others = [index for index, name in enumerate(VOTES) if name not in in_classes]
    names = np.array([*scheme.labels, *(VOTES[index] for index in others)], object)
    return np.column_stack([votes_for(votes, scheme.labels), votes[:, others].astype(np.int64)]), names


def _chose(total: int, n_most: int, most: str, n_label: int, label: str) -> str:
    if not total:
        return ""
    rest = "" if most == label else f", {n_label or 'none'} {label}"
    return f"; of {total} annotators {n_most} chose {most}{rest}"


def _reason(face: dict, judges: Sequence[str]) -> str:
    given = f"{face['label']} {_percent(face['p_label'])}"
    if face["suggested"] != face["label"]:
        given += f", {face['suggested']} {_percent(face['p_suggested'])}"
    return f"{_who(judges, face['copies'], face['agreeing'], face['label'])}: {given}{face['chose']}."


def _who(judges: Sequence[str], copies: int, agreeing: int, label: str) -> str:
    if copies:
        judges = [*judges, f"{copies} cop{'y' if copies == 1 else 'ies'}, {agreeing or 'none'} labelled {label}"]
    *others, last = judges
    told = f"{', '.join(others)} and {last}" if others else last
    return told[0].upper() + told[1:]


def _percent(probability: float) -> str:
    if probability < 0.001:
        return "under 0.1 %"
    return f"{100 * probability:.{0 if 0.01 <= probability <= 0.99 else 1}f} %"
