"""Expressions over pictures in order."""

from collections.abc import Mapping

import pandas as pd

from fer_core.inference.predict import FaceResult, PhotoResult


def timeline_frame(results: Mapping[str, PhotoResult], labels: tuple[str, ...]) -> pd.DataFrame:
    """One row a picture and class: `picture` (1 is the first), `name`, `label`, `probability` in [0, 1].

    Each picture tells of its largest face; one without a face has NaN, so that a line drawn through it has a gap.
    """
    rows = []
    for number, (name, result) in enumerate(results.items(), 1):
        face = max(result.faces, key=_area, default=None)
        shares = face.probabilities if face else dict.fromkeys(labels, float("nan"))
        rows += [{"picture": number, "name": name, "label": label, "probability": shares[label]} for label in labels]
    return pd.DataFrame(rows, columns=["picture", "name", "label", "probability"])


def _area(face: FaceResult) -> int:
    return face.box.w * face.box.h
