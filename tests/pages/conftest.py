"""Pages driven as a user does, through the router, on the drawn faces."""

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, app_test

from fer_core.data import FaceDataset, load_dataset
from fer_core.paths import ROOT


class RoutedPages(PagesManager):
    """What a server holds once `st.navigation` has run; `AppTest` forgets that before each run."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False


@pytest.fixture(autouse=True)
def _drawn_faces(monkeypatch):
    """Each test starts without caches and on the drawn faces."""
    monkeypatch.setenv("FER_SOURCE", "demo")
    monkeypatch.setattr(app_test, "PagesManager", RoutedPages)
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def faces() -> FaceDataset:
    return load_dataset("demo")


@pytest.fixture
def open_page():
    """Open `pages/<name>.py` with query parameters; it must run without an exception."""

    def open_page(name: str, **parameters) -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
        for key, value in parameters.items():
            app.query_params[key] = value
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception
        return app

    return open_page


@pytest.fixture
def said():
    """All that a page says in plain elements, as one text."""

    def said(app: AppTest) -> str:
        kinds = ("title", "markdown", "caption", "info", "warning", "error")
        return "\n".join(element.value for kind in kinds for element in getattr(app, kind))

    return said
