"""Audit, view Versions: the draft, the versions saved of it, what is different between two of them, their files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.changes import changed_only, changed_rows, changes, class_totals
from fer_core.data.draft import Command, Draft
from fer_core.data.versions import (
    Version,
    damaged_versions,
    delete_version,
    list_versions,
    parse_version,
    save_version,
    version_file,
)
from fer_core.errors import VersionError
from fer_core.evaluation.data_figures import change_heatmap, class_change_bars
from pages._ui import audit_edit, charts, errors, faces, frame, pickers, words

OWN, DRAFT = audit_edit.OWN, "the draft"
LAST = 20
"""Commands of the draft that are listed."""


def show(dataset: FaceDataset) -> None:
    draft, versions = Draft(dataset), list_versions(dataset)
    show_draft(draft)
    ask_to_save(draft)
    show_versions(dataset, draft, versions)
    show_comparison(dataset, draft, versions)
    ask_for_file(dataset)


def show_draft(draft: Draft) -> None:
    st.subheader("The draft", anchor=False)
    st.caption(
        "What you make of the labels here or in the other views: relabel faces, leave them out, bring them back. The "
        "dataset's own file is never touched, and no edit is lost when you close this page."
    )
    if draft.edited:
        gone = ", which is gone," if draft.base_gone else ","
        st.markdown(f"Edited since **{draft.base or OWN}**{gone} and not saved yet.")
    else:
        st.markdown(f"Nothing to save: it is the same as **{draft.base or OWN}**.")
    with st.container(horizontal=True):
        for label, n in (("Relabelled", len(draft.labels)), ("Left out", len(draft.excluded))):
            st.metric(label, f"{n:,}", border=True)
    if draft.commands:
        table = _commands(draft.commands[: -LAST - 1 : -1])
        st.dataframe(table, hide_index=True, key="commands", alt="The last edits, newest first")


def ask_to_save(draft: Draft) -> None:
    """What is typed stays where saving fails, and while other views are open."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input("Name", key="version_name", persist_state="page", placeholder="better", width=240)
            st.text_input("Author", key="version_author", persist_state="page", width=240)
        told = "What was changed, and why."
        st.text_area("Note", key="version_note", persist_state="page", placeholder=told, height=80)
        st.button(
            "Save as a version",
            "save_version",
            type="primary",
            icon=":material/save:",
            disabled=not draft.edited,
            on_click=audit_edit.attempt,
            args=("Saved", lambda: _save(draft), "save_version"),
        )
    errors.say_kept("save_version")


def show_versions(dataset: FaceDataset, draft: Draft, versions: Sequence[Version]) -> None:
    st.subheader("Versions", anchor=False)
    for fault in damaged_versions(dataset).values():
        st.warning(words.literal(fault), icon=":material/broken_image:")
    if not versions:
        st.info("There is none yet. Edit some faces, then save them as one.", icon=":material/info:")
    else:
        st.dataframe(
            _table(versions), hide_index=True, key="versions", alt="The versions of this dataset, newest first"
        )
        st.caption(
            "Choose one in Train, to learn from its labels, and in Evaluate, to score against them where "
            "it changes test or validation faces."
        )
    named = {OWN: None} | {version.name: version for version in versions}
    pickers.say_gone_of("version", named)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Version", list(named), int(len(named) > 1), key="version", bind="query-params", width=320)
        version = named[name]
        st.button(
            "Continue editing from it",
            "continue",
            icon=":material/edit:",
            help="The draft becomes what this is. Undo brings your edits back.",
            disabled=_edits(version) == _edits(draft.version) and (version.name if version else "") == draft.base,
            on_click=audit_edit.attempt,
            args=(f"The draft continues {name}", lambda: draft.continue_from(version), "continue"),
        )
        if version:
            file = version_file(dataset.fingerprint, name)
            st.download_button(
                "Download", file.read_bytes(), file.name, "application/json", key="download", icon=":material/download:"
            )
            if st.button("Delete", "delete", icon=":material/delete:"):
                confirm_delete(version)
    errors.say_kept("continue")
    errors.say_kept("delete")


@st.dialog("Delete this version?", icon=":material/delete:")
def confirm_delete(version: Version) -> None:
    st.markdown(
        f"**{version.name}** will be gone: {len(version.labels):,} relabelled, {len(version.excluded):,} left out. "
        "Models that learned from it stay as they are; a run of it that hasn't finished can't go on, and nothing can "
        "be scored against it. A file that you downloaded brings it back."
    )
    with st.container(horizontal=True):
        deleted = st.button(
            "Delete it",
            "yes",
            type="primary",
            icon=":material/delete:",
            on_click=_delete,
            args=(version,),
        )
        if st.button("Keep it", "no") or deleted:
            st.rerun()


