"""Runs as processes: started, killed, stopped, resumed, queued. Real processes on the demo faces."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from following import events_of, wait_until, worker_of
from saved import save_model

from fer_core import cli_common, store
from fer_core.cli import main
from fer_core.errors import RunError
from fer_core.evaluation.predictions import read_predictions
from fer_core.integrity import CURVES
from fer_core.lineage import origin
from fer_core.paths import ROOT, models_dir
from fer_core.training import runs, speed
from fer_core.training.config import get_preset
from fer_core.training.state import NAME, load_state, save_state

WORKER = [sys.executable, "-m", "fer_core.training.worker"]


def test_run_from_start_to_saved_model(short_run, drawn):
    """A finished run holds all its files; the saved network gives the saved probabilities; no path is recorded."""
    model = short_run()
    assert model.status == "interrupted"  # created, nobody at work
    runs.start_run(model)
    assert model.status in ("queued", "running")
    wait_until(lambda: not model.busy)
    model = store.open_trained("short")
    assert model.status == "finished"
    assert list(model.history()["epoch"]) == [1, 2]
    files = {path.name for path in model.folder.iterdir()}
    assert {"events.jsonl", "log.txt", "model.json", "model.keras", "history.csv", "predictions.parquet"} <= files
    assert "state.npz" not in files
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    images = drawn.images[predictions.frame["row"].to_numpy()][..., np.newaxis].astype(np.float32)
    np.testing.assert_allclose(store.load_network(model)(images), predictions.y_prob, atol=1e-4)
    assert model.record["dataset"]["source"] == "demo"
    assert model.scores["test"]["raw"]["n"] == len(predictions.select("test"))
    with pytest.raises(RunError, match="finished"):
        runs.start_run(model)


def test_two_tabs_at_once_start_one_run(drawn):
    """Eight that ask for the same run at once get one; other settings, or another name, are another run."""
    config = get_preset("quick", width=4)
    with ThreadPoolExecutor(8) as tabs:
        created = list(tabs.map(lambda _: runs.create_run_once(config, drawn).id, range(8)))
    assert set(created) == {"compact-1"}
    assert runs.create_run_once(replace(config, seed=2), drawn).id == "compact-2"
    assert runs.create_run_once(config, drawn, "named").id == "named"
    assert runs.create_run_once(config, drawn, "named").id == "named"
    runs.tell(store.open_model("compact-2"), "stopped")  # whoever asks again has seen it, and wants a new one
    assert runs.create_run_once(replace(config, seed=2), drawn).id == "compact-3"


def test_runs_that_are_created_at_once_find_other_numbers(drawn):
    """None is refused because another took the number meanwhile."""
    with ThreadPoolExecutor(8) as tabs:
        created = list(tabs.map(lambda _: runs.create_run(get_preset("quick"), drawn).id, range(8)))
    assert len(set(created)) == 8


def test_killed_run_is_interrupted_and_resumes_without_a_gap(short_run):
    """After `kill -9` the status says so at once, every file can be read, and no epoch is missing or twice."""
    model = short_run("killed", epochs=5)
    runs.start_run(model)
    wait_until(lambda: len(events_of(model, "epoch")) >= 2)
    os.kill(worker_of(model), signal.SIGKILL)
    wait_until(lambda: not model.busy, 5)
    assert model.status == "interrupted"
    before = model.history()
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    assert store.open_model("killed").status == "finished"
    assert events_of(model, "resumed")
    after = model.history()
    assert list(after["epoch"]) == [1, 2, 3, 4, 5]
    pd.testing.assert_frame_equal(after.iloc[: len(before)], before)


def test_stopped_run_saves_and_resumes(short_run):
    """A run that is asked to stop ends by itself, says so, and goes on where it was."""
    model = short_run("stopped", epochs=60)
    runs.start_run(model)
    wait_until(lambda: events_of(model, "epoch"))
    runs.request_stop(model)
    wait_until(lambda: not model.busy, 30)
    assert model.status == "stopped"
    done = len(model.history())
    runs.start_run(model)
    wait_until(lambda: len(model.history()) > done)
    runs.request_stop(model)
    wait_until(lambda: not model.busy, 30)
    assert list(model.history()["epoch"]) == list(range(1, len(model.history()) + 1))


def test_a_resumed_run_keeps_its_precision(drawn):
    """Whatever was measured since: `auto` is told once, and stands in the record from the start."""
    config = get_preset("quick", width=4, epochs=2, precision="auto")
    model = runs.create_run(config, drawn, "precise")
    speed.remember(config, speed.Speed("float32", {48: 1.0}))
    runs.start_run(model)
    wait_until(lambda: events_of(model, "epoch"))
    os.kill(worker_of(model), signal.SIGKILL)
    wait_until(lambda: not model.busy, 5)
    assert store.open_model("precise").record["precision"] == "float32"
    speed.remember(config, speed.Speed("bfloat16", {48: 1.0}))
    runs.start_run(model)
    wait_until(lambda: store.open_model("precise").status == "finished")
    assert store.open_model("precise").record["precision"] == "float32"


def test_what_was_no_run_is_not_resumed(drawn, capsys):
    """A table of answers, say, which has no settings: refused in a line, and it stays what it is."""
    model = save_model("theirs", drawn)
    record = {name: value for name, value in model.record.items() if name != "sha256"}
    record["answers"] = {"file": "a.csv", "sha256": "0" * 64}
    store.save_record(replace(model, record=record))
    before = store.open_answered("theirs")
    assert main(["train", "--resume", "--name", "theirs"]) == 2
    assert "model 'theirs': expected a run, found one that was combined or imported" in capsys.readouterr().err
    assert store.open_answered("theirs") == before
    assert before.status == "finished"


def test_interrupted_while_it_starts_the_run_is_asked_to_stop(short_run, capsys, monkeypatch):
    """A Ctrl-C before the worker has the run isn't lost: it stops as soon as it can."""
    model = short_run("hasty", epochs=60)
    begin = cli_common.start_run

    def interrupted(model):
        os.kill(os.getpid(), signal.SIGINT)
        return begin(model)

    monkeypatch.setattr(cli_common, "start_run", interrupted)
    assert cli_common.run_to_its_end(model).status == "stopped"
    assert "asked hasty to stop" in capsys.readouterr().err


