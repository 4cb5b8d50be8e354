"""Errors that the user can put right, in a box."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import streamlit as st

from fer_core.data.class_names import ClassNamesError
from fer_core.errors import FerError, disk_told
from pages._ui import class_names, words


def boxed(show: Callable) -> Callable:
    """`show` in a `box`: of a fragment, which runs again without the page around it."""

    @wraps(show)
    def shown(*args):
        with box():
            return show(*args)

    return shown


@contextmanager
def box() -> Iterator[None]:
    """Show a `FerError` of the body, or what the system says of a file, in a box, and go on after it.

    The router holds every page in one. A page puts another around a part that the rest can do without. Where nobody
    said yet what the dataset's class names mean, the page ends with the question.
    """
    try:
        yield
    except ClassNamesError as error:
        class_names.ask(error)
        st.stop()
    except (FerError, OSError) as error:
        show(told(error))


def show(text: str) -> None:
    """`text`, whatever signs are in it, in a box."""
    st.error(words.literal(text), icon=":material/error:")


def keep(key: str, error: FerError) -> None:
    """Keep why a click on the widget of that key did nothing, which `say_kept` shows when the page is drawn next."""
    st.session_state[f"failed-{key}"] = str(error)


def say_kept(key: str) -> None:
    """Why the last click on that widget did nothing, if so."""
    if reason := st.session_state.pop(f"failed-{key}", None):
        show(reason)


def told(error: FerError | OSError) -> str:
    """What a visitor is told of it; of the system's: a full disk, a folder that may not be written."""
    return disk_told(error) if isinstance(error, OSError) else str(error)
