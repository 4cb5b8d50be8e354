"""Choices that several pages offer. Each stands in the URL, so that a link shows what its sender saw."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from fer_core.data import default_source
from fer_core.store import SavedModel, list_models


def source() -> None:
    """The dataset, in the sidebar of every page; `frame.dataset` loads it."""
    st.sidebar.selectbox(
        "Dataset",
        list(dict.fromkeys([default_source(), "demo"])),
        format_func=lambda source: Path(source).name,
        key="source",
        accept_new_options=True,
        required=True,
        bind="query-params",
        help="`demo` draws faces; or type `kaggle`, or the path of a CSV in FER2013's layout or of a folder of images.",
    )


def choice(label: str, options: Sequence[str], key: str, **kwargs) -> str:
    """One of a few `options`, the first if nothing was chosen."""
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params", **kwargs
    )


def split_and_part() -> tuple[str, str]:
    """Split (test, validation) and its part (raw, honest)."""
    left, right = st.columns(2)
    with left:
        split = choice("Split", ("test", "validation"), "split")
    with right:
        part = choice(
            "Part", ("raw", "honest"), "part", help="honest: without the faces that are copies of a training face"
        )
    return split, part


def model(models: Sequence[SavedModel] | None = None) -> SavedModel | None:
    """One of `models`, or of all trained ones; None, and words that say what to do, where there is none."""
    models = trained_models() if models is None else models
    if not models:
        no_models()
        return None
    by_id = {model.id: model for model in models}
    return by_id[st.selectbox("Model", list(by_id), key="model", bind="query-params")]


def trained_models() -> list[SavedModel]:
    """Saved models that can predict, newest first."""
    return [model for model in list_models() if model.trained]


def no_models() -> None:
    """Say what to do where there is no model yet."""
    st.info("There is no trained model yet. Train one: the preset *quick* takes a few minutes.", icon=":material/info:")
    st.page_link("pages/train.py", label="Train a model")
