"""Audit, view Copies: the same photograph in the dataset twice, in two splits, or under two labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.copies import BLANK, FAINT, LOWEST, NEAR, Audit, copies_of, spare_rows
from fer_core.data.draft import Draft
from fer_core.data.rows import row_table
from fer_core.data.statistics import class_counts, leak_shares
from fer_core.evaluation.data_figures import leak_bars
from fer_core.labels import SPLITS
from pages._ui import audit_edit, cached, charts, faces, pickers, words

EACH_PAGE = 12
"""Groups of copies shown at a time."""
_BUT_ONE = "all but one"


@dataclass(frozen=True, eq=False)
class Groups:
    """Faces that belong together, arrays of rows, in the order they are shown; what they are, and words for each."""

    rows: Sequence[np.ndarray]
    what: str
    captions: Sequence[str] = ()
    keep: bool = True
    """Whether one face of each is worth keeping."""


def show(dataset: FaceDataset) -> None:
    """What was found in numbers, the labels of each split, the leaks, and all copies to look at."""
    counts = st.container()
    audit = cached.audit(dataset, _ask_threshold())
    with counts:
        _show_counts(audit)
    st.subheader("Labels by split", anchor=False)
    st.dataframe(words.counts(class_counts(dataset)), key="counts", alt="Faces of each expression in each split")
    usage = _show_leaks(dataset, audit)
    _offer_rows(dataset)
    _show_groups(dataset, audit, usage)


def _ask_threshold() -> float:
    threshold = st.slider(
        "Near copies from a cosine of", LOWEST, 0.99, NEAR, 0.01, key="near", bind="query-params", width=400
    )
    st.caption(
        f"Exact copies have the same pixels. Two faces are near copies where the cosine of their 24 × 24 pixels, the "
        f"mean taken off, is at least {threshold:.2f}: one photograph with another crop, watermark or compression. "
        f"Higher: fewer pairs, and surer ones; look at *near* below, where the least alike come first. The *honest* "
        f"part of scores, and training without copies, always go by {NEAR}."
    )
    return threshold


def _show_counts(audit: Audit) -> None:
    exact = (
        ("Exact groups", audit.exact_groups, "Groups of faces that are the same pixel by pixel."),
        ("Redundant", audit.exact_redundant, "Faces that could be removed without losing a distinct image."),
        ("Across splits", audit.cross_split_groups, "Exact groups that stand in two splits or three."),
        ("Conflicting", audit.conflicting_groups, "Exact groups under two labels or more."),
    )
    others = (
        ("Near pairs", len(audit.near_pairs), "Pairs of faces that are near copies and no exact ones."),
        ("Blank", audit.blank, f"Images whose pixels have a standard deviation under {BLANK}, of at most 127.5."),
        ("Nearly blank", len(audit.faint_rows), f"A standard deviation from {BLANK} up to {FAINT}."),
    )
    for line in (exact, others):
        with st.container(horizontal=True):
            for label, n, meaning in line:
                st.metric(label, f"{n:,}", border=True, help=meaning, width="content")


def _show_leaks(dataset: FaceDataset, audit: Audit) -> str:
    """What is leaked into the Usage that is chosen here; it is returned."""
    st.subheader("Leaks from training", anchor=False)
    usage = SPLITS[pickers.choice("Split", ("test", "validation"), "split", on_change=faces.first_page)]
    shares = leak_shares(dataset, audit.leak)
    st.markdown(words.leaked(shares, usage, audit.threshold))
    if shares[shares["usage"] == usage]["n"].any():
        charts.show(leak_bars(shares, usage), "leaks")
        with st.expander("As a table"):
            st.dataframe(words.leaks(shares, usage), hide_index=True, key="leak_table", alt=f"Leaked faces in {usage}")
    return usage


def _offer_rows(dataset: FaceDataset) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Rows (CSV)",
            lambda: row_table(dataset).to_csv(index=False),
            "rows.csv",
            "text/csv",
            "rows",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(
            f"For training with other tools: of each row its split, label and copies (near: {NEAR}), and whether it "
            "can be learned from without a leak. The page Models then takes the answers of what was trained so."
        )


def _show_groups(dataset: FaceDataset, audit: Audit, usage: str) -> None:
    st.subheader("Browse the copies", anchor=False)
    kinds = _kinds(dataset, audit, usage)
    kind = pickers.choice("Copies", tuple(kinds), "copies", on_change=faces.first_page)
    groups = kinds[kind]
    if not len(groups.rows):
        st.info("There are none.")
        return
    shown = faces.turned(len(groups.rows), EACH_PAGE, faces.PAGE, bind="query-params")
    draft = cached.draft(dataset)
    st.caption(f"{len(groups.rows):,} {groups.what}, {EACH_PAGE} on a page. Below each face: label, Usage, row.")
    _offer_all(dataset, groups, draft, kind)
    with st.container(horizontal=True):
        for index, rows in enumerate(groups.rows[shown], shown.start):
            with st.container(border=True, width="content"):
                if groups.captions:
                    st.markdown(groups.captions[index])
                some = rows[: faces.SINGLE]
                faces.row_of_faces(dataset, some, audit_edit.captions(dataset, some, draft))
                with st.popover("Edit", icon=":material/edit:"):
                    chosen: list[int] = []
                    if len(rows) > 1:
                        left = spare_rows([rows], dataset.usage, _left_out(dataset, draft))
                        audit_edit.leave_out(dataset, left, f"spare-{index}", f"Leave out {_BUT_ONE}", kind)
                        chosen = st.pills(
                            "These rows, or all where none is chosen",
                            rows.tolist(),
                            selection_mode="multi",
                            key=f"some-{kind}-{index}",  # a face may stand in several pairs
                        )
                    audit_edit.edit(dataset, chosen or rows, f"copies-{index}", kind)


def _offer_all(dataset: FaceDataset, groups: Groups, draft: Draft, kind: str) -> None:
    """One button for all groups of a kind, which one undo takes back."""
    out = _left_out(dataset, draft)
    left = spare_rows(groups.rows, dataset.usage, out) if groups.keep else _here(np.concatenate(groups.rows), out)
    which = _BUT_ONE if groups.keep else "all"
    audit_edit.leave_out(dataset, left, "copies", f"Leave out {which} of each: {len(left):,} faces", kind)
    if groups.keep:
        st.caption(
            "Kept is a test face before a validation face before a training face: who learns from a version saved of "
            "this doesn't see these copies of the faces that are scored."
        )


def _left_out(dataset: FaceDataset, draft: Draft) -> np.ndarray:
    """Whether the draft leaves each row of `dataset` out."""
    out = np.zeros(len(dataset), bool)
    out[list(draft.excluded)] = True
    return out


def _here(rows: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Those of `rows` that aren't left `out` yet, each once."""
    return np.unique(rows[~out[rows]])


