"""Audit, view Labels: those that annotators, or models which never saw the face, don't believe, most doubtful first."""

import zlib
from copy import copy

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.draft import Draft
from fer_core.data.versions import Version, list_versions, read_version
from fer_core.evaluation.doubt import contradiction
from fer_core.evaluation.doubt_figures import contradiction_line
from fer_core.labels import EMOTIONS, SPLITS
from fer_core.training import doubt, runs
from fer_core.training.config import TrainConfig
from pages._ui import audit_edit, cached, charts, errors, faces, pickers, training, words

PRESETS = ("fast", "compact", "flagship")
SCHEMES = ("study", "all")
"""Of the class schemes, those whose classes are emotions that a face can be labelled as, and cover most faces."""
ANY = "any"
SIZES = np.unique(np.geomspace(20, 40_000, 60).round().astype(int))
"""Of the heads of the ranking whose share of contradicted labels is drawn."""


def show(dataset: FaceDataset) -> None:
    judges = choose_judges(dataset)
    version, base = next(iter(judges.values())).version, cached.draft(dataset).base
    if version and version != base:
        st.caption(
            f"Judged are the labels of version {version}; edits go to the draft, which continues "
            f"{base or audit_edit.OWN}. To continue {version} choose it in the view Versions."
        )
    with errors.box():
        for preset, config in doubt.models_of(judges).items():
            at = doubt.progress(dataset, config)
            if at.state not in ("ready", "trained"):
                every, busy = 2 if at.busy else None, [run.id for run in at.busy]
                st.fragment(errors.boxed(show_folds), run_every=every)(dataset, preset, config, busy)
                return
        if doubt.learned_votes(dataset, judges):
            st.caption(words.LEARNED_VOTES)
        judged = read_version(dataset, version) if version else None
        show_ranking(dataset, cached.label_ranking(dataset, judges, judged), judged, [*judges])


def choose_judges(dataset: FaceDataset) -> dict[str, TrainConfig]:
    """Who judges, as `doubt.ranking` takes it, and which labels. Annotators come first: they are there at once."""
    presets = dict.fromkeys([doubt.default_preset(dataset), *PRESETS])
    offered = [*([] if dataset.votes is None else [doubt.ANNOTATORS]), *presets]
    versions = [audit_edit.OWN, *(version.name for version in list_versions(dataset))]
    pickers.say_gone_of("labels_of", versions)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        told = (
            "FER+'s annotators, where their votes are known, and models of these presets, as in Train. Several judge "
            "together, weighed by how right each of them is. The probability that annotators give is how often faces "
            "with such votes carry that label."
        )
        judges = pickers.several("Judged by", offered, "judges", help=told, on_change=faces.first_page)
        scheme = pickers.choice(
            "Classes", SCHEMES, "judged", help="`study` leaves Disgust out.", on_change=faces.first_page
        )
        version = st.selectbox(
            "Labels of", versions, key="labels_of", bind="query-params", on_change=faces.first_page, width=240
        )
    labels = {"scheme": scheme, "version": "" if version == audit_edit.OWN else version}
    return {judge: doubt.fold_config(judge, **labels) for judge in judges}


def show_folds(dataset: FaceDataset, preset: str, config: TrainConfig, busy: list[str]) -> None:
    """How far the models are that will judge, and the button that starts them; `busy` is what the page knows."""
    at = doubt.progress(dataset, config)
    if at.state in ("ready", "trained") or [run.id for run in at.busy] != busy:
        st.rerun()  # all of the page, which decides what is shown and how often
    if at.state == "none":
        st.info(
            f"The labels have not been judged by *{preset}* in this way yet. {config.folds} models are trained for it "
            f"in the background, each without another of {config.folds} parts of the faces, so that for every face "
            "there is one that has seen neither it nor a copy of it. Labels that this model, and copies of the face, "
            "speak against are then shown, the most doubtful first.",
            icon=":material/fact_check:",
        )
    else:
        st.markdown(f"**{at.trained} of {config.folds}** models of *{preset}* are trained.")
        for run in filter(None, at.runs):
            st.page_link("pages/train.py", label=run.id, query_params={"run": run.id})
            training.show_status(run)
    with errors.box():
        if at.busy:
            st.button("Stop", "stop_folds", icon=":material/stop:", on_click=stop, args=(at,))
            return
        training.show_estimate(dataset, [config] * (config.folds - at.trained))
        label = f"Train the {config.folds} models" if at.state == "none" else "Go on"
        if st.button(label, "start_folds", type="primary", icon=":material/play_arrow:"):
            with st.spinner("Starting the runs"):
                doubt.start(dataset, config)
            st.rerun()


