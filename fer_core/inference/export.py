"""A saved model in the format of another runtime, and the proof that it answers there as it does here."""

import importlib.util
import json
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from fer_core.data.dataset import SIDE, FaceDataset
from fer_core.errors import ModelError, reason
from fer_core.evaluation.card import model_card
from fer_core.evaluation.decision import read_decision
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.scoring import pixels, probabilities
from fer_core.inference.crop import FRAMING
from fer_core.inference.predict import UNSURE
from fer_core.paths import write_atomic
from fer_core.store import SavedModel, load_network

SUFFIX = {"keras": ".keras", "litert": ".tflite", "onnx": ".onnx"}
PACKAGES = {"keras": ("keras",), "litert": ("tensorflow",), "onnx": ("onnx", "tf2onnx", "onnxruntime")}
"""What each format needs."""
FACES = 256
TOLERANCE = 1e-3

Answers = Callable[[np.ndarray], np.ndarray]
"""Raw pixels, float32 `(n, 48, 48, 1)`, 0 to 255, to probabilities `(n, k)`."""


@dataclass(frozen=True)
class Export:
    """What was written to `file`: on `faces` faces `of` a dataset it answers as the model does.

    Every most probable class is the same, and no probability differs by more than `largest_difference`.
    """

    file: Path
    kind: str
    faces: int
    of: str
    largest_difference: float

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        return (
            f"On {self.faces} faces ({self.of}) the {self.kind} file gives the same most probable class as the model "
            f"for every face, and probabilities within {self.largest_difference:.2g}."
        )


def export_model(model: SavedModel, kind: str, dataset: FaceDataset, path: Path | None = None) -> Export:
    """Write the network of `model` as `keras`, `litert` or `onnx` to `path`, by default `<id><suffix>` here.

    A `path` that ends in `.zip` holds the file with `labels.json`, `preprocessing.json` and `MODEL_CARD.md`. The file
    takes raw pixels 0 to 255 and returns probabilities, as `model.keras` does; that it returns the same ones is checked
    on 256 faces of `dataset`, of the test split as far as it has so many.
    Raises `ModelError` where the format's library is missing, the answers differ, or the file cannot be written.
    """
    path = path or Path(model.id + SUFFIX[kind])
    _check_packages(kind)
    network = load_network(model)
    with TemporaryDirectory() as folder:
        file = Path(folder) / (model.id + SUFFIX[kind])
        rows = np.argsort(dataset.usage != "PublicTest", kind="stable")[:FACES]  # test faces first
        try:
            found = np.asarray(_convert(network, model, kind, file)(pixels(dataset.images[rows])))
        except ImportError as error:  # it is there, and doesn't work
            raise ModelError(f"{kind}: expected {', '.join(PACKAGES[kind])} that work, found: {error}") from error
        except Exception as error:  # of four libraries, which have no class of errors in common
            words = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            raise ModelError(
                f"{kind}: expected a network that this format can hold, found one that it can't ({words}); take another"
            ) from error
        difference = _difference(kind, probabilities(network, dataset.images, rows), found)
        export = Export(path, kind, len(rows), _called(dataset), difference)
        try:
            write_atomic(path, lambda out: _write(out, file, model, export))
        except OSError as error:
            raise ModelError(f"{path}: expected a file that can be written, found: {reason(error)}") from error
    return export


def _check_packages(kind: str) -> None:
    if missing := [package for package in PACKAGES[kind] if not importlib.util.find_spec(package)]:
        raise ModelError(
            f"{kind}: expected {', '.join(PACKAGES[kind])} to be installed, found no {', '.join(missing)}; "
            f"pip install {' '.join(PACKAGES[kind])}, or take another format"
        )


def _convert(network, model: SavedModel, kind: str, file: Path) -> Answers:
    """Write the file; returns how it answers in its own runtime."""
    if kind == "keras":
        file.write_bytes(model.weights_file.read_bytes())
        return _keras(file)
    network(np.zeros((1, SIDE, SIDE, 1), np.float32))  # Keras exports what was called only
    _freeze_statistics(network)
    with warnings.catch_warnings():  # of tf2onnx and TensorFlow, about their own code
        warnings.simplefilter("ignore")
        network.export(file, format=kind, verbose=False)
        return {"litert": _litert, "onnx": _onnx}[kind](file)


def _freeze_statistics(network) -> None:
    """Make mean and variance of each Normalization constants: as tensors they become inputs of the ONNX file."""
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.Model):
            _freeze_statistics(layer)
        if isinstance(layer, keras.layers.Normalization):
            layer.mean, layer.variance = np.asarray(layer.mean), np.asarray(layer.variance)


def _keras(file: Path) -> Answers:
    import keras

    return partial(keras.saving.load_model(file, safe_mode=True, compile=False), training=False)


def _litert(file: Path) -> Answers:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(file))
    given, told = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

    def answers(faces: np.ndarray) -> np.ndarray:
        interpreter.resize_tensor_input(given, faces.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(given, faces)
        interpreter.invoke()
        return interpreter.get_tensor(told)

    return answers


def _onnx(file: Path) -> Answers:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return lambda faces: session.run(None, {session.get_inputs()[0].name: faces})[0]


def _difference(kind: str, expected: np.ndarray, found: np.ndarray) -> float:
    """The largest between two arrays of probabilities; `ModelError` where the format's are others than the model's."""
    difference = float(np.abs(expected - found).max())
    others = int((expected.argmax(axis=1) != found.argmax(axis=1)).sum())
    if others or not difference <= TOLERANCE:
        raise ModelError(
            f"{kind}: expected the same classes as the model's and probabilities within {TOLERANCE}, found {others} of "
            f"{len(found)} faces with another class, and {difference:.2g}; export as keras instead"
        )
    return difference


def _called(dataset: FaceDataset) -> str:
    split = "the test split" if (dataset.usage == "PublicTest").sum() >= FACES else "test faces first"
    return "drawn by a program" if dataset.drawn else f"{split} of {Path(dataset.source).name}"


def _write(out, file: Path, model: SavedModel, export: Export) -> None:
    if export.file.suffix != ".zip":
        out.write(file.read_bytes())
        return
    predictions = read_predictions(model.predictions_file, model.labels)
    card = f"{model_card(model, predictions)}\n## This export\n\n{export.sentence}\n"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(file, file.name)
        packed.writestr("labels.json", json.dumps(list(model.labels)))
        packed.writestr("preprocessing.json", json.dumps(_preprocessing(model), indent=2))
        packed.writestr("MODEL_CARD.md", card)


def _preprocessing(model: SavedModel) -> dict:
    """What has to be done to a picture before the file sees it, and how its answer is read."""
    return {
        "input": {"shape": [None, SIDE, SIDE, 1], "dtype": "float32", "range": [0, 255], "colour": "grey"},
        "steps": [
            f"find the face; take the square around the middle of its box, {FRAMING} times as long as its longer side",
            "turn it grey (ITU-R 601) and bring it to 48 x 48 pixels (Lanczos)",
            "do not divide by 255 and do not standardise: the network does what it needs itself",
        ],
        "output": {"shape": [None, len(model.labels)], "meaning": "probabilities, in the order of labels.json"},
        "decision_here": list(read_decision(model).sentences),
        "unsure": f"below a probability of {UNSURE} the workbench gives no label",
    }
