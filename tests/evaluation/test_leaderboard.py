from dataclasses import asdict
from pathlib import Path

from fer_core.evaluation.leaderboard import default_model, leaderboard
from fer_core.evaluation.metrics import summary
from fer_core.store import SavedModel


def test_leaderboard(predictions, other):
    """The better on the honest part stands first, with its saved numbers; a run without scores is left out."""
    scores = {
        name: {part: asdict(summary(of.select("test", part))) for part in ("raw", "honest")}
        for name, of in {"one": predictions, "two": other}.items()
    }
    models = [scored(name, of) for name, of in scores.items()]
    table = leaderboard([*models, SavedModel("running", Path("running"), {"scheme": "study", "network": "compact"})])
    assert set(table["model"]) == {"one", "two"}
    assert table["honest_macro_recall"].is_monotonic_decreasing
    first = scores[table["model"][0]]
    assert table["raw_accuracy_low"][0] == first["raw"]["accuracy_low"]
    assert table["honest_n"][0] == first["honest"]["n"]


def test_what_does_not_compare_stands_below():
    """Other classes below the study's, drawn faces below photographs, however well they score; no face, no number."""
    models = [
        scored("drawn", both(0.99), drawn=True),
        scored("sides", both(0.9), scheme="valence"),
        scored("untested", both(None, n=0)),
        scored("good", both(0.6)),
    ]
    table = leaderboard(models)
    assert list(table["model"]) == ["good", "untested", "sides", "drawn"]
    assert list(table["drawn"]) == [False, False, False, True]
    assert table["raw_macro_recall"].isna().tolist() == [False, True, False, False]
    assert leaderboard(models[2:3])["honest_accuracy"].dtype == float


def scored(name: str, test: dict, scheme: str = "study", *, drawn: bool = False) -> SavedModel:
    record = {
        "scheme": scheme,
        "network": "compact",
        "settings": {},
        "dataset": {"source": "faces.csv", "drawn": drawn},
    }
    return SavedModel(name, Path(name), record | {"scores": {"test": test}})


def both(value: float | None, n: int = 100) -> dict:
    measures = {f"{score}{end}": value for score in ("accuracy", "macro_recall") for end in ("", "_low", "_high")}
    return dict.fromkeys(("raw", "honest"), {"n": n} | measures)


def test_leaderboard_of_none():
    """No models, no rows, but the columns are there."""
    assert "raw_macro_recall_high" in leaderboard([])


def test_the_default_is_the_best_of_its_kind_and_says_of_which():
    """A model of drawn faces may score higher, on other faces."""
    kept = {"validation": both(0.7)}
    photographs = SavedModel("good", Path("good"), scored("good", {}).record | {"scores": kept, "sha256": "0"})
    drawn = scored("drawn", {}, drawn=True).record | {"scores": {"validation": both(0.9)}, "sha256": "0"}
    best, why = default_model([SavedModel("drawn", Path("drawn"), drawn), photographs], None)
    assert (best, why.endswith("among the six-class models of photographs.")) == (photographs, True)
    best, why = default_model([SavedModel("drawn", Path("drawn"), drawn)], None)
    assert (best.id, why.endswith("among the six-class models.")) == ("drawn", True)


def test_the_default_learned_no_copies_where_there_is_such_a_one():
    """Even if its score is a little lower: of the other one it isn't known what its copies are worth."""

    def learned_from(rows: str, recall: float) -> SavedModel:
        facts = {"scores": {"validation": both(recall)}, "sha256": "0", "settings": {"rows": rows}}
        return SavedModel(rows, Path(rows), scored(rows, {}).record | facts)

    best, why = default_model([learned_from("all", 0.70), learned_from("clean", 0.69)], None)
    assert (best.id, why.endswith("of photographs that learned no copies of them.")) == ("clean", True)
    best, why = default_model([learned_from("all", 0.70)], None)
    assert (best.id, why.endswith("of photographs.")) == ("all", True)
