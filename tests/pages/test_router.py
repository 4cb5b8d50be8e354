"""The router, the guard and what every page has in common."""

import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from fer_core.paths import ROOT

READING = ("overview", "explore", "audit", "evaluate", "compare")


@pytest.mark.parametrize("name", READING)
def test_every_page_says_that_the_faces_are_drawn_or_what_to_do(open_page, said, name):
    """With the drawn faces and no model each page runs, has a title, and names the drawn faces or the way to a model."""
    app = open_page(name)
    assert len(app.title) == 1
    assert "drawn by a program" in said(app) or "no trained model" in said(app)


def test_a_page_without_the_router_is_sent_through_it(monkeypatch):
    """The guard remembers page and parameters before it goes; without a router there is nowhere to go."""
    monkeypatch.chdir(ROOT)
    app = AppTest.from_file(str(ROOT / "pages/explore.py"), default_timeout=60)
    app.query_params["view"] = "Samples"
    app.run()
    assert app.session_state["asked_for"] == (str(ROOT / "pages/explore.py"), {"view": ["Samples"]})
    assert not app.title


def test_a_dataset_that_is_not_there(open_page, said):
    """A wrong source is told in a box, on every page in the same way."""
    app = open_page("explore", source="no/such.csv")
    assert "expected demo, kaggle, or the path of a CSV" in app.error[0].value


def test_reading_pages_never_load_tensorflow():
    """What the router and the reading pages import holds no TensorFlow and no Keras."""
    imports = "; ".join(
        ["import sys", *(f"import pages._ui.{name}" for name in ("cached", "faces", "pickers", "words"))]
    )
    code = f"{imports}; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
