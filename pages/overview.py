"""What is loaded, the best models, three doors."""

import streamlit as st

from fer_core.data import FaceDataset
from fer_core.evaluation.leaderboard import leaderboard
from fer_core.labels import SPLITS
from fer_core.store import list_models
from fer_core.training.doubt import TAG
from pages._ui import errors, frame, pickers, words

DOORS = (
    ("Look", "Which expressions are there, how many of each, and which faces are duplicates?", "explore", "Explore"),
    ("Train", "Choose classes, a network and its settings; watch it learn, stop it and go on.", "train", "Train"),
    ("Classify", "Which expression does a saved model see in a photo of yours?", "predict", "Predict"),
)

_GO = ":material/arrow_forward:"


def show_dataset(dataset: FaceDataset) -> None:
    st.subheader("The faces", anchor=False)
    counts = {usage: sum(of.values()) for usage, of in dataset.counts().items()}
    with st.container(horizontal=True):
        st.metric("Faces", f"{len(dataset):,}", border=True)
        for split, usage in SPLITS.items():
            st.metric(f"{split.capitalize()} ({usage})", f"{counts[usage]:,}", border=True)
    annotators = "with the votes of ten annotators" if dataset.votes is not None else "without annotators' votes"
    st.caption(f"48 × 48 grey pixels, {annotators} · fingerprint `{dataset.fingerprint[:12]}`")


def show_doors() -> None:
    for column, (title, sentence, page, label) in zip(st.columns(len(DOORS)), DOORS, strict=True):
        with column.container(border=True, height="stretch"):
            st.subheader(title, anchor=False)
            st.markdown(sentence)
            st.page_link(f"pages/{page}.py", label=f"**{label}**", icon=_GO)


def show_models() -> None:
    st.subheader("Saved models", anchor=False)
    models = list_models()
    table = leaderboard([model for model in models if TAG not in model.tags])  # a fold's model is no whole one
    if table.empty:
        pickers.no_models()
    else:
        st.dataframe(words.scores(table), hide_index=True, key="leaderboard", alt="Scores of the saved models on test")
        st.caption(
            "Macro recall, the mean of the classes' recalls, on the test split with its 95 % interval. "
            f"{words.HONEST} Models with other classes, or scored on other faces, don't compare."
        )
        best = pickers.default_first([model for model in models if model.id in set(table["model"])])[0].id
        st.page_link(
            "pages/evaluate.py", label=f"Evaluate {best}", icon=":material/query_stats:", query_params={"model": best}
        )
    for model in models:
        if model.problem:
            st.caption(f":material/warning: {model.id}: {model.problem}")
        elif not model.answered:
            st.caption(f":material/model_training: {model.id} is {model.status}; see Train")


frame.start(__file__, "FER Workbench", "Look at facial expressions, train a network on them, and see where it fails.")
with errors.box():
    show_dataset(frame.dataset())
show_doors()
show_models()
