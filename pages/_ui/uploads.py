"""What is uploaded stays in memory: on its way in, and while its reader looks at another page."""

import sys
from functools import partial

import streamlit as st
from starlette.formparsers import MultiPartParser

from pages._ui import words


def keep_in_memory() -> None:
    """Let the server hold uploads of any size in memory, where it keeps them anyway, up to `server.maxUploadSize`.

    Starlette would write what is larger than a megabyte into a temporary file first.
    """
    MultiPartParser.spool_max_size = sys.maxsize


def ask(label: str, key: str, *, several: bool = True, **kwargs) -> list:
    """The files of an uploader, also when the page was left meanwhile, which empties the uploader itself.

    They stay in the session until others take their place, or their reader takes them away.
    """
    place = f"kept_{key}"
    st.file_uploader(label, accept_multiple_files=several, key=key, on_change=_keep, args=(key, place), **kwargs)
    kept = st.session_state.get(place, [])
    if kept and not st.session_state[key]:
        names = ", ".join(file.name for file in kept)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"From before: {words.literal(names)}", width="content")
            st.button(
                "Forget", f"forget_{key}", on_click=partial(st.session_state.pop, place), icon=":material/delete:"
            )
    return kept


def _keep(key: str, place: str) -> None:
    found = st.session_state[key]
    st.session_state[place] = found if isinstance(found, list) else [found] if found else []