def show_comparison(dataset: FaceDataset, draft: Draft, versions: Sequence[Version]) -> None:
    known = {OWN: None} | {version.name: version for version in versions}
    if draft.edited:
        known[DRAFT] = draft.version
    if len(known) < 2:
        return
    st.subheader("What is different", anchor=False)
    newest = list(known).index(DRAFT) if draft.edited else 1
    for key in ("before", "after"):
        pickers.say_gone_of(key, [*known, DRAFT])  # which may have been saved meanwhile
    left, right = st.columns(2)
    common = {"bind": "query-params", "on_change": faces.first_page}
    before = known[left.selectbox("Before", list(known), key="before", **common)]
    after = known[right.selectbox("After", list(known), newest, key="after", **common)]
    frame = changes(dataset, before, after)
    moved = changed_only(frame)
    if moved.empty:
        st.info("Nothing is different between these two.", icon=":material/info:")
        return
    left, right = st.columns(2)
    with left:
        charts.show(change_heatmap(moved), "change_matrix", height=480)
    with right:
        charts.show(class_change_bars(class_totals(frame)), "class_changes", height=480)
    training = frame[(frame["usage"] == "Training") & (frame["before"] != frame["after"])]["n"].sum()
    st.caption(
        f"{moved['n'].sum():,} faces are different, {training:,} of them in Training. Only these change what is "
        "learned; the others change scores, where a version is chosen in Evaluate."
    )
    _show_faces(dataset, before, after, moved)


def _show_faces(dataset: FaceDataset, before: Version | None, after: Version | None, moved: pd.DataFrame) -> None:
    pairs = {f"{row.before} → {row.after} ({row.n:,})": (str(row.before), str(row.after)) for row in moved.itertuples()}
    chosen = st.selectbox("The faces of a change", list(pairs), key="change", on_change=faces.first_page, width=320)
    pair = pairs[chosen]
    rows = changed_rows(dataset, before, after, pair)
    rows = rows[faces.page_of(len(rows))]
    faces.wall(dataset, rows, [f"{' to '.join(pair)}  \n{dataset.usage[row]}  \n{row}" for row in rows])


def ask_for_file(dataset: FaceDataset) -> None:
    with st.expander("Bring a version in"):
        file = st.file_uploader("A version's file", type="json", key="version_file")
        if file is None:
            return
        with errors.box():
            version = parse_version(file.getvalue(), dataset)
            st.dataframe(_table([version]), hide_index=True, key="brought", alt="The version in the file")
            name = f"name-{file.file_id}"
            st.text_input("Name here", version.name, key=name, width=320)
            st.button(
                "Bring it in",
                "bring",
                icon=":material/upload:",
                on_click=_bring_in,
                args=(version, name),
            )
            errors.say_kept("bring")


def _save(draft: Draft) -> None:
    name, note, author = (st.session_state[f"version_{key}"].strip() for key in ("name", "note", "author"))
    draft.save(name, note, author)
    st.session_state["version_name"] = st.session_state["version_note"] = ""
    st.session_state["version"] = name


def _bring_in(version: Version, box: str) -> None:
    """Under the name that stands in the `box` as the button is clicked, which may be newer than the page."""
    named = replace(version, name=st.session_state[box].strip())

    def save() -> None:
        save_version(named)
        st.session_state["version"] = named.name

    audit_edit.attempt(f"Brought in {named.name}", save, "bring")


def _delete(version: Version) -> None:
    try:
        delete_version(version.fingerprint, version.name)
    except VersionError as error:
        errors.keep("delete", error)
        return
    frame.tell_next(f"Deleted {version.name}.")
    for key in ("version", "before", "after"):
        if st.session_state.get(key) == version.name:
            st.session_state[key] = OWN  # said outright: the browser would go on showing the one that is gone


def _edits(version: Version | None) -> tuple:
    return (version.labels, version.excluded) if version else ({}, ())


def _table(versions: Sequence[Version]) -> pd.DataFrame:
    """Versions, to be read."""
    return pd.DataFrame(
        {
            "Name": [version.name for version in versions],
            "Relabelled": [len(version.labels) for version in versions],
            "Left out": [len(version.excluded) for version in versions],
            "Begun from": [version.parent or OWN for version in versions],
            "Author": [version.author for version in versions],
            "Note": [version.note for version in versions],
            "Created (UTC)": [version.created[:19].replace("T", " ") for version in versions],
        }
    )


def _commands(commands: Sequence[Command]) -> pd.DataFrame:
    """Commands of a draft, to be read."""
    when = [datetime.fromtimestamp(command.time, UTC).strftime("%Y-%m-%d %H:%M:%S") for command in commands]
    whys = [command.why for command in commands]
    return pd.DataFrame({"When (UTC)": when, "What": list(map(audit_edit.told, commands)), "Why": whys})
