"""A network in other formats: the same answers, the zip around it, and a library that is missing."""

import json
import zipfile

import keras
import numpy as np
import pytest
from networked import learned_network, save_network

from fer_core import store
from fer_core.cli import main
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError
from fer_core.evaluation.card import model_card
from fer_core.evaluation.predictions import read_predictions
from fer_core.inference import export
from fer_core.inference.export import FACES, TOLERANCE, export_model
from fer_core.networks import saved_network, training_network


@pytest.fixture(scope="module")
def drawn():
    return draw_dataset()


@pytest.fixture
def model(drawn) -> store.SavedModel:
    return save_network("small", drawn, "study", learned_network(drawn, "study"))


@pytest.fixture
def compact(drawn) -> store.SavedModel:
    """The shipped network in small: standardised by tensors, mirrored, with layers in layers."""
    about = {"mean": 0.5, "std": 0.25, "width": 4}
    trained = training_network("compact", 6, **about)
    return save_network("compact", drawn, "study", saved_network(trained, "compact", 6, **about, mirror=True))


@pytest.mark.parametrize("kind", ["keras", "litert", "onnx"])
def test_export_agrees_with_the_model(kind, compact, drawn, tmp_path):
    """On 256 drawn faces the same classes and probabilities within a thousandth, whatever the number of faces."""
    done = export_model(compact, kind, drawn, tmp_path / f"out{export.SUFFIX[kind]}")
    assert (done.faces, done.of) == (FACES, "drawn by a program")
    assert done.largest_difference <= TOLERANCE
    assert done.file.stat().st_size > 10_000


def test_zip_holds_all_that_is_needed(model, drawn, tmp_path):
    """The file, its classes in order, what to do before it, and the card with the agreement."""
    done = export_model(model, "litert", drawn, tmp_path / "small.zip")
    with zipfile.ZipFile(done.file) as packed:
        assert sorted(packed.namelist()) == ["MODEL_CARD.md", "labels.json", "preprocessing.json", "small.tflite"]
        assert json.loads(packed.read("labels.json")) == list(model.labels)
        assert json.loads(packed.read("preprocessing.json"))["input"]["range"] == [0, 255]
        card = packed.read("MODEL_CARD.md").decode()
    predictions = read_predictions(model.folder / "predictions.parquet", model.labels)
    assert card.startswith(model_card(model, predictions))
    assert done.sentence in card


def test_zip_of_keras_holds_the_file_itself(model, drawn, tmp_path):
    """Byte for byte: its sha256 is that of the record."""
    done = export_model(model, "keras", drawn, tmp_path / "small.zip")
    with zipfile.ZipFile(done.file) as packed:
        packed.extract("small.keras", tmp_path)
    assert store.sha256_of(tmp_path / "small.keras") == model.record["sha256"]


def test_network_that_a_format_cannot_hold_is_told_in_one_line(drawn, tmp_path):
    """ONNX's runtime knows no random numbers; Keras keeps them."""
    network = learned_network(drawn, "study")
    shaken = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.RandomRotation(0.1), network])
    model = save_network("shaken", drawn, "study", shaken)
    with pytest.raises(ModelError, match="onnx: expected a network that this format can hold") as caught:
        export_model(model, "onnx", drawn, tmp_path / "shaken.onnx")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "shaken.onnx").exists()
    assert export_model(model, "keras", drawn, tmp_path / "shaken.keras").largest_difference == 0


def test_missing_library_is_told_and_the_other_formats_work(model, drawn, tmp_path, monkeypatch):
    """What to install; no half of a file."""
    monkeypatch.setitem(export.PACKAGES, "onnx", ("onnx", "nowhere_installed"))
    with pytest.raises(ModelError, match="found no nowhere_installed; pip install onnx nowhere_installed"):
        export_model(model, "onnx", drawn, tmp_path / "small.zip")
    assert list(tmp_path.glob("small*")) == []
    assert export_model(model, "keras", drawn, tmp_path / "small.zip").largest_difference == 0


def test_export_that_answers_differently_is_not_written(model, drawn, tmp_path, monkeypatch):
    """A file that swaps two classes of a face is refused."""
    whole = export._keras

    def swapped(file):
        network = whole(file)
        return lambda faces: np.asarray(network(faces))[:, ::-1]

    monkeypatch.setattr(export, "_keras", swapped)
    with pytest.raises(ModelError, match="expected the same classes as the model's"):
        export_model(model, "keras", drawn, tmp_path / "small.keras")
    assert not (tmp_path / "small.keras").exists()


def test_file_that_cannot_be_written(model, drawn, tmp_path):
    """Told in words."""
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="expected a file that can be written"):
        export_model(model, "keras", drawn, tmp_path / "file" / "out.keras")


def test_verbs_that_manage_models(model, drawn, tmp_path, capsys):
    """Card, verify, tag, default, rename, export, import and delete, one after another, each with its JSON."""

    def run(*words: str) -> dict:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert run("card", "small", "--out", str(tmp_path / "card.md"))["card"] == (tmp_path / "card.md").read_text()
    assert run("verify") == {"models": {"small": []}}
    assert run("tag", "small", "mine") == {"id": "small", "tags": ["mine"]}
    assert run("default", "small")["default"] == "small"
    assert run("rename", "small", "better") == {"id": "better", "was": "small"}
    assert run("default")["default"] == "better"
    packed = tmp_path / "better.zip"
    told = run("export", "better", "--format", "keras", "--out", str(packed), "--source", "demo")
    assert told["agreement"] == {"faces": FACES, "of": "drawn by a program", "largest_difference": 0}
    with zipfile.ZipFile(packed) as opened:
        opened.extract("better.keras", tmp_path)
    assert run("import", str(tmp_path / "better.keras"), "--source", "demo")["id"] == "imported-1"
    assert run("models")["models"][0]["tags"] == []
    assert main(["delete", "better"]) == 2
    assert "expected --yes" in capsys.readouterr().err
    assert run("delete", "better", "--yes") == {"deleted": "better", "in_git": False}
    assert [row["id"] for row in run("models")["models"]] == ["imported-1"]
    assert keras.saving.load_model(tmp_path / "better.keras", compile=False).output_shape == (None, 6)


@pytest.mark.parametrize("told", [[0.4997, 0.5003], [0.6, 0.4]])
def test_agreement_is_of_the_class_and_of_the_probability(told):
    """Another class within the tolerance is refused, and the same class beyond it."""
    with pytest.raises(ModelError, match="expected the same classes"):
        export._difference("onnx", np.array([[0.5003, 0.4997]]), np.array([told]))
