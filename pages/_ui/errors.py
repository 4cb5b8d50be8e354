"""Errors that the user can put right, in a box."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from fer_core.data.class_names import ClassNamesError
from fer_core.errors import FerError
from pages._ui import class_names


def boxed(show: Callable) -> Callable:
    """`show` in a `box`: of a fragment, which runs again without the page around it."""

    @wraps(show)
    def shown(*args):
        with box():
            return show(*args)

    return shown


@contextmanager
def box() -> Iterator[None]:
    """Show a `FerError` of the body in a box and go on after it; nothing wider is caught.

    The router holds every page in one. A page puts another around a part that the rest can do without. Where nobody
    said yet what the dataset's class names mean, the page ends with the question.
    """
    try:
        yield
    except ClassNamesError as error:
        class_names.ask(error)
        st.stop()
    except FerError as error:
        st.error(str(error), icon=":material/error:")
