"""The verb `tune`."""

import json

import pytest

from fer_core import cli_tune, store
from fer_core.cli import main

SHORT = ("tune", "--preset", "quick", "--source", "demo", "--epochs", "1", "--set", "width=4", "--name", "short")


def test_tune_ranks_its_runs_and_goes_on(capsys):
    """A run for each value, ranked by validation; called again it trains nothing and says the same."""
    words = (*SHORT, "--try", "learning_rate=0.001", "--try", "learning_rate=0.01", "--json")
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)["runs"]
    assert {(run["run"], run["learning_rate"]) for run in told} == {("short-1", "0.001"), ("short-2", "0.01")}
    assert told[0]["recall"] >= told[1]["recall"]
    assert all(run["low"] <= run["recall"] <= run["high"] and run["status"] == "finished" for run in told)
    networks = [store.open_model(run["run"]).record["sha256"] for run in told]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == told
    assert [store.open_model(run["run"]).record["sha256"] for run in told] == networks


def test_a_run_that_was_trained_elsewhere_meanwhile(capsys, monkeypatch):
    """Another process finishes the second while the first trains: it is taken as it is."""
    train = cli_tune.run_to_its_end

    def train_both(model: store.SavedModel) -> store.SavedModel:
        train(store.open_model("short-2"))
        return train(model)

    monkeypatch.setattr(cli_tune, "run_to_its_end", train_both)
    assert main([*SHORT, "--try", "seed=1", "--try", "seed=2", "--json"]) == 0
    assert {run["status"] for run in json.loads(capsys.readouterr().out)["runs"]} == {"finished"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--try", "seed=1"), "values to try: expected 2 to 16 combinations, found 1"),
        (("--try", "width"), "setting: expected SETTING=VALUE, found 'width'"),
        (("--try", "width=8", "--try", "width=wide"), "width: expected a whole number or none"),
        (("--try", "width=8", "--try", "width=0"), "width: expected"),
    ],
)
def test_what_cannot_be_tried_is_one_line(words, message, capsys):
    """And no run is made."""
    assert main([*SHORT, *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not store.list_models()
