"""Evaluate against the labels of a version."""

import numpy as np
import pytest
from saved import save_model

from fer_core.data.versions import Version, save_version
from fer_core.evaluation.metrics import summary
from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS, SCHEMES
from fer_core.store import update_record

SAD = EMOTIONS.index("Sad")


@pytest.fixture
def model(faces):
    return save_model("mine", faces)


@pytest.fixture
def version(faces):
    """All Happy test faces are Sad, all Fear ones are left out."""
    happy, fear = (
        np.flatnonzero((faces.usage == "PublicTest") & (faces.emotion == EMOTIONS.index(name))).tolist()
        for name in ("Happy", "Fear")
    )
    version = Version("better", faces.fingerprint, dict.fromkeys(happy, SAD), tuple(fear))
    save_version(version)
    return version


def test_only_versions_that_touch_scored_faces_are_offered(open_page, faces, model):
    """A version of the Training faces changes no score, so there is nothing to choose."""
    save_version(Version("learned", faces.fingerprint, {}, (int(np.flatnonzero(faces.usage == "Training")[0]),)))
    assert "labels" not in [box.key for box in open_page("evaluate").selectbox]


def test_a_version_that_a_link_names_and_that_is_not_there_is_told(open_page, model):
    """The scores are against the dataset's own labels, and nobody takes them for others."""
    app = open_page("evaluate", model=model.id, labels="gone")
    assert app.warning[0].value == "There is no `gone` to choose here."


def test_scores_against_a_version(open_page, said, model, version):
    """The headline is of its labels, its n without those left out, and a line says so; back again all is as before."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    expected = summary(predictions.relabelled(version, SCHEMES["study"]).select("test"))
    app = open_page("evaluate", labels="better")
    assert app.metric[0].value == f"{100 * expected.macro_recall:.1f} %"
    assert app.metric[0].delta.endswith(f"n = {expected.n:,}")
    assert expected.n == len(predictions.select("test")) - len(version.excluded)
    told = f"{len(version.labels):,} have another label, {len(version.excluded):,} are left out"
    assert told in said(app)
    app.selectbox(key="labels").select("the dataset's own labels").run()
    assert app.metric[0].value == f"{100 * model.scores['test']['raw']['macro_recall']:.1f} %"


@pytest.mark.parametrize("view", ["Classes", "ROC and PR", "Negative", "Operating point", "Calibration", "Slices"])
def test_every_view_opens_on_a_version(open_page, model, version, view):
    """From a link."""
    app = open_page("evaluate", labels="better", view=view)
    assert app.session_state["labels"] == "better"


def test_without_the_dataset_the_version_is_enough(open_page, faces, model):
    """The model was scored elsewhere, on a dataset that isn't loaded; the file of its version lies here."""
    update_record(model, dataset={"source": "other.csv", "fingerprint": "f" * 64})
    tested = np.flatnonzero(faces.usage == "PublicTest").tolist()
    save_version(Version("elsewhere", "f" * 64, {}, tuple(tested[:7])))
    app = open_page("evaluate", labels="elsewhere")
    scored = model.scores["test"]["raw"]["n"]
    assert scored - 7 <= int(app.metric[0].delta.rpartition(" ")[2]) < scored
