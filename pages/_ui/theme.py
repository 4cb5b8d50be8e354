"""What the pictures that Streamlit doesn't draw have to know of the theme."""

import streamlit as st

_INK = {"light": "#1C2830", "dark": "#E3EAEF"}


def ink() -> str:
    """The colour of text on the reader's background, as in `.streamlit/config.toml`."""
    return _INK[st.context.theme.type or "light"]