def test_ten_starts_at_once_give_one_worker(short_run):
    """Whoever comes second leaves again: one `started` event, one whole curve."""
    model = short_run("crowd", epochs=1)
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: runs.start_run(model), range(10)))
    wait_until(lambda: not model.busy)
    wait_until(lambda: store.open_model("crowd").status == "finished")
    assert len(events_of(model, "started")) == 1
    assert list(model.history()["epoch"]) == [1]


def test_second_run_waits_for_the_first(short_run):
    """One run at a time: the second is queued while the first trains, then starts by itself."""
    first, second = short_run("first", epochs=60), short_run("second", epochs=1)
    runs.start_run(first)
    wait_until(lambda: events_of(first, "epoch"))
    runs.start_run(second)
    wait_until(lambda: events_of(second, "queued"))
    assert second.status == "queued"
    assert not events_of(second, "started")
    runs.request_stop(first)
    wait_until(lambda: store.open_model("second").status == "finished")
    assert first.status == "stopped"


def test_who_has_waited_longest_is_next(short_run):
    """Also where one that waited before was killed."""
    waiting = [short_run(name, epochs=1) for name in ("a", "b", "c", "d")]
    with FileLock(models_dir() / ".slot"):
        for model in waiting:
            runs.start_run(model)
        os.kill(worker_of(waiting[0]), signal.SIGKILL)
    wait_until(lambda: all(events_of(model, "started") for model in waiting[1:]), 90)
    begun = [events_of(model, "started")[0]["time"] for model in waiting[1:]]
    assert begun == sorted(begun)
    assert not events_of(waiting[0], "started")
    wait_until(lambda: not waiting[-1].busy)
    assert not list((models_dir() / ".queue").iterdir())


def test_a_mean_of_weights_lends_the_width_of_its_parts(drawn):
    """It has no settings of its own."""
    wide = save_model("wide", drawn)
    part = origin(store.update_record(wide, settings=wide.record["settings"] | {"width": 8}))
    store.update_record(save_model("soup", drawn), settings={}, parts=[part, part])
    config = replace(get_preset("quick", start="soup"), width=None)
    assert runs.as_wide_as_its_start(config).width == 8


