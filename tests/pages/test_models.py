"""The page Models, and which model Predict opens first."""

import shutil

import pytest
from networked import learned_network, save_constant, save_network
from saved import save_model, start_model

from fer_core import store, upkeep
from fer_core.evaluation.card import model_card
from fer_core.evaluation.predictions import read_predictions


def press(app, label: str):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def ids() -> list[str]:
    return sorted(model.id for model in store.list_models())


def test_without_a_model_it_offers_the_import(open_page, said):
    """The way to train one, and the uploader."""
    app = open_page("models")
    assert "There is no trained model yet" in said(app)
    assert app.button(key="import").disabled


def test_table_and_card(open_page, said, faces):
    """Whole, unfinished and damaged ones in one table, the damaged one with its reason; the card of the chosen one."""
    good = save_model("good", faces, skill=3)
    start_model("half-way", faces)
    (save_model("broken", faces, seed=1).folder / "model.keras").write_bytes(b"other")
    app = open_page("models", model="good")
    table = app.dataframe[0].value.set_index("Model")
    assert table["Status"].to_dict() == {"good": "finished", "half-way": "interrupted", "broken": "damaged"}
    assert table["Default"].to_dict() == {"good": "★", "half-way": "", "broken": ""}
    assert "**broken** is damaged: expected model.keras with the sha256" in said(app)
    predictions = read_predictions(good.folder / "predictions.parquet", good.labels)
    *lines, settings = model_card(good, predictions).split("\n## Settings\n")
    for line in "".join([*lines, settings]).splitlines():
        assert line in said(app)
    assert "Settings" in [box.label for box in app.expander]


def test_a_model_that_is_gone_is_told_and_no_other_takes_its_place(open_page, said, faces):
    """Not even where a button was pressed that was drawn for it; its link names the model, the newest too."""
    save_model("stays", faces)
    model = save_model("goes", faces, seed=1)
    app = open_page("models", model="goes", view="Export")
    button = app.button(key="zip-goes")
    upkeep.delete(model)
    button.click().run()
    assert app.warning[0].value == "Not among the models to choose from here: `goes`; stays is shown."
    assert "exported" not in app.session_state
    assert open_page("models").query_params["model"] == "stays"


def test_check_tells_what_listing_does_not(open_page, said, faces):
    """Probabilities that are none: the file is there and has its columns, and yet it is told."""
    model = save_model("twisted", faces)
    save_model("whole", faces, seed=1)
    start_model("begun", faces)  # has nothing yet that could be whole
    path = model.folder / "predictions.parquet"
    frame = read_predictions(path, model.labels).frame
    frame["p_Sad"] += 1
    frame.to_parquet(path)
    app = press(open_page("models"), "Check all files")
    assert "twisted: twisted/predictions.parquet: expected probabilities" in app.error[0].value
    assert "No fault found: whole." in [box.value for box in app.success]


@pytest.mark.parametrize("view", ["Card", "Export", "Manage"])
def test_every_view_of_a_damaged_or_unfinished_model(view, open_page, said, faces):
    """Each says why there is nothing, and breaks nothing."""
    start_model("half-way", faces)
    (save_model("broken", faces).folder / "model.json").write_text("{")
    for name in ("half-way", "broken"):
        app = open_page("models", model=name, view=view)
        named = [box.value for box in app.text_input] + [button.label for button in app.button]
        assert {name, "Rename", "Delete"} <= set(named) if view == "Manage" else name in said(app)


def test_rename_tag_and_default(open_page, said, faces):
    """Each is done, said, and the page stays with the model."""
    save_model("first", faces)
    save_model("other", faces, seed=1, skill=0.2)
    app = open_page("models", model="other", view="Manage")
    app.text_input(key="name-other").set_value("second").run()
    press(app, "Rename")
    assert ids() == ["first", "second"]
    assert "other is called second now." in [toast.value for toast in app.toast]
    assert app.selectbox(key="model").value == "second"
    press(app, "Make it the default of Predict")
    assert upkeep.read_default() == "second"
    app.multiselect(key="tags-second").set_value(["mine"]).run()
    press(app, "Save tags")
    assert store.open_model("second").tags == ("mine",)
    assert app.dataframe[0].value["Tags"].tolist().count("mine") == 1
    app.text_input(key="name-second").set_value("first").run()
    press(app, "Rename")
    assert "not taken" in app.error[0].value


def test_what_the_disk_refuses_is_told_in_a_box(open_page, faces):
    """Here a folder stands where the file of the default should; the page stays."""
    (save_model("good", faces).folder.parent / ".default").mkdir()
    app = press(open_page("models", model="good", view="Manage"), "Make it the default of Predict")
    assert "expected it to be read or written, found: Is a directory" in app.error[0].value


