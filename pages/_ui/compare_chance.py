"""Compare, view Chance: whether a difference to the reference may be luck."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fer_core.evaluation.comparison_figures import difference_intervals
from fer_core.evaluation.report import Report
from fer_core.store import SavedModel
from pages._ui import charts


def show(report: Report, models: Sequence[SavedModel]) -> None:
    for sentence in report.sentences:
        st.markdown(f"- {sentence}")
    figure = difference_intervals(report.tests, report.reference, report.n)
    charts.show(figure, "differences", height=200 + 40 * len(models))
    st.dataframe(_table(report), key="tests", alt=f"Paired tests against {report.reference}")
    st.caption(
        f"n = {report.n:,} faces, the same for all. The interval is a bootstrap of macro recall over these faces, both "
        "models scored on the same draws. McNemar's exact test is about accuracy: of the faces that one gets right and "
        "the other doesn't, p is how often chance would divide them so unevenly or more. As they ask different "
        "questions they may differ. Among many models one may look better by chance: the last column is p where all "
        "rows are looked at together (Holm), and a sentence says where the difference doesn't hold together "
        "(Bonferroni); intervals are of each row by itself."
    )


def _table(report: Report) -> pd.DataFrame:
    tests = report.tests
    intervals = tests[["difference", "low", "high"]].to_numpy() * 100
    return pd.DataFrame(
        {
            "Points of macro recall": [f"{value:+.1f} ({low:+.1f} to {high:+.1f})" for value, low, high in intervals],
            "Only this one is right": tests["only_model"].to_numpy(),
            f"Only {report.reference} is right": tests["only_reference"].to_numpy(),
            "McNemar's p": [_p(p) for p in tests["p"]],
            "p of all together": [_p(p) for p in tests["p_holm"]],
        },
        index=tests["model"],
    )


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
