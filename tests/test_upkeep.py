"""Saved models renamed, tagged, deleted, and the default of Predict: with real folders, real locks and real kills."""

import errno
import os
import shutil
import subprocess
import sys

import pytest
from saved import save_model, start_model

from fer_core import store, upkeep
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.leaderboard import default_model
from fer_core.paths import ROOT, models_dir

KILLED_IN_RENAME = """
import os
from fer_core import store, upkeep
store.save_record = lambda model: os.kill(os.getpid(), 9)  # between the folder and its record
upkeep.rename(store.open_model("before"), "after")
"""
KILLED_IN_DELETE = """
import os, shutil
from fer_core import store, upkeep
shutil.rmtree = lambda path, **_: os.kill(os.getpid(), 9) if os.path.exists(path) else None
upkeep.delete(store.open_model("before"))
"""


def ids() -> list[str]:
    return sorted(model.id for model in store.list_models())


def test_renamed_model_is_whole_under_its_new_name():
    """Folder, record, predictions and the default follow; the old name is free again."""
    model = save_model("before", draw_dataset())
    upkeep.set_default(model)
    renamed = upkeep.rename(model, "after")
    assert (ids(), renamed.record["name"], store.open_trained("after").status) == (["after"], "after", "finished")
    assert upkeep.read_default() == "after"
    assert store.check_free("before") == "before"


@pytest.mark.parametrize("name", ["taken", "../up", ""])
def test_name_that_is_taken_or_not_allowed_is_refused(name):
    """Nothing is moved then."""
    drawn = draw_dataset()
    save_model("taken", drawn)
    with pytest.raises(ModelError, match="model name: expected"):
        upkeep.rename(save_model("before", drawn), name)
    assert ids() == ["before", "taken"]


def test_renaming_keeps_what_was_written_meanwhile():
    """A model that was read before another tagged it is renamed with its tags."""
    early = start_model("before", draw_dataset())
    upkeep.set_tags(early, ["good"])
    assert upkeep.rename(early, "after").tags == store.open_model("after").tags == ("good",)


@pytest.mark.parametrize("script", [KILLED_IN_RENAME, KILLED_IN_DELETE])
def test_kill_leaves_a_whole_model_or_none(script):
    """Killed in the middle of either: no damaged model is listed, and the next change clears up."""
    save_model("before", draw_dataset())
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=os.environ, check=False)
    assert done.returncode == -9
    assert ids() == (["after"] if script is KILLED_IN_RENAME else [])
    assert not any(model.problem for model in store.list_models())
    if ids():
        assert upkeep.set_tags(store.open_trained("after"), ["kept"]).record["name"] == "after"
    upkeep.delete(save_model("other", draw_dataset(), seed=1))
    assert [path.name for path in models_dir().iterdir()] == ids()


def test_busy_run_is_neither_renamed_tagged_nor_deleted():
    """While a worker holds the lock each is refused, and the run is untouched."""
    run = start_model("running", draw_dataset())
    with run.lock:
        for change in (
            lambda: upkeep.rename(run, "x"),
            lambda: upkeep.set_tags(run, ["x"]),
            lambda: upkeep.delete(run),
        ):
            with pytest.raises(ModelError, match="expected no run at work on it"):
                change()
    assert ids() == ["running"]
    assert store.open_model("running").tags == ()


def test_tags_are_words_once_each():
    """Spaces and repetitions go; a tag that is a text is refused; none clears them."""
    model = save_model("one", draw_dataset())
    assert upkeep.set_tags(model, ["  best   so far ", "mine", "mine", " "]).tags == ("best so far", "mine")
    assert store.open_trained("one").tags == ("best so far", "mine")
    with pytest.raises(ModelError, match="at most 32 letters"):
        upkeep.set_tags(model, ["x" * 33])
    assert upkeep.set_tags(model, []).tags == ()


def test_damaged_model_can_be_renamed_and_deleted():
    """Its record stays as it is."""
    model = save_model("broken", draw_dataset())
    (model.folder / "model.json").write_text("{")
    (broken,) = store.list_models()
    renamed = upkeep.rename(broken, "still-broken")
    assert (renamed.folder / "model.json").read_text() == "{"
    upkeep.delete(renamed)
    assert ids() == []


def test_default_that_is_gone_falls_back_and_says_so():
    """Chosen first; then the better six-class model by validation, not one of other classes; without a model, none."""
    drawn = draw_dataset()
    good, poor = save_model("good", drawn, skill=3), save_model("poor", drawn, seed=1, skill=0.2)
    save_model("sides", drawn, skill=6, scheme="valence")
    upkeep.set_default(poor)
    assert default_model(store.list_models(), upkeep.read_default())[0].id == "poor"
    shutil.rmtree(poor.folder)
    model, why = default_model(store.list_models(), upkeep.read_default())
    assert (model.id, why.startswith("The default poor is gone. good has the best macro recall")) == ("good", True)
    upkeep.delete(good)
    assert "while no six-class model is" in default_model(store.list_models(), None)[1]
    assert default_model([], None)[0] is None
    upkeep.clear_default()
    assert upkeep.read_default() is None


def test_who_deletes_the_default_knows():
    """Nothing is told of it from then on."""
    model = save_model("mine", draw_dataset())
    upkeep.set_default(model)
    upkeep.delete(model)
    assert upkeep.read_default() is None


def test_untrained_model_is_no_default():
    """It could not predict."""
    with pytest.raises(ModelError, match="expected a trained model"):
        upkeep.set_default(start_model("half-way", draw_dataset()))


def test_full_disk_renames_or_doesnt(monkeypatch):
    """The folder's name is the model's; the record catches up when it is next written. The default goes along."""
    model = save_model("mine", draw_dataset())
    upkeep.set_default(model)

    def full(*arguments, **changes):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(store, "update_record", full)
        assert upkeep.rename(model, "yours").id == "yours"
    assert store.open_trained("yours").record["name"] == "yours"
    assert upkeep.read_default() == "yours"


def test_no_repository_inside_a_model_is_asked(tmp_path):
    """It came with the model, and its settings may name programs to run."""
    model = save_model("mine", draw_dataset())
    ran = tmp_path / "ran"
    (hook := tmp_path / "hook").write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    git = ["git", "-C", str(model.folder)]
    for words in (["init", "-q"], ["add", "model.json"], ["config", "core.fsmonitor", str(hook)]):
        subprocess.run([*git, *words], check=True)
    assert not upkeep.in_git(model)
    assert not ran.exists()


def test_shipped_model_is_known_to_git_and_a_new_one_is_not(monkeypatch):
    """What git holds it can bring back."""
    new = save_model("new", draw_dataset())
    assert not upkeep.in_git(new)
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout")
    monkeypatch.setenv("FER_MODELS", str(ROOT / "models"))
    assert upkeep.in_git(store.open_model("compact"))
