"""The page Train, without a browser: the form, the list of runs, a run and its ways on."""

from dataclasses import replace

import numpy as np
import pytest
from saved import save_model, start_model

from fer_core import upkeep
from fer_core.data.versions import Version, save_version
from fer_core.store import create_model, list_models, open_model, update_record
from fer_core.training import runs, speed
from fer_core.training.config import PRESETS, TrainConfig
from pages._ui import settings


def test_every_setting_has_one_control():
    """Whatever `TrainConfig` holds can be set, once."""
    controls = [control.field for group in (settings.FIRST, *settings.GROUPS.values()) for control in group]
    assert sorted(controls) == sorted(vars(TrainConfig()))


def test_without_a_run_it_says_what_to_do(open_page, said):
    """The form stands there with the preset for drawn faces, and an empty list says so."""
    app = open_page("train")
    assert "No run yet" in said(app)
    assert app.number_input(key="epochs-quick").value == PRESETS["quick"].epochs


def test_a_preset_fills_the_form(open_page):
    """A link names a preset, and each control holds its value."""
    app = open_page("train", preset="compact")
    for field, kind in (("minutes", "number_input"), ("sides", "selectbox"), ("mirror", "toggle")):
        assert getattr(app, kind)(key=f"{field}-compact").value == getattr(PRESETS["compact"], field)


def test_a_number_of_a_preset_can_be_none(open_page):
    """0 minutes: no limit; 0 filters: the network's own, without which some networks cannot be chosen."""
    app = open_page("train", **{"width-quick": "0", "network-quick": "mobilenet", "minutes-quick": "0"})
    assert app.number_input(key="width-quick").value == 0
    assert not app.error
    assert not app.button(key="start").disabled


def test_what_a_run_would_start_from_is_missed_at_once(open_page, faces):
    """Before it is started, where there seems to be nothing wrong."""
    model = start_model("orphan", faces)
    update_record(model, settings=model.record["settings"] | {"start": "gone"}, parent={"id": "gone"})
    app = open_page("train", preset="run orphan")
    assert "gone" in app.error[0].value


def test_a_teacher_that_may_not_answer_is_told_at_once(open_page, faces):
    """One that has seen the faces, for a run that asks for others: before the start, not after it."""
    save_model("done", faces)
    app = open_page("train", **{"teachers-quick": "done"})
    assert "expected one that leaves a fold of the training faces out" in app.error[0].value
    assert app.button(key="start").disabled


def test_what_a_link_asks_for_and_nobody_has_is_told(open_page, faces):
    """Instead of other settings, or another run, without a word."""
    start_model("other", faces)
    gone = {"start-quick": "model", "teachers-quick": "teacher", "version-quick": "labels", "scheme-quick": "none"}
    told = [box.value for box in open_page("train", run="lost", **gone).warning]
    assert all(f"`{name}`" in "".join(told) for name in (*gone.values(), "lost"))
    assert "There is no `run lost` to begin with" in open_page("train", preset="run lost").warning[0].value


def test_the_run_that_is_shown_stands_in_the_address(open_page, faces):
    """There may be newer ones when the link is opened."""
    start_model("first", faces)
    assert "first" in open_page("train").query_params["run"]


def test_a_number_out_of_range_is_told_at_once(open_page):
    """In one line, whatever the browser would have taken."""
    app = open_page("train")
    app.number_input(key="epochs-quick").set_value(0).run()
    assert app.error[0].value == "epochs: expected 1 to 10000, found 0"
    assert app.button(key="start").disabled


def test_settings_that_clash_are_told_at_once(open_page):
    """The reason stands there, and nothing can be started."""
    app = open_page("train")
    app.number_input(key="fold-quick").set_value(3).run()
    assert "fold: expected one of the 1" in app.error[0].value
    assert app.button(key="start").disabled


def test_imagenet_only_where_there_are_such_weights(open_page):
    """The choice appears with the network that has them."""
    app = open_page("train", preset="baseline")
    assert "ImageNet" not in app.selectbox(key="start-baseline").options
    assert app.selectbox(key="sides-baseline").options == ["48"]
    app.selectbox(key="network-baseline").select("mobilenet").run()
    assert "ImageNet" in app.selectbox(key="start-baseline").options


def test_versions_of_the_labels_are_offered(open_page, faces):
    """Beside the dataset's own, which stand there at first; the faces that are learned are counted by it."""
    out = np.flatnonzero((faces.usage == "Training") & (faces.emotion == 3))[:6].tolist()
    save_version(Version("better", faces.fingerprint, {}, tuple(out)))
    speed.remember(PRESETS["quick"], speed.Speed("float32", {48: 203.0}))
    app = open_page("train")
    assert app.button(key="measure_speed").label == "Measure again"
    box = app.selectbox(key="version-quick")
    assert (box.options, box.value) == (["unchanged", "better"], "")
    box.select("better").run()
    assert not app.exception
    assert "for 400 faces" in "".join(element.value for element in app.markdown)


