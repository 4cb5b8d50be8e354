"""Predict: models that answer, with the decision that was saved for each."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from fer_core.errors import ModelError
from fer_core.evaluation.decision import Decision
from fer_core.evaluation.metrics import ece
from fer_core.inference.classifier import Classifier
from fer_core.inference.predict import FaceResult, classify_crops, decide, rule
from fer_core.store import SavedModel
from pages._ui import cached, decisions, errors, pickers, words
from pages._ui.predict_pictures import Seen

MOST = 4
"""Models beside the chosen one; each takes memory, and a second or two to wake."""


@dataclass(frozen=True, eq=False)
class Answerer:
    """A model that is awake, and how its probabilities become answers."""

    model: SavedModel
    decision: Decision
    classifier: Classifier

    def answer(self, seen: Seen, whole: bool) -> tuple[FaceResult, ...]:
        """What the faces of a picture show, or where it has none all of it, if `whole`."""
        question = "shows", self.model.record["sha256"], self.decision, whole and not seen.boxes
        return seen.once(question, lambda: classify_crops(*seen.found(whole), self.classifier, self.decision))


def ask_beside(model: SavedModel) -> list[SavedModel]:
    """Other saved models whose answers are to stand beside those of `model`."""
    others = {other.id: other for other in pickers.trained_models() if other.id != model.id}
    pickers.say_gone_of("beside", [*others, model.id])
    chosen = st.multiselect(
        "Other models beside it",
        list(others),
        key="beside",
        bind="query-params",
        max_selections=MOST,
        placeholder="None" if others else "There is no other model",
        disabled=not others,
    )
    return [others[name] for name in chosen]


def wake(models: Sequence[SavedModel]) -> list[Answerer]:
    """Those of `models` that can be used; of the others it is said why not."""
    awake = []
    for model in models:
        try:
            awake.append(Answerer(model, decisions.used(model), cached.classifier(model)))
        except ModelError as error:
            errors.show(str(error))
    return awake


def show_rule(model: SavedModel) -> None:
    """How an answer comes about, and what that rule does on the test faces."""
    decision = decisions.used(model)
    if decision.sentences:
        st.info(rule(decision), icon=":material/tune:")
        st.caption(_on_test_faces(model, decision))
    else:
        st.caption(f"{rule(decision)} {_on_test_faces(model, decision)}")


def show_rules(answerers: Sequence[Answerer]) -> None:
    """The rules of models beside the chosen one that something was saved for."""
    for one in answerers:
        if one.decision.sentences:
            st.caption(f"{one.model.id}: {rule(one.decision)}")


def _on_test_faces(model: SavedModel, decision: Decision) -> str:
    test = cached.predictions(model).select("test", "raw")
    if not len(test):
        return ""
    y_prob = decision.probabilities(test.y_prob)
    chosen, sure = decide(y_prob, test.labels, decision.point)
    right = chosen == test.y_true
    shares = [words.percent(float(right[some].mean())) if some.any() else "–" for some in (sure, ~sure)]
    return (
        f"Of the {len(test):,} test faces {words.percent(float((~sure).mean()))} are unsure; of the others {shares[0]} "
        f"are labelled rightly, and {shares[1]} of the unsure would be. Probabilities there are off by "
        f"{words.percent(ece(test.y_true, y_prob))} on average (calibration error)."
    )