def test_a_start_lends_its_width_and_refuses_another(drawn):
    """A run without a width takes that of the model it starts from; with another one it is refused before it is."""
    wide = save_model("wide", drawn)
    store.update_record(wide, settings=wide.record["settings"] | {"width": 8})
    config = replace(get_preset("quick", start=wide.id), width=None)
    assert runs.create_run(config, drawn, "as-wide").record["settings"]["width"] == 8
    assert runs.create_run_once(config, drawn, "as-wide").id == "as-wide"
    with pytest.raises(RunError, match="expected a model of width 16, found 'wide' of 8"):
        runs.create_run(replace(config, width=16), drawn, "other")
    assert not (models_dir() / "other").exists()


def test_settings_of_another_version_fail_in_one_line(short_run):
    """Those of a newer one, say."""
    model = short_run("newer")
    store.update_record(model, settings=model.record["settings"] | {"future": 3})
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    (failed,) = events_of(model, "failed")
    assert failed["reason"].startswith("model 'newer': settings: expected those of TrainConfig, found future")


def test_queued_run_can_be_stopped(short_run):
    """A run that still waits ends at once when it is asked to."""
    first, second = short_run("ahead", epochs=60), short_run("waiting", epochs=1)
    runs.start_run(first)
    wait_until(lambda: events_of(first, "started"))
    runs.start_run(second)
    wait_until(lambda: events_of(second, "queued"))
    runs.request_stop(second)
    wait_until(lambda: not second.busy, 10)
    assert second.status == "stopped"
    runs.request_stop(first)
    wait_until(lambda: not first.busy)


def test_a_run_is_stopped_from_the_command_line(short_run, capsys):
    """Wherever it was started; one that is not at work is told so."""
    model = short_run("long", epochs=60)
    assert main(["train", "--stop", "--name", "long"]) == 2
    assert "expected one that trains or waits, found it interrupted" in capsys.readouterr().err
    runs.start_run(model)
    wait_until(lambda: events_of(model, "epoch"))
    assert main(["train", "--stop", "--name", "long"]) == 0
    wait_until(lambda: not model.busy)
    assert model.status == "stopped"


def test_failed_run_says_why_in_one_line(short_run):
    """Other faces than the run was created with: failed, the reason in one line, nothing trained."""
    model = short_run("other")
    model = store.update_record(model, dataset=model.record["dataset"] | {"fingerprint": "0" * 64})
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    assert model.status == "failed"
    reason = events_of(model, "failed")[-1]["reason"]
    assert "expected the dataset the run was created with" in reason
    assert "\n" not in reason


def test_worker_without_a_run_is_refused():
    """A name that is no run: exit code 2 and one line."""
    result = subprocess.run([*WORKER, "nothing"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1


def test_torn_state_begins_again_and_says_so(short_run):
    """A state that cannot be read costs its epochs, not the run, and log and event tell it."""
    model = short_run("torn", epochs=1)
    (model.folder / NAME).write_bytes(b"PK\x03\x04 torn")
    curves = dict.fromkeys([*CURVES, *(f"val_recall_{label}" for label in model.labels)], 1)
    pd.DataFrame([curves, curves]).to_csv(model.folder / "history.csv", index=False)
    runs.start_run(model)
    wait_until(lambda: events_of(model, "unreadable"))
    wait_until(lambda: len(model.history()) < 2)  # the curve of the epochs that are lost is gone, too
    wait_until(lambda: not model.busy)
    assert store.open_model("torn").status == "finished"
    assert "the saved state cannot be read" in (model.folder / "log.txt").read_text()
    assert "first epoch" in events_of(model, "unreadable")[-1]["reason"]


def test_run_goes_on_from_the_state_before_a_torn_one(short_run):
    """The newest state cut short: the one before it is used, log and event say so, the curve has no gap."""
    model = short_run("cut", epochs=5)
    runs.start_run(model)
    wait_until(lambda: len(events_of(model, "epoch")) >= 3)
    os.kill(worker_of(model), signal.SIGKILL)
    wait_until(lambda: not model.busy)
    newest = model.folder / NAME
    newest.write_bytes(newest.read_bytes()[:-100])
    _, record = load_state(model.folder, lambda line: None)
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    assert store.open_model("cut").status == "finished"
    line = f"the newest state cannot be read: goes on from the one before, after epoch {record['epoch']}"
    assert line in (model.folder / "log.txt").read_text().splitlines()
    assert [event["reason"] for event in events_of(model, "unreadable")] == [line]
    assert events_of(model, "resumed")[-1]["epoch"] == record["epoch"]
    history = model.history()
    assert list(history["epoch"]) == [1, 2, 3, 4, 5]
    before = pd.DataFrame(record["history"])
    pd.testing.assert_frame_equal(history.iloc[: len(before)], before)


@pytest.mark.parametrize("event_fits", [True, False])
def test_full_disk_fails_in_words_and_the_run_goes_on_with_room(short_run, event_fits):
    """The last states stand, the log ends with what to do, and so does the event where there is room for one."""
    model = short_run("full", epochs=8)
    events = model.folder / "events.jsonl"
    if not event_fits:
        runs.tell(model, "stopped", filler="." * 30_000)  # the log stays shorter and has room when events have none
    runs.start_run(model)
    wait_until(lambda: events_of(model, "epoch"))
    limit_files(worker_of(model), 20_000 if event_fits else events.stat().st_size + 20)
    wait_until(lambda: not model.busy)
    reason = (model.folder / "log.txt").read_text().splitlines()[-1]
    assert "expected room on the disk" in reason
    assert "resume" in reason
    if event_fits:
        assert model.status == "failed"
        assert events_of(model, "failed")[-1]["reason"] == reason
    else:
        assert model.status == "interrupted"
        assert not events.read_bytes().endswith(b"\n")
    assert load_state(model.folder, pytest.fail)[1]["epoch"] >= 1
    assert list(model.folder.glob(".*")) == []
    told = len(model.recent_events())
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    assert store.open_model("full").status == "finished"
    assert list(model.history()["epoch"]) == list(range(1, 9))
    assert [event["event"] for event in model.recent_events()[told : told + 3]] == ["queued", "started", "resumed"]


def limit_files(process: int, size: int) -> None:
    """Let no file of a process grow beyond so many bytes."""
    resource = pytest.importorskip("resource")
    _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))


