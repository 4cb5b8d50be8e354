"""Compare, view Scores: what each model reaches, and what it costs."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fer_core.evaluation.comparison import CONFUSED
from fer_core.evaluation.figures import model_score_bars
from fer_core.evaluation.report import Report
from fer_core.inference import latency
from fer_core.store import SavedModel
from pages._ui import charts, errors, words


def show(report: Report, models: Sequence[SavedModel]) -> None:
    charts.show(model_score_bars(report.scores), "scores", height=240 + 60 * len(models))
    _show_table("Scores", _scores(report), "scores_table")
    _show_table("Recall of each class", _recalls(report), "recalls")
    st.caption(f"n = {report.n:,} faces, with 95 % intervals. {words.HONEST} {words.CALIBRATION_ERROR}")
    _show_table("Cost", _costs(report), "costs")
    with errors.box():
        _show_measuring(models)


def _show_table(title: str, table: pd.DataFrame, key: str) -> None:
    st.markdown(f"**{title}**")
    st.dataframe(table, key=key, alt=f"{title} of the chosen models")


def _scores(report: Report) -> pd.DataFrame:
    names = {"macro_recall": "Macro recall", "accuracy": "Accuracy", "sad_as_happy": " → ".join(CONFUSED)}
    table = _intervals(report, {name: told for name, told in names.items() if name in report.scores})
    table["Calibration error"] = [words.percent(ece) for ece in report.scores["ece"]]
    return table


def _recalls(report: Report) -> pd.DataFrame:
    return _intervals(report, report.recalls)


def _intervals(report: Report, names: dict[str, str]) -> pd.DataFrame:
    columns = {told: words.with_interval(report.scores, name) for name, told in names.items()}
    return pd.DataFrame(columns, index=report.scores["model"])


def _costs(report: Report) -> pd.DataFrame:
    about = report.about
    return pd.DataFrame(
        {
            "Parameters": [words.number(count / 1e6, ".2f", " M") for count in about["parameters"]],
            "Size": [words.number(size / 1e6, ".1f", " MB") for size in about["bytes"]],
            "Milliseconds a face": [words.number(value, ".2f") for value in about["milliseconds_alone"]],
            "in batches": [words.number(value, ".2f") for value in about["milliseconds_batched"]],
            "Training time": [words.duration(seconds) for seconds in about["training_seconds"]],
        },
        index=about["model"],
    )


def _show_measuring(models: Sequence[SavedModel]) -> None:
    trained = [model for model in models if model.trained]
    known = latency.known(trained)
    missing = [model for model in trained if model.id not in known]
    what, timed = ("the milliseconds here", missing) if missing else ("the milliseconds again", trained)
    names = ", ".join(model.id for model in timed)
    if timed and st.button(f"Measure {what}", "measure_latency", icon=":material/speed:", help=f"For {names}."):
        with st.spinner("Timing each network on random faces: about half a minute"):
            latency.measure_apart(timed)
        st.rerun()
    st.caption(
        "Milliseconds are measured on this machine: one face alone, and a face of a batch of 256; other work makes "
        "them longer. The training time counts that of the models that it started from, combines or learned from."
    )
