"""Evaluate, view Explanation, with a real network on the drawn faces."""

import keras
import numpy as np
import pytest
from saved import save_model

from fer_core import store
from fer_core.evaluation.metrics import cell_faces
from fer_core.evaluation.predictions import read_predictions
from pages._ui import evaluate_explanation

pytestmark = pytest.mark.slow


@pytest.fixture
def model(faces):
    """A model whose file is a small network with random weights."""
    saved = save_model("mine", faces)
    keras.utils.set_random_seed(0)
    inputs = keras.Input((48, 48, 1))
    maps = keras.layers.Conv2D(4, 5, strides=8, activation="relu")(keras.layers.Rescaling(1 / 255)(inputs))
    logits = keras.layers.Dense(6)(keras.layers.GlobalAveragePooling2D()(maps))
    keras.Model(inputs, keras.layers.Softmax()(logits)).save(saved.weights_file)
    return store.update_record(saved, sha256=store.sha256_of(saved.weights_file))


def test_the_average_and_the_faces_of_a_cell(open_page, said, model):
    """The cell is the URL's; its average and its most confident faces are drawn, and the check of the weights told."""
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels).select("test")
    rows = cell_faces(predictions, "Sad", "Sad")["row"].to_numpy()
    app = open_page("evaluate", view="Explanation", true="Sad", predicted="Sad")
    assert f"Labelled **Sad**, predicted as **Sad**: n = {len(rows)}" in said(app)
    assert "on the weights" in said(app)
    captions = [image.captions[0] for image in app.image]
    assert f"Average of the {min(len(rows), 96)} most confident (n = {len(rows)}): what speaks for Sad" in captions
    assert [caption for caption in captions if caption.startswith("row")] == [f"row {row}" for row in rows[:12]]


def test_another_dataset_is_loaded(open_page, said, model):
    """Without the faces it is said which dataset to choose."""
    store.update_record(model, dataset={"source": "other.csv", "fingerprint": "0" * 64})
    assert "`other.csv`" in said(open_page("evaluate", view="Explanation"))


def test_a_file_that_is_no_network(open_page, said, faces):
    """One line in a box, and the page still alive."""
    save_model("fake", faces)
    assert "'fake': expected model.keras to be a file that Keras" in said(open_page("evaluate", view="Explanation"))


def test_a_network_without_maps(open_page, model):
    """That there is nothing to draw is told in a box."""
    inputs = keras.Input((48, 48, 1))
    dense = keras.layers.Dense(6, activation="softmax")
    keras.Model(inputs, dense(keras.layers.Flatten()(inputs))).save(model.weights_file)
    store.update_record(model, sha256=store.sha256_of(model.weights_file))
    assert "expected a network with convolutions" in open_page("evaluate", view="Explanation").error[0].value


@pytest.mark.parametrize(
    ("correlation", "told"),
    [(0.1, "depends on the weights:** correlation 0.10"), (0.9, "too little"), (np.nan, "no map")],
)
def test_the_check_of_the_weights_in_words(correlation, told):
    """A map that random weights would give too isn't praised."""
    assert told in evaluate_explanation._depends(correlation)


def test_faces_of_a_photo(model):
    """`show_explanation` draws any faces, a class each."""
    from streamlit.testing.v1 import AppTest

    def page():
        import numpy as np

        from fer_core.store import open_trained
        from pages._ui.evaluate_explanation import explain, show_explanation

        model, faces = open_trained("mine"), np.random.default_rng(0).integers(0, 256, (2, 48, 48), np.uint8)
        show_explanation(model, faces, explain(model, faces, ["Sad", "Happy"]), ["Face 1", "Face 2"])

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    captions = [image.captions[0] for image in app.image]
    assert captions[:2] == ["Face 1", "Face 2"]
    assert np.isin("0: nothing – 1: the warmest place", captions)
