"""Compare, view Agreement: where all fail, where one alone succeeds, and what they reach as one."""

from collections.abc import Sequence

import streamlit as st

from fer_core.data import FaceDataset
from fer_core.evaluation.agreement import ALL_FAIL, TOGETHER, group_faces, groups, right_counts, same_answer
from fer_core.evaluation.comparison import difference_sentence, paired_macro_recall_difference
from fer_core.evaluation.comparison_figures import right_bars
from fer_core.evaluation.elsewhere import own
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.report import Report
from fer_core.store import SavedModel
from fer_core.training.combine import combine_apart
from pages._ui import cached, charts, compare_faces, errors, faces, frame, pickers, words


def show(report: Report, models: Sequence[SavedModel]) -> None:
    everyone = "Both" if len(models) == 2 else f"All {len(models)}"
    st.markdown(
        f"{everyone} give the same answer to **{words.percent(same_answer(report.models))}** of the {report.n:,} faces."
    )
    counts = right_counts(report.models)
    charts.show(right_bars(counts), "right", height=360)
    with st.expander("As a table"):
        table = counts.pivot(index="label", columns="right", values="n").rename_axis(columns="models that are right")
        st.dataframe(table.loc[counts["label"].unique()], key="right_table", alt="Faces by how many models are right")
    st.fragment(_show_group)(report, models[0])
    st.subheader("As one model", anchor=False)
    _show_ensemble(report)
    with errors.box():
        _offer_saving(models)


def _show_group(report: Report, model: SavedModel) -> None:
    """The faces that all get wrong, or one model alone right."""
    sizes = groups(report.models)
    said = {name: "All fail" if name == ALL_FAIL else f"Only {name} is right" for name in sizes}
    group = st.selectbox(
        "Faces", list(sizes), format_func=said.get, key="alone", bind="query-params", on_change=faces.first_page
    )
    st.markdown(f"{said[group]}: {sizes[group]:,} of {report.n:,} faces.")
    behind = group_faces(report.models, group)
    captions = [
        f"{true}  \n{', '.join(dict.fromkeys(answers))}  \n{row}"
        for row, true, *answers in behind.itertuples(name=None)
    ]
    compare_faces.show(model, behind.index.to_numpy(), captions)
    st.caption("Below each face its label, what the models predict, and its row.")


def _show_ensemble(report: Report) -> None:
    reference = report.models[report.reference]
    compared = {report.reference: summary(reference), TOGETHER: summary(report.together)}
    st.dataframe(words.summaries(compared), key="together", alt="Scores of the reference and of all models as one")
    difference = paired_macro_recall_difference(reference, report.together)
    st.markdown(f"- {difference_sentence(report.reference, TOGETHER, difference, report.n)}")
    st.caption(
        "As one they answer with the mean of their probabilities; nothing is tuned on these faces. It takes as long "
        "as all of them one after another."
    )


def _offer_saving(models: Sequence[SavedModel]) -> None:
    """Save the mean as a model of its own, or why not."""
    if len({model.record["scheme"] for model in models}) > 1:
        st.info("It can be saved where all have the same classes.", icon=":material/info:")
        return
    if without := [model.id for model in models if not model.trained]:
        st.info(f"It can be saved where all have a network; of {', '.join(without)} only the answers are here.")
        return
    if len({own(model).record["dataset"]["fingerprint"] for model in models}) > 1:
        st.info("It can be saved where all were saved with one dataset.", icon=":material/info:")
        return
    dataset = cached.dataset(frame.chosen_source())
    scored_on = own(models[0]).record["dataset"]  # on which the mean is scored too
    if dataset.fingerprint != scored_on["fingerprint"]:
        st.info(
            "To save it choose, in the sidebar, the dataset that it is to be scored on: "
            f"{words.code(scored_on['source'])}.",
            icon=":material/info:",
        )
        return
    _ask_and_save(models, dataset)


def _ask_and_save(models: Sequence[SavedModel], dataset: FaceDataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = pickers.new_name("Name", "ensemble_name", "ensemble and a number")
        asked = st.button("Save as a model", "save_ensemble", icon=":material/save:")
    if asked:
        with st.spinner(f"Joining {len(models)} networks and scoring them: half a minute or more"):
            ids = [model.id for model in models]
            saved = combine_apart("ensemble", ids, name, frame.chosen_source())
        st.success(f"Saved as **{saved.id}**.", icon=":material/check:")
        st.page_link(
            "pages/evaluate.py",
            label=f"Evaluate {saved.id}",
            icon=":material/query_stats:",
            query_params={"model": saved.id},
        )
