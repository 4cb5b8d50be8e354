"""Settings that are tried: the values asked for, and runs beside others that differ in a few settings."""

import re
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fer_core.evaluation.tuning_figures import tried_values
from fer_core.store import SavedModel
from fer_core.training import tuning
from fer_core.training.config import TrainConfig
from fer_core.training.settings import parse_tried
from pages._ui import charts, errors, words
from pages._ui.settings import FIRST, GROUPS, UNSET

_LABELS = {control.field: control.label for group in (FIRST, *GROUPS.values()) for control in group}


def ask(base: TrainConfig) -> list[TrainConfig]:
    """The settings of the runs to start: `base` alone, or with the values to try; none, and why, where they clash."""
    with st.expander("Try several values"):
        st.caption(
            "One run for each, one after another, to see by the validation faces which is best. Of two settings, each "
            "value of the one with each of the other. A few seeds tell what is chance."
        )
        wanted = _ask_values("1", "Setting", list(_LABELS))
        if wanted:
            wanted |= _ask_values("2", "And a second one", [field for field in _LABELS if field not in wanted])
    try:
        tried = parse_tried(f"{setting}={value}" for setting, values in wanted.items() for value in values)
        return tuning.variations(base, tried) if tried else [base]
    except ValueError as error:
        errors.show(str(error))
        return []


def _ask_values(number: str, label: str, settings: Sequence[str]) -> dict[str, list[str]]:
    """One of `settings` and the words that are tried for it; nothing where none is chosen."""
    left, right = st.columns(2)
    setting = left.selectbox(
        label,
        sorted(settings, key=_LABELS.__getitem__),
        None,
        format_func=_LABELS.__getitem__,
        key=f"try-{number}",
        bind="query-params",
    )
    values = right.text_input(
        "Values, with spaces between them",
        key=f"values-{number}",
        bind="query-params",
        placeholder="such as 0.01 0.03 0.1",
        disabled=setting is None,
    )
    if not (setting and values.strip()):
        return {}
    several = isinstance(getattr(TrainConfig(), setting), tuple)  # whose own parts are parted by commas
    words = re.split(r"\s+" if several else r"[,\s]+", values.strip(" ,"))
    return {setting: ["none" if word == "0" and setting in UNSET else word for word in words]}


def show(model: SavedModel, models: Sequence[SavedModel]) -> None:
    """`model` and those that differ from it in few settings; nothing where there is none."""
    alike = tuning.beside(model, models)
    if not alike:
        return
    results = tuning.results([model, *alike])
    varied = [column for column in results if column in _LABELS]
    st.markdown(f"**What was tried beside `{model.id}`**")
    st.caption(
        f"Runs on the same faces and classes that differ from it in at most {tuning.FEW} settings. Choose by these "
        "scores and not by those on test; where intervals overlap, a difference may be chance."
    )
    st.dataframe(
        words.tried(results, {field: _LABELS[field] for field in varied}),
        hide_index=True,
        key="tried",
        alt=f"{len(results)} runs by their macro recall on validation",
    )
    _draw(model, results, varied)
    trained = results.loc[results["n"].notna(), "run"]
    if len(trained) > 1:
        st.page_link(
            "pages/compare.py",
            label="Compare them on validation",
            icon=":material/compare_arrows:",
            query_params=[*(("models", name) for name in trained), ("split", "validation")],
        )


def _draw(model: SavedModel, results: pd.DataFrame, varied: Sequence[str]) -> None:
    """Over the setting of most values, with a colour for each value of the next; in all others they are as `model`."""
    most_first = sorted(varied, key=lambda field: -results[field].nunique())
    own = results[results["run"] == model.id].iloc[0]
    alike = results[(results[most_first[2:]] == own[most_first[2:]]).all(axis=1)]
    if most_first and alike["recall"].notna().sum() > 1:
        charts.show(tried_values(alike, _LABELS, *most_first[:2]), "tried", height=400)
