"""Duplicates, leaks between splits, conflicting labels."""

import numpy as np
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.copies import Audit, near_groups
from fer_core.data.statistics import leak_shares
from fer_core.evaluation.data_figures import leak_bars
from fer_core.labels import SPLITS
from pages._ui import cached, charts, faces, frame, pickers, words

EACH_PAGE = 12
"""Groups of copies shown at a time."""


def show_counts(audit: Audit) -> None:
    with st.container(horizontal=True):
        for label, n, meaning in (
            ("Exact groups", audit.exact_groups, "Groups of faces that are the same pixel by pixel."),
            ("Redundant", audit.exact_redundant, "Faces that could go without losing a different image."),
            ("Across splits", audit.cross_split_groups, "Exact groups that stand in two splits or three."),
            ("Conflicting", audit.conflicting_groups, "Exact groups under two labels or more."),
            ("Blank", audit.blank, "Images without anything on them."),
        ):
            st.metric(label, f"{n:,}", border=True, help=meaning)


def show_leaks(dataset: FaceDataset, audit: Audit) -> None:
    st.subheader("Leaks from training", anchor=False)
    usage = SPLITS[pickers.choice("Split", ("test", "validation"), "split")]
    shares = leak_shares(dataset, audit.leak)
    st.markdown(words.leaked(shares, usage))
    charts.show(leak_bars(shares, usage), "leaks")
    with st.expander("As a table"):
        st.dataframe(words.leaks(shares, usage), hide_index=True, key="leak_table", alt=f"Leaked faces in {usage}")


def show_groups(dataset: FaceDataset, audit: Audit) -> None:
    st.subheader("Browse the copies", anchor=False)
    kinds = {
        "exact": audit.groups,
        "across splits": [rows for rows in audit.groups if len(set(dataset.usage[rows])) > 1],
        "conflicting": audit.conflicts,
        "near": near_groups(cached.find_copies(dataset)),
        "blank": audit.blank_rows.reshape(-1, 1),
    }
    groups = kinds[pickers.choice("Copies", tuple(kinds), "copies")]
    if not len(groups):
        st.info("There are none.")
        return
    pages = -(-len(groups) // EACH_PAGE)
    page = st.pagination(pages, key="page", bind="query-params")
    st.caption(f"{len(groups):,} groups, {EACH_PAGE} on a page. Below each face: label, Usage, row.")
    with st.container(horizontal=True):
        for rows in groups[(page - 1) * EACH_PAGE : page * EACH_PAGE]:
            with st.container(border=True, width="content"):
                faces.row_of_faces(dataset, np.asarray(rows)[: faces.SINGLE])


frame.start(__file__, "Audit", "Which photographs stand in the dataset twice, in two splits, or under two labels.")
dataset = frame.dataset()
audit = cached.audit(dataset)
show_counts(audit)
show_leaks(dataset, audit)
show_groups(dataset, audit)
