"""Errors that the user can put right, in a box."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from fer_core.errors import FerError


@contextmanager
def box() -> Iterator[None]:
    """Show a `FerError` of the body in a box and go on after it; nothing wider is caught.

    The router holds every page in one. A page puts another around a part that the rest can do without.
    """
    try:
        yield
    except FerError as error:
        st.error(str(error), icon=":material/error:")
