"""Several models on the same faces: scores, matrices, whether a difference may be chance, where they agree."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps

import streamlit as st

from fer_core.evaluation.common import Common
from fer_core.evaluation.report import Report, to_csv
from fer_core.evaluation.report_html import to_html
from fer_core.inference import latency
from fer_core.store import SavedModel
from pages._ui import (
    cached,
    compare_agreement,
    compare_chance,
    compare_matrices,
    compare_scores,
    evaluate_elsewhere,
    frame,
    pickers,
    words,
)

VIEWS = {
    "Scores": compare_scores.show,
    "Matrices": compare_matrices.show,
    "Chance": compare_chance.show,
    "Agreement": compare_agreement.show,
}
"""View → what draws it from the report and the saved models that it compares; only the open one runs."""


def say_what_is_common(common: Common) -> None:
    for note in common.notes:
        st.info(f"Brought to what all share. {note}", icon=":material/filter_alt:")
    for name, reason in common.refused.items():
        st.warning(f"**{name}** is not compared: {words.literal(reason)}.", icon=":material/difference:")


def with_milliseconds(report: Report, known: dict[str, latency.Latency]) -> Report:
    """The report with what was measured on this machine, NaN where nothing was."""
    names = report.about["model"]
    measured = {
        f"milliseconds_{how}": [getattr(known.get(name), how, float("nan")) for name in names]
        for how in ("alone", "batched")
    }
    return replace(report, about=report.about.assign(**measured))


def offer_files(report: Report) -> None:
    """All views at once as files; the page's own address is the link to it.

    Offered in each view, since the view by itself is drawn anew where its cells are chosen.
    """
    name, value = f"compare-{report.split}-{report.part}", pickers.shown_cells()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button("Numbers (CSV)", lambda: to_csv(report), f"{name}.csv", "text/csv", "csv", on_click="ignore")
        st.download_button(
            "Report (HTML)",
            lambda: to_html(report, value),
            f"{name}.html",
            "text/html",
            "html",
            on_click="ignore",
        )
        st.caption("Without faces, readable without a network. The address of this page is a link to this view.")


def with_files(show: Callable) -> Callable:
    """The view that `show` draws, below the files of all of them."""

    @wraps(show)
    def shown(report: Report, models: Sequence[SavedModel]) -> None:
        offer_files(report)
        show(report, models)

    return shown


frame.start(__file__, "Compare", "Which of several models is better, where they differ, and whether it may be chance.")
if chosen := evaluate_elsewhere.ask(pickers.models()):
    split, part = pickers.split_and_part()
    reference = pickers.reference(chosen)
    models = tuple(sorted(chosen, key=lambda model: model.id != reference))  # the reference first
    common = cached.common(models, split, part)
    say_what_is_common(common)
    if len(common.models) > 1:
        kept = [model for model in models if model.id in common.models]
        report = with_milliseconds(cached.report(models, split, part), latency.known(kept))
        for caution in report.cautions:
            st.warning(caution, icon=":material/content_copy:")
        pickers.lone_views({name: with_files(show) for name, show in VIEWS.items()}, report, kept)
    else:
        st.info("Choose two models or more that compare.", icon=":material/info:")