def _leaks(dataset: FaceDataset, leak: np.ndarray, usage: str) -> Groups:
    """Each face of `usage` that is a copy of a Training face, and after it those Training faces."""
    rows = np.flatnonzero((dataset.usage == usage) & (leak != ""))
    found = copies_of(cached.find_copies(dataset), rows)
    training = dataset.usage == "Training"
    groups = [
        np.concatenate([[row], *(some[training[some]] for some in its)]) for row, its in zip(rows, found, strict=True)
    ]
    what = f"faces of {usage} that the honest part leaves out, each before its copies in Training"
    return Groups(groups, what, [f"**{kind}** copy" for kind in leak[rows]])


def _kinds(dataset: FaceDataset, audit: Audit, usage: str) -> dict[str, Groups]:
    across = [rows for rows in audit.groups if len(set(dataset.usage[rows])) > 1]
    contrast = cached.find_copies(dataset).contrast[audit.faint_rows]
    return {
        "exact": Groups(audit.groups, "groups of exact copies"),
        "leaks": _leaks(dataset, cached.audit(dataset).leak, usage),
        "across splits": Groups(across, "groups of exact copies in two splits or three"),
        "conflicting": Groups(audit.conflicts, "groups of exact copies under two labels or more", keep=False),
        "near": Groups(
            audit.near_pairs,
            f"pairs of near copies, from {audit.threshold:.2f} up, the least alike first",
            [f"cosine **{cosine:.3f}**" for cosine in audit.cosine],
        ),
        "blank": Groups(audit.blank_rows[:, None], "blank images", keep=False),
        "nearly blank": Groups(
            audit.faint_rows[:, None],
            "nearly blank images, the faintest first",
            [f"deviation **{deviation:.1f}**" for deviation in contrast],
            keep=False,
        ),
    }
