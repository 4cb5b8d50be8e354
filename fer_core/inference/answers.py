"""What models said of the faces of some pictures, as files: a CSV, and one JSON object.

Both say what an answer is and is not, `labels.MEANING`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from fer_core.evaluation.decision import Decision
from fer_core.inference.predict import UNSURE_LABEL, FaceResult, rule
from fer_core.inference.table import schema, to_table
from fer_core.labels import MEANING

WHOLE = "no face found: all of the picture was taken for one"


@dataclass(frozen=True, eq=False)
class Answered:
    """A picture called `name`: what each model says of its faces, id → `faces`; or the `error` it ends with."""

    name: str
    faces: Mapping[str, Sequence[FaceResult]] = field(default_factory=dict)
    error: str = ""

    def to_json(self, model: str) -> dict:
        """What the verb `predict` tells of the picture by one model, with a `note` where no face was found in it."""
        if self.error:
            return {"path": self.name, "error": self.error}
        faces = self.faces[model]
        note = {"note": WHOLE} if any(face.box.confidence == 0 for face in faces) else {}
        return {"path": self.name, "faces": [face.to_json() for face in faces]} | note


def answers_frame(
    pictures: Sequence[Answered], labels: Mapping[str, Sequence[str]], models: Mapping[str, Decision]
) -> pd.DataFrame:
    """One row a face and model: `picture`, `face`, `model`, box, `label`, `p_<class>`; `labels` are id → classes.

    A picture without a face, or that couldn't be used, has one row, with `error`, which says of others whether all of
    the picture was taken for a face. Each row ends with `rule`, how that of `models` answers in words, and `meaning`.
    """
    frames: list[pd.DataFrame] = []
    for model, its in labels.items():
        frame = to_table([picture.to_json(model) for picture in pictures], schema(its)).to_pandas()
        frame.insert(2, "model", model)
        without = frame["face"].isna()
        frame["rule"] = rule(models[model])
        frame.loc[without, ["model", "rule"]] = None
        frame["label"] = frame["label"].where(without | frame["label"].notna(), UNSURE_LABEL)
        frames.append(frame if not frames else frame[~without])
    whole = pd.concat(frames).rename(columns={"path": "picture"}).convert_dtypes()
    order = {picture.name: number for number, picture in enumerate(pictures)}
    whole = whole.assign(order=whole["picture"].map(order)).sort_values(["order", "face"], kind="stable")
    whole = whole.drop(columns="order")
    last = ["error", "rule"]
    return whole[[*whole.columns.drop(last), *last]].assign(meaning=MEANING).reset_index(drop=True)


def answers_json(pictures: Sequence[Answered], models: Mapping[str, Decision]) -> str:
    """`meaning`, and for each of `models`, id → how it answers, its `rule` in words and the verb's `files`."""
    told = {
        model: {"rule": rule(decision), "files": [picture.to_json(model) for picture in pictures]}
        for model, decision in models.items()
    }
    return json.dumps({"meaning": MEANING, "models": told}, indent=2, ensure_ascii=False)
