from dataclasses import asdict
from pathlib import Path

from fer_core.evaluation.leaderboard import leaderboard
from fer_core.evaluation.metrics import summary
from fer_core.store import SavedModel


def test_leaderboard(predictions, other):
    """The better on the honest part stands first, with its saved numbers; a run without scores is left out."""
    scores = {
        name: {part: asdict(summary(of.select("test", part))) for part in ("raw", "honest")}
        for name, of in {"one": predictions, "two": other}.items()
    }
    models = [
        SavedModel(name, Path(name), {"scheme": "study", "network": "compact", "scores": {"test": of}})
        for name, of in scores.items()
    ]
    table = leaderboard([*models, SavedModel("running", Path("running"), {"scheme": "study", "network": "compact"})])
    assert set(table["model"]) == {"one", "two"}
    assert table["honest_macro_recall"].is_monotonic_decreasing
    first = scores[table["model"][0]]
    assert table["raw_accuracy_low"][0] == first["raw"]["accuracy_low"]
    assert table["honest_n"][0] == first["honest"]["n"]


def test_leaderboard_of_none():
    """No models, no rows, but the columns are there."""
    assert "raw_macro_recall_high" in leaderboard([])
