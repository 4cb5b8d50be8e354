"""Choices that several pages offer. Each stands in the URL, so that a link shows what its sender saw."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from fer_core.data import default_source
from fer_core.evaluation.leaderboard import default_model
from fer_core.store import SavedModel, list_models
from fer_core.upkeep import read_default
from pages._ui import errors, faces, words


def source() -> None:
    """The dataset, in the sidebar of every page; `frame.dataset` loads it."""
    first = default_source()
    st.sidebar.selectbox(
        "Dataset",
        list(dict.fromkeys([first, "demo"])),
        # what is typed has to stay whole: the address and the browser give back what is shown
        format_func=lambda source: Path(source).name if source == first else source,
        key="source",
        accept_new_options=True,
        bind="query-params",
        help="`demo` draws faces; or type `kaggle`, or the path of a CSV in FER2013's layout or of a folder of images.",
    )


def choice(label: str, options: Sequence[str], key: str, **kwargs) -> str:
    """One of a few `options`, the first if nothing was chosen."""
    return st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params", **kwargs
    )


def several(label: str, options: Sequence[str], key: str, **kwargs) -> list[str]:
    """Any of a few `options`, in their order, the first if nothing was chosen; says which of a link aren't there.

    The first stands in the address as well: where that is opened there may be other options.
    """
    into_address(**{key: [options[0]]})
    asked = st.session_state.get(key, st.query_params.get_all(key))
    if gone := [name for name in asked if name not in options]:
        known = [name for name in options if name in asked] or [options[0]]
        st.session_state[key] = known
        told = f"*{label}*: expected {_listed(options)}, found {_listed(gone)}; {_listed(known)} is taken here."
        st.warning(told, icon=":material/link_off:")
    chosen = st.segmented_control(label, options, selection_mode="multi", key=key, bind="query-params", **kwargs)
    return [option for option in options if option in chosen] or [options[0]]


def views(shown: Mapping[str, Callable], *args) -> None:
    """Tabs by name; only the open one is run, with `args`."""
    tabs = st.tabs(list(shown), key="view", bind="query-params", on_change=faces.first_page)
    for tab, show in zip(tabs, shown.values(), strict=True):
        if tab.open:
            with tab:
                show(*args)


def lone_views(shown: Mapping[str, Callable], *args) -> None:
    """`views` that run by themselves where a control in them is pressed; nothing outside may depend on it."""
    views({name: st.fragment(errors.boxed(show)) for name, show in shown.items()}, *args)


def split_and_part() -> tuple[str, str]:
    """Split (test, validation) and its part (raw, honest)."""
    left, right = st.columns(2)
    with left:
        split = choice("Split", ("test", "validation"), "split", on_change=faces.first_page)
    with right:
        told = "honest: without the faces that are copies of a training face"
        part = choice("Part", ("raw", "honest"), "part", help=told, on_change=faces.first_page)
    return split, part


def model(models: Sequence[SavedModel]) -> SavedModel | None:
    """One of `models`; None, and words that say what to do, where there is none."""
    if not models:
        no_models()
        return None
    chosen = any_model(models)
    _say_drawn([chosen])
    return chosen


def any_model(models: Sequence[SavedModel]) -> SavedModel:
    """One of `models`, which may be damaged, at first the first; says so where the one of a link is not among them."""
    by_id = {model.id: model for model in models}
    return by_id[one_here("Model", list(by_id), "model")]


def one_here(label: str, names: Sequence[str], key: str) -> str:
    """One of the models or runs called `names`, at first the first; says so where the one of a link is not among them.

    The first stands in the address as well, since there may be newer ones when that is opened.
    """
    asked = st.session_state.get(key, st.query_params.get(key))
    if asked not in (None, *names):
        _say_gone([asked], f"; {names[0]} is shown")
    return named(label, names, names[0], key)


def table_above(box: str, ids: Sequence[str], table: pd.DataFrame, key: str, **kwargs) -> None:
    """A `table` with a row for each of `ids`, of which a click puts one into the box of the key `box`, drawn below.

    The row of the one that the box holds is marked, also when other rows have come or gone.
    """
    held = st.session_state.get(box, st.query_params.get(box, next(iter(ids), None)))
    marked = [ids.index(held)] if held in ids else []
    if st.session_state.get(key, {}).get("selection", {}).get("rows") != marked:
        st.session_state[key] = {"selection": {"rows": marked}}
    st.dataframe(
        table,
        key=key,
        on_select=partial(_choose_row, box, ids, key),
        selection_mode="single-row",
        hide_index=True,
        **kwargs,
    )


def _choose_row(box: str, ids: Sequence[str], key: str) -> None:
    if rows := st.session_state[key].selection.rows:
        st.session_state[box] = ids[rows[0]]
        st.session_state.pop(f"turn_{box}", None)  # see `training.turn`


def predicting_model() -> SavedModel | None:
    """One of all trained models, at first the default that was chosen on the page Models, or the best; says which."""
    known = trained_models()
    first, why = default_model(known, read_default())
    chosen = model(default_first(known))
    if chosen and chosen is first:
        st.caption(why)
    return chosen


def default_first(known: Sequence[SavedModel]) -> list[SavedModel]:
    """The default or the best of `known` in front, then the trained ones, the newest first."""
    first, _ = default_model(known, read_default())
    return sorted(known, key=lambda one: (one is not first, not one.trained))


def models() -> list[SavedModel]:
    """Any number of models with answers, at first the best and the newest of its classes and faces.

    Says what to do without one.
    """
    known = default_first([model for model in list_models() if model.answered])
    if not known:
        no_models()
        return []
    by_id = {model.id: model for model in known}
    alike = [model.id for model in known if comparable(model) == comparable(known[0])]
    into_address(models=alike[:2])
    asked = st.session_state.get("models", st.query_params.get_all("models"))
    _say_gone([name for name in asked if name not in by_id])
    chosen = st.multiselect(
        "Models",
        list(by_id),
        key="models",
        bind="query-params",
        placeholder="Choose two or more",
        on_change=faces.first_page,
    )
    if len(known) == 1:
        st.info(f"There is no model beside {known[0].id} yet: train another, or import one.", icon=":material/info:")
        st.page_link("pages/train.py", label="Train a model")
        st.page_link("pages/models.py", label="Import a model")
        return []
    if not chosen:
        st.info("Choose two models or more.", icon=":material/info:")
    _say_drawn([by_id[name] for name in chosen])
    return [by_id[name] for name in chosen]


def comparable(model: SavedModel) -> tuple[str, str]:
    """Its classes and its dataset: what models share whose answers compare."""
    return model.record["scheme"], model.record["dataset"]["fingerprint"]


def reference(models: Sequence[SavedModel]) -> str:
    """The id of the one of `models` that the others are compared with, at first the first."""
    names = [model.id for model in models]
    asked = st.session_state.get("reference", st.query_params.get("reference"))
    if asked not in (None, *names):
        _say_gone([asked], f"; {names[0]} is the reference")
        st.session_state["reference"] = names[0]
    return st.selectbox("Reference", names, key="reference", bind="query-params", on_change=faces.first_page)


def into_address(**firsts: str | int | list[str]) -> None:
    """Choose the first of each box, by its key, in which nothing is chosen yet.

    A default of the box would not stand in the URL, and there may be newer models when that is opened. All at once,
    since the browser's way back has a step for each writing.
    """
    known = {*st.session_state.keys(), *st.query_params.keys()}
    if new := {key: first for key, first in firsts.items() if key not in known}:
        st.session_state.update(new)
        st.query_params.update(new)


def _say_gone(names: Sequence[str], instead: str = "") -> None:
    """Say which models of a link aren't here, and what is shown `instead`: nothing stands under another's name."""
    if names:
        told = f"Not among the models to choose from here: {_listed(names)}{instead}."
        st.warning(told, icon=":material/link_off:")
    for model in list_models():
        if model.id in names and model.problem:
            st.warning(f"{model.id} is damaged: {words.literal(model.problem)}", icon=":material/heart_broken:")
            st.page_link("pages/models.py", label="Models: what can be done", icon=":material/inventory_2:")


def say_gone_of(key: str, names: Collection[str]) -> None:
    """Say what was chosen in the box of that key, or by a link, that is none of `names`; it shows another then."""
    held = st.session_state.get(key, st.query_params.get_all(key)) or []
    asked = [held] if isinstance(held, str) else held
    if gone := [name for name in asked if name not in names]:
        st.warning(f"There is no {_listed(gone)} to choose here.", icon=":material/link_off:")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(words.code, names))


def _say_drawn(models: Sequence[SavedModel]) -> None:
    """Say which models know drawn faces only, or were scored on them; what imported ones learned from nobody knows."""
    drawn = [model for model in models if model.record["dataset"].get("drawn")]
    elsewhere = [model.id for model in drawn if model.record.keys() & {"imported", "answers"}]
    here = [model.id for model in drawn if model.id not in elsewhere]
    for names, done in ((here, "trained and scored"), (elsewhere, "scored")):
        if names:
            told = f"{', '.join(names)}: {done} on drawn faces, which says nothing about photographs."
            st.caption(f":material/draw: {told}")


_CELLS = {"true": "by_true", "predicted": "by_predicted", "count": "n"}


def shown_cells() -> str:
    """What `confusion_value` shows, or would where it isn't on the page."""
    return _CELLS.get(st.session_state.get("cells") or st.query_params.get("cells", ""), "by_true")


