"""Values that are tried: which runs they are, and what becomes of them."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from saved import save_model, start_model

from fer_core.data import load_dataset
from fer_core.errors import ModelError, RunError
from fer_core.labels import VOTES
from fer_core.store import list_models, update_record
from fer_core.training import tuning
from fer_core.training.config import PRESETS, TrainConfig

QUICK = PRESETS["quick"]


@pytest.fixture
def faces():
    return load_dataset("demo")


def changed(model, **settings):
    """The model with other settings in its record."""
    return update_record(model, settings=TrainConfig(**settings).to_json())


def test_each_value_with_each():
    """Two by two are four; the last setting varies fastest."""
    configs = tuning.variations(QUICK, {"width": [8, 16], "seed": [1, 2]})
    assert [(config.width, config.seed) for config in configs] == [(8, 1), (8, 2), (16, 1), (16, 2)]
    assert all(config.epochs == QUICK.epochs for config in configs)
    assert tuning.variations(QUICK, {"seed": [1, 2], "width": [8, 16]}) == configs  # in whichever order they are named


@pytest.mark.parametrize(
    ("tried", "message"),
    [
        ({}, "expected 2 to 16 combinations, found 1"),
        ({"seed": [1]}, "found 1"),
        ({"seed": list(range(17))}, "found 17"),
        ({"seed": [1, 2, 1]}, "found one twice"),
        ({"width": [8, 0]}, "width: expected"),
    ],
)
def test_what_cannot_be_tried(tried, message):
    """One line each."""
    with pytest.raises(ValueError, match=message):
        tuning.variations(QUICK, tried)


def test_the_same_goes_on_and_other_values_stand_beside_it(faces):
    """Asked for again, the runs are the ones that are there; with other values, others."""
    configs = tuning.variations(QUICK, {"seed": [1, 2]})
    first = tuning.create(configs, faces)
    assert [run.record["settings"]["seed"] for run in first] == [1, 2]
    assert [run.id for run in tuning.create(configs, faces)] == [run.id for run in first]
    tuning.create(tuning.variations(QUICK, {"seed": [1, 3]}), faces)
    assert len(list_models()) == 4


def test_a_name_that_is_taken_by_other_settings(faces):
    """Refused, and none of the runs is made."""
    tuning.create(tuning.variations(QUICK, {"seed": [1, 2]}), faces, "mine")
    with pytest.raises(ModelError, match="expected 'mine-2' to be free"):
        tuning.create(tuning.variations(QUICK, {"seed": [1, 3, 4]}), faces, "mine")
    assert len(list_models()) == 2


def test_other_votes_or_labels_are_other_runs(faces):
    """Of the same settings and images; and a setting that a run did not know yet is no difference."""
    configs = tuning.variations(QUICK, {"seed": [1, 2]})
    first, _ = tuning.create(configs, faces)
    settings = dict(first.record["settings"])
    del settings["mixup"]
    update_record(first, settings=settings)
    assert tuning.create(configs, faces)[0].id == first.id
    votes = np.ones((len(faces), len(VOTES)), np.uint8)
    assert not {run.id for run in tuning.create(configs, replace(faces, votes=votes))} & {first.id}


def test_two_who_ask_at_once_get_the_same_runs(faces):
    """As two tabs do: none of them is told that the name is taken."""
    configs = tuning.variations(QUICK, {"seed": [1, 2, 3, 4]})
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: [run.id for run in tuning.create(configs, faces)], range(4)))
    assert made == [made[0]] * 4
    assert len(list_models()) == 4


def test_none_is_made_where_one_cannot_be(faces):
    """The second starts from a model of another width."""
    changed(save_model("start", faces), width=16)
    configs = tuning.variations(TrainConfig(start="start"), {"width": [16, 24]})
    with pytest.raises(RunError, match="expected a model of width 24"):
        tuning.create(configs, faces, "mine")
    assert len(list_models()) == 1


def test_runs_beside_another(faces):
    """Those of the same faces and classes that differ in two settings at most, however far in these."""
    own = changed(start_model("own", faces), seed=1)
    near = changed(start_model("near", faces), seed=9, epochs=3)
    changed(start_model("far", faces), seed=2, epochs=3, rotation=5.0)
    start_model("classes", faces, "negative")
    assert [run.id for run in tuning.beside(own, list_models())] == [near.id]


def test_results_tell_what_differs_and_the_best_first(faces):
    """Settings as words, the saved model's own score with its interval, nothing for a run without an epoch."""
    weak = changed(save_model("weak", faces, skill=0.5), sides=(32, 48), width=8, epochs=3)
    good = changed(save_model("good", faces, skill=3.0), epochs=4)
    begun = changed(start_model("begun", faces), epochs=4)
    early = changed(start_model("early", faces), epochs=4)
    (early.folder / "history.csv").write_text("epoch,val_recall\n1,0.99\n")  # so far: no score of a saved model
    results = tuning.results([begun, early, weak, good])
    assert list(results["run"]) == ["good", "weak", "early", "begun"]
    assert list(results.columns[1:4]) == ["width", "epochs", "sides"]
    assert list(results[["width", "epochs", "sides"]].loc[1]) == ["8", "3", "32,48"]
    scores = good.scores["validation"]["raw"]
    assert results.loc[0, "recall"] == scores["macro_recall"]
    assert results.loc[0, "low"] < results.loc[0, "recall"] < results.loc[0, "high"]
    assert results.loc[3, ["recall", "low", "high", "n"]].isna().all()


def test_results_of_a_run_under_way(faces):
    """The best epoch so far, without an interval."""
    good = save_model("good", faces)
    begun = start_model("begun", faces)
    history = good.history()
    history.to_csv(begun.folder / "history.csv", index=False)
    row = tuning.results([begun]).loc[0]
    assert (row["recall"], row["done"]) == (history["val_recall"].max(), len(history))
    assert row[["low", "high"]].isna().all()