def stop(at: doubt.Progress) -> None:
    for run in at.busy:
        runs.request_stop(run)


def show_ranking(dataset: FaceDataset, ranking: pd.DataFrame, judged: Version | None, judges: list[str]) -> None:
    """How many are doubtful, and the labels, those of the version `judged`, as they are filtered."""
    split = pickers.choice("Split", ("train", "validation", "test", "all"), "doubt_split", on_change=faces.first_page)
    if split != "all":
        ranking = ranking[ranking["usage"] == SPLITS[split]]
    annotators = doubt.ANNOTATORS in judges
    show_summary(ranking, annotators)
    draft = cached.draft(dataset)
    shown = choose_labels(ranking, draft.changed(judged))
    if shown.empty:
        st.info("There is none of that kind.", icon=":material/info:")
        return
    who = ["ten annotators"] * annotators + ["models that never saw them"] * (len(judges) > annotators)
    st.markdown(f"{len(shown):,} faces, the most doubtful first, judged by {' and '.join(who)}.")
    edit_first(dataset, draft, shown, split, judges)
    show_faces(dataset, draft, shown.iloc[faces.page_of(len(shown))])


def show_summary(ranking: pd.DataFrame, annotators: bool) -> None:
    """How many are doubtful and, unless the `annotators` judge themselves, how many of them they contradict."""
    rows = contradiction(ranking).to_dict("records")
    head, everything = rows[0], rows[-1]
    beside = everything["n"] > 0 and not annotators
    with st.container(horizontal=True):
        st.metric("Doubtful", f"{ranking['is_issue'].sum():,}", f"of {len(ranking):,} labels", **_PLAIN)
        if beside:
            for name, row in ((f"Contradicted, first {head['first']:,}", head), ("Contradicted, all", everything)):
                bounds = f"{words.bounds(row['low'], row['high'])}, n = {row['n']:,}"
                st.metric(name, words.percent(row["share"]), bounds, **_PLAIN)
    if not beside:
        st.caption(
            "Let models judge alone to see how many of these labels FER+'s ten annotators contradict."
            if annotators
            else "Where FER+'s `fer2013new.csv` lies beside FER2013's CSV, what ten annotators say stands here too."
        )
        return
    st.caption("Contradicted: more of FER+'s ten annotators chose another answer; with 95 % intervals.")
    with st.expander("Along the ranking"):
        charts.show(contradiction_line(contradiction(ranking, SIZES)), "contradiction", height=420)
        table = words.contradiction(contradiction(ranking, (100, 300, 1_000, 3_000, 10_000)))
        st.dataframe(table, hide_index=True, key="contradicted", alt="Labels that annotators contradict, by rank")


def choose_labels(ranking: pd.DataFrame, edited: set[int]) -> pd.DataFrame:
    """The rows of the ranking to look at."""
    labels = [ANY, *(emotion for emotion in EMOTIONS if (ranking["label"] == emotion).any())]
    common = {"bind": "query-params", "on_change": faces.first_page}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        label = st.selectbox("Labelled", labels, key="doubt_label", width=160, **common)
        suggested = st.selectbox("Suggested", labels, key="doubt_suggested", width=160, **common)
        issues = st.toggle("Doubtful only", True, key="doubt_issues", **common)
        fresh = st.toggle("Not edited yet", True, key="doubt_fresh", **common)
    kept = np.ones(len(ranking), bool)
    for column, chosen in (("label", label), ("suggested", suggested)):
        kept &= (ranking[column] == chosen).to_numpy() | (chosen == ANY)
    if issues:
        kept &= ranking["is_issue"].to_numpy()
    if fresh:
        kept &= ~ranking["row"].isin(edited).to_numpy()
    return ranking[kept]


