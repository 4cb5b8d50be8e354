"""One model: its scores, and a view for each question about them."""

import math

import streamlit as st

from fer_core.evaluation.elsewhere import own
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import PARTS, Predictions
from fer_core.evaluation.report import leak_cautions, learned_by
from fer_core.store import SavedModel
from pages._ui import (
    charts,
    errors,
    evaluate_calibration,
    evaluate_classes,
    evaluate_confusion,
    evaluate_curves,
    evaluate_elsewhere,
    evaluate_explanation,
    evaluate_labels,
    evaluate_negative,
    evaluate_operating,
    evaluate_slices,
    frame,
    pickers,
    words,
)


def show_headline(model: SavedModel, predictions: Predictions, split: str) -> None:
    parts = {part: summary(predictions.select(split, part)) for part in PARTS}
    with st.container(horizontal=True):
        for metric in ("macro_recall", "accuracy"):
            for part, scores in parts.items():
                value, low, high = (getattr(scores, metric + end) for end in ("", "_low", "_high"))
                st.metric(
                    f"{words.name(metric)}, {part}",
                    words.percent(value),
                    f"{words.bounds(low, high)}, n = {scores.n:,}",
                    delta_color="off",
                    delta_arrow="off",
                    border=True,
                )
    told = [
        f"On the {split} split, below each score its 95 % interval. Macro recall: the mean over the classes of the "
        f"share of their faces that is called so; accuracy: the share of all faces. {words.HONEST}"
    ]
    if split == "validation" and not model.elsewhere and not model.record.keys() & {"imported", "answers"}:
        told.append("Where training kept its best epoch, it was the best on these faces, which flatters it a little.")
    if parts["raw"].n and (missing := [label for label, recall in parts["raw"].recall.items() if math.isnan(recall)]):
        told.append(f"There is no face of {', '.join(missing)}: macro recall is the mean of the other classes.")
    leaked = parts["raw"].n - parts["honest"].n
    told += leak_cautions([(model.id, learned_by(model), leaked)], parts["raw"].n)
    st.caption(" ".join(told))


def show_learning(model: SavedModel, *_) -> None:
    if parts := model.record.get("parts"):
        names = ", ".join(part["id"] for part in parts)
        st.info(f"It was not trained itself: it combines {names}; each has curves of its own, where it is saved.")
    elif file := model.record.get("imported") or model.record.get("answers"):
        st.info(f"It was imported from {file['file']}, and its curves did not come along.")
    else:
        if start := model.record["settings"].get("start"):
            st.caption(f"The epochs of this run alone, which went on from {start}.")
        charts.learning(own(model), own(model).history())


VIEWS = {
    "Confusion": evaluate_confusion.show,
    "Classes": evaluate_classes.show,
    "ROC and PR": evaluate_curves.show,
    "Negative": evaluate_negative.show,
    "Operating point": evaluate_operating.show,
    "Calibration": evaluate_calibration.show,
    "Slices": evaluate_slices.show,
    "Explanation": evaluate_explanation.show,
    "Learning": show_learning,
}
"""View → what draws it from the model and its predictions of the chosen split and part; only the open one runs."""


def show_scored(model: SavedModel, predictions: Predictions) -> None:
    """The scores and the open view of the chosen split and part, whose choice redraws these only."""
    split, part = pickers.split_and_part()
    show_headline(model, predictions, split)
    if len(chosen := predictions.select(split, part)):
        pickers.lone_views(VIEWS, model, chosen)
        st.download_button(
            f"All {len(chosen):,} predictions as CSV",
            chosen.to_csv,
            f"{model.id}-{split}-{part}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            help="Row, Usage, label, whether it is a copy, and the probability of each class, a face a line.",
        )
    else:
        why = "all are copies of a training face" if len(predictions.select(split)) else "it was scored on none"
        st.info(f"There are no {part} {split} faces of {model.id}: {why}. Choose others.", icon=":material/info:")


frame.start(__file__, "Evaluate", "Where one model is right, where it fails, and which faces those are.")
if model := pickers.model(pickers.default_first(pickers.known_models())):
    if model.answered:
        (model,) = evaluate_elsewhere.ask([model])
        evaluate_labels.ask(model)
        st.fragment(errors.boxed(show_scored))(model, evaluate_labels.scored(model))
    else:
        st.info(f"{model.id} is {model.status}: there are no predictions yet.", icon=":material/info:")
        st.page_link("pages/train.py", label="Go to Train", icon=":material/model_training:")
        show_learning(model)