def confusion_value() -> str:
    """What a confusion matrix shows: a column of `metrics.confusion_frame`."""
    explained = "Share of the faces labelled so: the diagonal is recall. Of those predicted: it is precision. Or faces."
    return _CELLS[choice("Cells", tuple(_CELLS), "cells", help=explained)]


def diagonal() -> bool:
    """Whether a confusion matrix shows the faces that were predicted rightly."""
    return not st.toggle("Mistakes only", key="mistakes", bind="query-params", help="Hide the diagonal.")


def cell(cells: pd.DataFrame) -> tuple[str, str]:
    """True and predicted class of a cell of `metrics.confusion_frame`; at first the most frequent mistake."""
    labels = list(cells["true"].unique())
    mistake = cells.loc[cells["n"].where(cells["true"] != cells["predicted"], -1).idxmax()]
    into_address(true=mistake["true"], predicted=mistake["predicted"])
    left, right = st.columns(2)
    with left:
        true = named("Labelled", labels, mistake["true"], "true")
    with right:
        predicted = named("Predicted", labels, mistake["predicted"], "predicted")
    return true, predicted


def named(label: str, options: Sequence[str], first: str, key: str) -> str:
    """One of `options`, at first `first`, which hangs on what else is chosen: it stands in the address as well."""
    into_address(**{key: first})
    if st.session_state.get(key, st.query_params.get(key)) not in options:  # those of another model
        st.session_state[key] = first
    chosen = st.selectbox(
        label, options, None, key=key, bind="query-params", placeholder=first, on_change=faces.first_page
    )
    return chosen or first


def new_name(label: str, key: str, placeholder: str) -> str | None:
    """The name of something that is about to be made, None where nothing is typed; empty again after `name_taken`."""
    if st.session_state.pop(f"taken_{key}", False):
        st.session_state[key] = ""
    return st.text_input(label, placeholder=placeholder, key=key, width=320).strip() or None


def name_taken(key: str) -> None:
    """It is made: its box is emptied when it is drawn next, so run the page again before anything is typed."""
    st.session_state[f"taken_{key}"] = True


def known_models() -> list[SavedModel]:
    """Saved models and runs, newest first, without damaged ones."""
    return [model for model in list_models() if not model.problem]


def trained_models() -> list[SavedModel]:
    """Saved models that can predict, newest first."""
    return [model for model in list_models() if model.trained]


def no_models() -> None:
    """Say what to do where there is no model yet."""
    st.info(
        "There is no trained model yet. Train one: on the drawn faces the preset *quick* takes about a minute.",
        icon=":material/info:",
    )
    st.page_link("pages/train.py", label="Train a model")
    if any(model.problem for model in list_models()):
        st.page_link("pages/models.py", label="Damaged ones: what is wrong with them")
