"""The router, the guard and what every page has in common."""

import ast
import subprocess
import sys

import pytest
from streamlit.testing.v1 import AppTest

from fer_core.paths import ROOT

READING = ("overview", "explore", "audit", "evaluate", "compare", "models")


@pytest.mark.parametrize("name", READING)
def test_every_page_says_that_the_faces_are_drawn_or_what_to_do(open_page, said, name):
    """Without a model each page runs, has a title, and names the drawn faces or the way to a model."""
    app = open_page(name)
    assert len(app.title) == 1
    assert "drawn by a program" in said(app) or "no trained model" in said(app)


def test_every_page_starts_with_the_guard():
    """By `frame.start(__file__, ...)`, before anything else is drawn: a deep link opens it through the router."""
    pages = [*(ROOT / "pages").glob("*.py")]
    assert len(pages) >= len(READING)
    for page in pages:
        body = ast.parse(page.read_text()).body
        drawing = (statement for statement in body if isinstance(getattr(statement, "value", None), ast.Call))
        assert ast.unparse(next(drawing)).startswith("frame.start(__file__, "), page.name


def test_no_button_has_the_key_of_what_stands_in_the_url():
    """Streamlit carries such a value to other pages, where the button would count as pressed."""
    bound, free = set(), set()
    for module in (ROOT / "pages").rglob("*.py"):
        for call in (node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rpartition(".")[2]
            named = {keyword.arg: keyword.value for keyword in call.keywords}
            place = {"button": 1, "choice": 2, "several": 2, "named": 3, "one_here": 2}.get(name)
            at = named.get("key", call.args[place] if place and len(call.args) > place else None)
            if isinstance(at, ast.Constant):
                (bound if "bind" in named or name in ("choice", "several", "named", "one_here") else free).add(at.value)
    assert {"emotion", "view", "model", "measure"} <= bound
    assert {"start", "measure_speed"} <= free
    assert not bound & free


def test_a_dataset_that_is_not_there():
    """A wrong source in a link is told in a box, with what to do."""
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.query_params["source"] = "no/such.csv"
    app.run()
    assert not app.exception
    assert "expected demo, kaggle, or the path of a CSV" in app.error[0].value


def test_reading_pages_never_load_tensorflow():
    """What the router and the reading pages import holds no TensorFlow and no Keras."""
    modules = ", ".join(f"pages._ui.{name}" for name in ("cached", "errors", "faces", "frame", "pickers", "words"))
    code = f"import sys, {modules}; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
