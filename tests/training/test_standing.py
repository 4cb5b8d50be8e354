"""How runs stand, from what they told."""

import pytest
from saved import save_model, start_model

from fer_core.data import load_dataset
from fer_core.errors import ModelError
from fer_core.store import SavedModel, create_model, list_models, open_model, update_record
from fer_core.training import runs
from fer_core.training.config import TrainConfig
from fer_core.training.standing import runs_table, settings, standing


@pytest.fixture
def faces():
    return load_dataset("demo")


def started(faces, **changes) -> SavedModel:
    """A run whose worker has told that it started."""
    model = start_model("mine", faces)
    update_record(model, settings=TrainConfig(**changes).to_json())
    runs.tell(model, "started")
    return open_model("mine")


def test_before_anything_is_told(faces):
    """No progress, no number; what an earlier worker told is not this one's."""
    model = started(faces, epochs=10)
    assert standing(model) is None
    runs.tell(model, "progress", epoch=1, batch=5, batches=10, images_per_second=128.0)
    assert standing(model)
    runs.tell(model, "started")
    assert standing(model) is None


def test_time_left_of_epochs(faces):
    """Half of the third of four epochs, each of 10 batches of 128 faces at 128 a second: 15 s and their evaluation."""
    model = started(faces, epochs=4)
    runs.tell(model, "progress", epoch=3, batch=5, batches=10, images_per_second=128.0)
    at = standing(model)
    assert (at.epochs, at.images_per_second) == (2.5, 128)
    assert at.seconds_left == pytest.approx(15 * 25 / 24)


def test_larger_faces_take_longer(faces):
    """After half of the epochs at 24 pixels, the other half at 48 takes four times as long."""
    model = started(faces, epochs=2, sides=(24, 48))
    runs.tell(model, "progress", epoch=1, batch=5, batches=10, images_per_second=128.0)
    assert standing(model).seconds_left == pytest.approx((5 + 40) * 25 / 24)


def test_minutes_end_it_sooner(faces):
    """Of one minute 25 s are gone."""
    model = started(faces, epochs=1000, minutes=1.0)
    runs.tell(model, "progress", epoch=3, batch=5, batches=10, images_per_second=128.0)
    assert standing(model).seconds_left == pytest.approx(35 * 25 / 24)


def test_an_epoch_that_began_ends_after_the_minutes(faces):
    """Half of the first epoch, of 80 s, is done when half a minute has long been over: the other half, and no more."""
    model = started(faces, epochs=1000, minutes=0.5)
    runs.tell(model, "progress", epoch=1, batch=5, batches=10, images_per_second=16.0)
    assert standing(model).seconds_left == pytest.approx(40 * 25 / 24)


def test_runs_table(faces):
    """One row a run with what it has reached; combined models have no run; a damaged one says so and no more."""
    model = save_model("done", faces)
    start_model("waiting", faces)
    create_model("combined", model.record | {"settings": {}, "parts": ["done"]})
    (model.folder.parent / "broken").mkdir()
    table = runs_table(list_models()).set_index("run")
    assert set(table.index) == {"done", "waiting", "broken"}
    assert list(table["status"][["done", "waiting", "broken"]]) == ["finished", "interrupted", "damaged"]
    assert list(table["epochs"][["done", "waiting"]]) == [6, 0]
    assert table["recall"]["done"] == model.history()["val_recall"].max()
    assert table["seconds"]["done"] == 75
    assert table["recall"].isna()[["waiting", "broken"]].all()


def test_no_run_at_all():
    """The table of nothing is empty, with its columns."""
    assert list(runs_table([])["run"]) == []


def test_settings_of_another_version(faces):
    """Fields that it did not know have their default; fields that we do not know are told in one line."""
    model = start_model("mine", faces)
    assert settings(update_record(model, settings={"epochs": 3})) == TrainConfig(epochs=3)
    with pytest.raises(ModelError, match=r"model 'mine': .* found colour"):
        settings(update_record(model, settings={"colour": 1}))
