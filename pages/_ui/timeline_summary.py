"""Timeline: several recordings beside each other."""

import io
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from fer_core.errors import PhotoError
from fer_core.evaluation.timeline_figures import shares_figure
from fer_core.inference.summary import BLOCK, FEWEST, read_table, shares_frame
from fer_core.labels import MEANING
from pages._ui import charts, uploads, words

EXPLAINED = (
    "Share of the faces seen, each counted in every frame, with a 95 % interval from drawing stretches of "
    f"{BLOCK:.0f} seconds, or single pictures; there is none where there are less than {FEWEST} of these, or where the "
    "share is 0 or 1. "
    "Recordings differ in light, camera, place and in who is in them, and a model errs on some faces more than on "
    "others: a difference between two recordings says nothing about what anyone felt, and nothing about health."
)


def ask() -> dict[str, pd.DataFrame]:
    """Tables that were exported before: name → table."""
    files = uploads.ask("Timelines that you exported as CSV", "recordings", help="One a recording.")
    tables: dict[str, pd.DataFrame] = {}
    for number, file in enumerate(files, 1):
        try:
            name = file.name if file.name not in tables else f"{number}. {file.name}"
            tables[name] = read_table(io.BytesIO(file.getvalue()))  # the page runs again, and the file is kept
        except PhotoError as error:
            st.error(words.literal(f"{file.name}: {error}"), icon=":material/error:")
    return tables


def show(tables: Mapping[str, pd.DataFrame]) -> None:
    """Bars and numbers, of all faces of a recording or of one each."""
    st.caption(EXPLAINED)
    ways = {
        name: ", ".join(table["read_by"].dropna().astype(str).unique())
        for name, table in tables.items()
        if "read_by" in table
    }
    if len(set(ways.values())) > 1:
        told = "; ".join(f"{name} by {way}" for name, way in ways.items())
        st.warning(words.literal(f"They were read differently: {told}. Their shares don't compare."))
    several = {name: table["face"].nunique() for name, table in tables.items()}
    if max(several.values()) > 1 and st.toggle("Each face by itself", key="by_face", bind="query-params"):
        tables = {
            name if several[name] == 1 else f"{name}, face {face:.0f}": of_face
            for name, table in tables.items()
            for face, of_face in table.groupby("face")
        }
    shares = shares_frame(tables)
    charts.show(shares_figure(shares), "shares")
    st.dataframe(words.recordings(shares), hide_index=True, alt="Share of each label by recording")
    st.download_button(
        "Summary as CSV",
        lambda: shares.assign(meaning=MEANING).to_csv(index=False),
        "recordings.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
