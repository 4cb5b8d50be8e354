"""TensorFlow, loaded while the visitor is still choosing a picture."""

import threading
from importlib import import_module

import streamlit as st


@st.cache_resource(show_spinner=False)
def early() -> threading.Thread:
    """Begin to load it, once for the server; whoever needs it sooner waits for the rest only."""
    thread = threading.Thread(target=import_module, args=["keras"], daemon=True)
    thread.start()
    return thread