def test_delete_asks_first(open_page, faces):
    """Kept on No; gone on Yes, and the page turns to another model."""
    save_model("first", faces)
    save_model("second", faces, seed=1)
    app = press(open_page("models", model="first", view="Manage"), "Delete")
    press(app, "Keep it")
    assert ids() == ["first", "second"]
    press(press(app, "Delete"), "Delete it")
    assert ids() == ["second"]
    assert app.selectbox(key="model").value == "second"
    assert not app.warning  # that the one of the address is gone is no news
    assert [toast.value for toast in app.toast] == ["Deleted first."]


def test_busy_run_cannot_be_changed(open_page, said, faces):
    """The buttons are off while a worker has it."""
    run = start_model("running", faces)
    with run.lock:
        app = open_page("models", model="running", view="Manage")
        off = [button.label for button in app.button if button.disabled]
    assert {"Rename", "Save tags", "Delete"} <= set(off)
    assert "A run is at work on it" in said(app)


def test_export_and_import_by_path(open_page, said, faces, tmp_path):
    """A zip is offered with the sentence of agreement; its network comes back in as another model."""
    save_network("mine", faces, "study", learned_network(faces, "study"))
    app = press(open_page("models", model="mine", view="Export"), "Make the zip")
    assert "gives the same most probable class" in app.success[0].value
    store.open_trained("mine").weights_file.rename(tmp_path / "given.keras")
    app = open_page("models", import_from="Path")
    app.text_input(key="import_path").set_value(str(tmp_path / "given.keras")).run()
    app.text_input(key="import_name").set_value("given").run()
    app.button(key="import").click().run(timeout=300)
    assert not app.text_input(key="import_name").value  # taken now
    assert "Imported given." in [toast.value for toast in app.toast]
    assert store.open_trained("given").record["network"] == "imported"
    assert "It was imported from given.keras" in said(open_page("evaluate", model="given", view="Learning"))


def test_path_that_is_not_there(open_page, faces):
    """Told in a box."""
    app = open_page("models", import_from="Path")
    app.text_input(key="import_path").set_value("~nobody-of-that-name/x.keras").run()
    assert not app.exception
    app.text_input(key="import_path").set_value("/no/such").run()
    assert "expected the path of a .keras file, of a zip" in app.error[0].value


def test_predict_opens_the_default_and_says_which(open_page, said, faces):
    """The chosen one; where it is gone, the best by validation."""
    save_model("good", faces, skill=3)
    poor = save_model("poor", faces, seed=1, skill=0.2)
    upkeep.set_default(poor)
    app = open_page("predict")
    assert app.selectbox(key="model").value == "poor"
    assert "poor was chosen as the default" in said(app)
    shutil.rmtree(poor.folder)
    app = open_page("predict")
    assert app.selectbox(key="model").value == "good"
    assert "The default poor is gone. good has the best macro recall" in said(app)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_specialists_become_one_model(open_page, said, faces):
    """Offered once there is one for each part, each by its classes; the page turns to what was made."""
    for scheme, answer in (("valence", (0.6, 0.4)), ("negative", (0.5, 0.3, 0.2))):
        save_constant(f"{scheme}-model", faces, scheme, answer)
    app = open_page("models", combine_how="two_stage")
    assert "There is no model yet of positive: train one of each" in said(app)
    assert app.button(key="combine").disabled
    save_constant("positive-model", faces, "positive", (0.7, 0.2, 0.1))
    app = open_page("models", combine_how="two_stage")
    assert app.selectbox(key="combine_negative").options == ["negative-model"]
    app.text_input(key="combine_name").input("all-three")
    app.button(key="combine").click().run(timeout=300)
    assert not app.exception
    assert store.open_trained("all-three").labels == ("Angry", "Fear", "Happy", "Sad", "Surprise", "Neutral")
    assert app.query_params["model"] == "all-three"


def test_means_are_of_models_of_the_same_classes(open_page, faces):
    """Once the first is chosen only those are offered that it can be joined with."""
    for name in ("a", "b"):
        save_constant(name, faces, "study", (1 / 6,) * 6)
    save_constant("side", faces, "valence", (0.6, 0.4))
    app = open_page("models")
    assert sorted(app.multiselect(key="combine_models").options) == ["a", "b", "side"]
    app.multiselect(key="combine_models").set_value(["a"]).run()
    assert sorted(app.multiselect(key="combine_models").options) == ["a", "b"]
    assert app.button(key="combine").disabled
    app.multiselect(key="combine_models").set_value(["a", "b"]).run()
    assert not app.button(key="combine").disabled