def edit_first(dataset: FaceDataset, draft: Draft, shown: pd.DataFrame, split: str, judges: list[str]) -> None:
    """Let the judges have their way with the first of these faces, in one step that can be undone."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        n = st.number_input("First", 1, len(shown), min(100, len(shown)), key="doubt_first", width=160)
        n_differing = len(_differing(dataset, draft, shown.head(n)))
        st.button(
            "Relabel as suggested",
            "as_suggested",
            icon=":material/auto_fix_high:",
            help=f"{n_differing:,} of them, for which another label is suggested than they have",
            disabled=not n_differing,
            on_click=_relabel_first,
            args=(dataset, draft, shown, judges),
        )
        st.button(
            "Leave out",
            "exclude-first",
            icon=":material/visibility_off:",
            help=f"{n:,} {'face' if n == 1 else 'faces'}",
            on_click=_leave_out_first,
            args=(draft, shown),
        )
    errors.say_kept("exclude-first")
    errors.say_kept("as_suggested")
    if split != "train" and judges != [doubt.ANNOTATORS]:
        st.caption("Test and validation faces that models have relabelled or left out say little about models.")


def _differing(dataset: FaceDataset, draft: Draft, faces: pd.DataFrame) -> dict[int, int]:
    """Row → suggested emotion code, of those of the `faces` that have another label."""
    suggested = dict(zip(faces["row"].tolist(), faces["suggested"].map(EMOTIONS.index), strict=True))
    return {row: code for row, code in suggested.items() if code != draft.labels.get(row, dataset.emotion[row])}


def _relabel_first(dataset: FaceDataset, draft: Draft, shown: pd.DataFrame, judges: list[str]) -> None:
    """As many as the box says when the button is clicked, which may be newer than the page."""
    codes = _differing(dataset, draft, shown.head(st.session_state["doubt_first"]))
    why = f"as {' and '.join(judges)} suggest"
    audit_edit.edit_draft(
        f"{len(codes):,} relabelled as suggested",
        lambda: copy(draft).relabel([*codes], [*codes.values()], why),
        "as_suggested",
    )


def _leave_out_first(draft: Draft, shown: pd.DataFrame) -> None:
    rows = shown.head(st.session_state["doubt_first"])["row"].to_numpy()
    n = f"{len(rows):,} {'face' if len(rows) == 1 else 'faces'}"
    why = f"the first {len(rows):,} of the doubtful labels shown"
    audit_edit.edit_draft(f"{n} left out", lambda: copy(draft).exclude(rows, why), "exclude-first")


def show_faces(dataset: FaceDataset, draft: Draft, shown: pd.DataFrame) -> None:
    """A wall, and below it the same as a table in which faces are chosen to be edited."""
    rows = shown["row"].to_numpy()
    st.caption(
        "Below each face its label and the suggested one, with their probabilities, what most of the annotators chose "
        "where their votes are known, and its row. The table says it in words."
    )
    faces.wall(dataset, rows, captions(dataset, shown, draft))
    st.markdown("**Edit some of them.** Choose them in the table, by their boxes or with the space bar.")
    table = pd.DataFrame(
        {
            "Label": shown["label"],
            "Suggested": shown["suggested"],
            "Row": rows,
            "Usage": shown["usage"],
            "Why": shown["reason"],
        }
    )
    chosen = faces.table(
        table,
        dataset,
        f"{len(rows)} faces and why their labels are doubtful",
        f"doubtful-{zlib.crc32(rows.tobytes())}",  # other faces, other choice
        on_select="rerun",
        selection_mode="multi-row",
    ).selection.rows
    audit_edit.edit(dataset, rows[chosen], "doubtful", "doubtful label")


def captions(dataset: FaceDataset, shown: pd.DataFrame, draft: Draft) -> list[str]:
    """Label and suggestion with their probabilities, what most annotators chose, the row, and what the draft says."""
    said = []
    for face, edited in zip(shown.itertuples(), audit_edit.said_by(draft, shown["row"].to_numpy()), strict=True):
        given = {face.label: face.p_label, face.suggested: face.p_suggested}
        lines = [f"{label} {probability:.0%}" for label, probability in given.items()]
        if dataset.votes is not None:
            lines.append(words.most_voted(dataset.votes[face.row]))
        said.append("  \n".join([*lines, *edited, str(face.row)]))
    return said


_PLAIN = {"delta_color": "off", "delta_arrow": "off", "border": True}