def test_estimate_of_a_measured_machine(open_page, said):
    """Where the speed is known, it tells the time; else it offers to measure."""
    assert open_page("train").button(key="measure_speed")
    speed.remember(PRESETS["quick"], speed.Speed("float32", {48: 203.0}))
    assert "406 faces (self-test: 203 faces a second at 48 px, float32)" in said(open_page("train"))


def test_runs_are_listed_and_chosen_by_link(open_page, faces):
    """All runs, newest first, without models that combine others; the link names the one that is shown."""
    model = save_model("done", faces)
    create_model("combined", model.record | {"settings": {}, "parts": ["done"], "sha256": "0"})
    (model.folder.parent / "combined" / "model.keras").touch()
    (model.folder.parent / "combined" / "predictions.parquet").touch()
    start_model("half-way", faces)
    app = open_page("train", run="half-way")
    assert set(app.dataframe[0].value["Run"]) == {"done", "half-way"}
    assert app.button(key="resume-half-way")
    assert app.multiselect(key="with-half-way").value == ["done"]


def test_a_dataset_that_is_not_there_takes_the_form_only(open_page, faces, monkeypatch):
    """Runs go on without the page's faces: they are shown, and can be stopped; to run one again takes its faces."""
    save_model("done", faces)
    busy = start_model("half-way", faces)
    monkeypatch.setenv("FER_SOURCE", "no/such.csv")
    with busy.lock:
        runs.tell(busy, "queued", pid=1)
        runs.tell(busy, "started")
        app = open_page("train", run="half-way")
        assert "expected demo, kaggle" in app.error[0].value
        assert set(app.dataframe[0].value["Run"]) == {"done", "half-way"}
        app.button(key="stop-half-way").click().run()
    assert runs.stop_requested(busy)
    update_record(open_model("done"), dataset={"source": "other.csv", "fingerprint": "0" * 64})
    app = open_page("train", run="done")
    app.button(key="again-done").click().run()
    assert "found none that can be read; choose other.csv" in app.error[1].value


def test_the_row_of_the_run_in_the_box_is_marked(open_page, faces):
    """Also when a newer one has come above it."""
    save_model("one", faces)
    save_model("two", faces, seed=1)
    app = open_page("train")

    def marked() -> list[str]:
        return app.dataframe[0].value["Run"].iloc[app.session_state["runs"]["selection"]["rows"]].tolist()

    for name in ("one", "two"):
        app.selectbox(key="run").set_value(name).run()
        assert marked() == [name]
    start_model("three", faces)
    app.run()
    assert marked() == ["two"]


def test_failed_run_says_why_and_keeps_its_log(open_page, faces):
    """The reason in one line, the log below."""
    model = start_model("broken", faces)
    runs.tell(model, "started")
    runs.tell(model, "failed", reason="ResourceExhaustedError: no memory")
    (model.folder / "log.txt").write_text("Traceback\n", encoding="utf-8")
    app = open_page("train")
    assert app.error[0].value == "ResourceExhaustedError: no memory"
    assert "Traceback" in [code.value for code in app.code]


def test_damaged_run_says_what_is_wrong(open_page, faces):
    """One line, and the page goes on."""
    model = start_model("broken", faces)
    (model.folder / "model.json").write_text("{", encoding="utf-8")
    assert "expected JSON in model.json" in open_page("train").error[0].value


def test_run_again_with_changes_starts_from_its_settings(open_page, faces):
    """The form takes over what the record says, what it does not know yet at its default."""
    model = save_model("done", faces)
    changed = replace(TrainConfig(), epochs=7, rotation=33.0, sides=(24, 48)).to_json()
    del changed["mixup"]
    update_record(model, settings=changed)
    app = open_page("train")
    app.button(key="change-done").click().run()
    assert not app.exception
    assert app.number_input(key="epochs-run done").value == 7
    assert app.number_input(key="rotation-run done").value == 33
    assert app.selectbox(key="sides-run done").value == (24, 48)
    assert app.number_input(key="mixup-run done").value == 0


def test_changed_run_stays_in_the_form_when_the_browser_lags_behind(open_page, faces):
    """What the browser sent before the click still names the old preset; another one, chosen since, is obeyed."""
    save_model("done", faces)
    app = open_page("train")
    before = app.session_state["preset"]
    app.button(key="change-done").click().run()
    app.session_state["preset"] = before
    app.run()
    assert app.session_state["preset"] == "run done"
    app.session_state["preset"] = "baseline"
    app.run()
    assert app.session_state["preset"] == "baseline"


