"""The layers of the house, read off the imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from fer_core.paths import ROOT

LAYERS = {
    "labels": 0,
    "errors": 0,
    "paths": 0,
    "apart": 1,
    "arrays": 0,
    "machine": 1,
    "integrity": 1,
    "data": 1,
    "store": 2,
    "lineage": 3,
    "upkeep": 3,
    "recurrent": 3,
    "networks": 3,
    "evaluation": 4,
    "training": 5,
    "inference": 5,
    "cli_words": 5,
    "cli_common": 6,
    "cli_models": 7,
    "cli_data": 7,
    "cli_predict": 7,
    "cli_timeline": 7,
    "cli_tune": 7,
    "cli": 8,
    "__main__": 9,
}
FILES = sorted((ROOT / "fer_core").rglob("*.py"))
READERS = (
    "fer_core",
    "fer_core.data",
    "fer_core.store",
    "fer_core.evaluation.atlas_worker",
    "fer_core.evaluation.card",
    "fer_core.evaluation.doubt",
    "fer_core.evaluation.metrics",
    "fer_core.evaluation.verification",
    "fer_core.inference.importing",
    "fer_core.inference.batch",
    "fer_core.inference.ray_job",
    "fer_core.evaluation.report_html",
    "fer_core.evaluation.slices_figures",
    "fer_core.inference.explanation",
    "fer_core.inference.latency",
    "fer_core.training.combine",
    "fer_core.training.doubt",
    "fer_core.training.runs",
    "fer_core.training.standing",
    "fer_core.training.preview",
    "fer_core.training.speed",
    "fer_core.cli",
)


def imported(path: Path) -> set[str]:
    """Every module that the file imports anywhere."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(module: str) -> str:
    """`fer_core.data.copies` → `data`."""
    return module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    """A module imports its own room or lower ones; training and inference don't know each other; no streamlit."""
    here = path.relative_to(ROOT / "fer_core").with_suffix("").parts[0]
    names = imported(path)
    assert not {name for name in names if name.split(".")[0] in ("streamlit", "pages")}
    for name in names:
        if name.startswith("fer_core.") and room(name) in LAYERS and here in LAYERS:
            assert room(name) == here or LAYERS[room(name)] < LAYERS[here], f"{path.name} imports {name}"


@pytest.mark.parametrize("module", READERS)
def test_reading_modules_never_load_tensorflow(module):
    """Whoever only reads tables doesn't pay seconds and 600 MB."""
    code = f"import sys, {module}; sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