def test_state_of_another_network_is_refused(short_run):
    """Arrays that are whole but do not fit: one line, and the state is left as it is."""
    model = short_run("foreign")
    save_state(model.folder, [np.zeros(3)], {"epoch": 7})
    runs.start_run(model)
    wait_until(lambda: not model.busy)
    assert model.status == "failed"
    assert "expected a saved state of this run's network" in events_of(model, "failed")[-1]["reason"]
    assert load_state(model.folder, pytest.fail)[1] == {"epoch": 7}


def test_event_after_a_cut_one_stands_on_its_own_line(short_run):
    """Whatever a full disk or a kill left of a line, later events can be read; a whole one without its end counts."""
    model = short_run("events")
    runs.tell(model, "started")
    with (model.folder / "events.jsonl").open("a") as file:
        file.write('{"time": 1, "event": "progress", "epo')
    runs.tell(model, "queued")
    assert model.last_event("progress") is None
    with (model.folder / "events.jsonl").open("a") as file:
        file.write('{"time": 2, "event": "epoch"}')
    runs.tell(model, "failed", reason="none")
    assert [event["event"] for event in model.recent_events()] == ["started", "queued", "epoch", "failed"]
    assert model.last_event("started") == model.recent_events()[0]


def test_dataset_without_validation_faces_is_refused(drawn):
    """A CSV without Usage is all Training: there is nothing to measure an epoch on, and it is said before the start."""
    all_training = replace(drawn, usage=np.full(len(drawn), "Training"))
    with pytest.raises(RunError, match="expected PrivateTest faces"):
        runs.create_run(get_preset("quick"), all_training, "no-validation")
    assert store.list_models() == []


def test_a_log_is_told_without_what_tensorflow_says_of_itself():
    """Its warnings and errors stay, and what our worker prints."""
    log = (
        "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
        "I0000 00:00:1795941297.216658    3904 port.cc:153] oneDNN custom operations are on.\n"
        "406 training faces\n"
        "E0000 00:00:1795941473.886866    4258 cuda_platform.cc:52] failed call to cuInit\n"
    )
    assert [line[:8] for line in runs.spoken(log).splitlines()] == ["406 trai", "E0000 00"]


@pytest.mark.parametrize("described", ["{torn", '{"cluster": {"worker": ["one:1"]}, "task": {"index": 0}}'])
def test_a_cluster_that_is_described_wrongly_leaves_no_run(described, drawn, monkeypatch):
    """It is refused before there is a folder."""
    monkeypatch.setenv("TF_CONFIG", described)
    with pytest.raises(RunError, match="TF_CONFIG: expected"):
        runs.create_run(get_preset("quick"), drawn)
    assert not store.list_models()