def test_run_again_needs_its_faces(open_page, faces):
    """On other faces it says which dataset to choose, and makes nothing."""
    update_record(save_model("done", faces), dataset={"source": "other.csv", "fingerprint": "0" * 64})
    app = open_page("train")
    app.button(key="again-done").click().run()
    assert "choose other.csv in the sidebar" in app.error[0].value
    assert len(list_models()) == 1
    assert app.run().error  # as while a run is at work, which draws this part anew each second
    app.button(key="change-done").click().run()
    assert not app.error
    assert "done learned from other faces, `other.csv`" in "".join(box.value for box in app.warning)


@pytest.mark.slow
def test_run_again(open_page, faces):
    """The same settings and faces in a new run, which the page turns to."""
    save_model("done", faces)
    app = open_page("train")
    app.button(key="again-done").click().run()
    (again,) = [model for model in list_models() if model.id != "done"]
    assert again.record["settings"] == list_models()[-1].record["settings"]
    assert app.selectbox(key="run").value == again.id
    runs.request_stop(again)


def test_the_run_whose_settings_were_chosen_is_gone(open_page, faces):
    """Deleted in another tab: the form goes back to the preset that it begins with."""
    app = open_page("train", preset=f"run {save_model('old', faces).id}")
    assert app.session_state["preset"] == "run old"
    upkeep.delete(open_model("old"))
    app.run()
    assert not app.exception
    assert app.number_input(key="epochs-quick").value == PRESETS["quick"].epochs


def test_values_to_try_are_counted_and_refused_at_once(open_page):
    """The button says how many runs it will start; what cannot be is told in one line, and nothing can be started."""
    values = {"try-1": "Learning rate", "values-1": "0.001, 0.01, 0.1", "try-2": "Seed", "values-2": "1 2"}
    app = open_page("train", **values)
    assert app.button(key="start").label == "Start 6 runs"
    assert app.code[0].value.startswith("python -m fer_core tune --preset quick --try learning_rate=0.001 --try")
    app.text_input(key="values-2").set_value("1,2,3").run()
    assert app.button(key="start").label == "Start 9 runs"
    app.text_input(key="values-2").set_value("1 one").run()
    assert app.error[0].value == "seed: expected a whole number, found 'one'"
    assert app.button(key="start").disabled
    assert not app.expander[-1].error  # below it: nobody would see it there


def test_no_limit_is_written_as_in_the_form(open_page):
    """0 minutes is none, among the values to try too."""
    app = open_page("train", **{"try-1": "Minutes, at most", "values-1": "0 5"})
    assert not app.error
    assert "--try minutes=none --try minutes=5" in app.code[0].value


def test_runs_of_unlike_faces_are_estimated_as_such(open_page, said):
    """The faces of the one that sees fewest, and of the one that sees most."""
    speed.remember(PRESETS["quick"], speed.Speed("float32", {48: 203.0}))
    assert "2 runs on 394 to 406 faces each" in said(open_page("train", **{"try-1": "Faces", "values-1": "all clean"}))


def test_a_run_that_never_started_says_so(open_page, faces):
    """As those do that a sweep has made for later."""
    start_model("later", faces)
    assert "It is created, and not started yet." in [box.value for box in open_page("train", run="later").info]


@pytest.mark.slow
def test_values_to_try_are_queued(open_page):
    """A run each, under the name that was given; the page turns to the first."""
    app = open_page("train", **{"try-1": "Width", "values-1": "4 8"})
    app.text_input(key="name").set_value("mine").run()
    app.button(key="start").click().run()
    assert not app.exception
    assert not app.error
    started = {model.id: model for model in list_models()}
    assert {name: model.record["settings"]["width"] for name, model in started.items()} == {"mine-1": 4, "mine-2": 8}
    assert app.selectbox(key="run").value == "mine-1"
    assert app.text_input(key="name").value == ""  # it is taken
    assert all(model.busy for model in started.values())
    for model in started.values():
        runs.request_stop(model)


def test_runs_that_differ_stand_beside_each_other(open_page, faces):
    """What differs, the scores with their intervals, the best first."""
    for name, width, skill in (("narrow", 8, 0.5), ("wide", 16, 3.0)):
        model = save_model(name, faces, skill=skill)
        update_record(model, settings=replace(TrainConfig(), width=width).to_json())
    app = open_page("train", run="narrow")
    (table,) = (frame.value for frame in app.dataframe if "Width" in frame.value)
    assert list(table["Run"]) == ["wide", "narrow"]
    assert list(table["Width"]) == ["16", "8"]
    assert "(" in table["Validation macro recall"][0]
