"""Files from elsewhere, all of them real: what is refused, and what becomes a saved model."""

import json
import os
import pickle
import shutil
import zipfile

import keras
import numpy as np
import pytest
from networked import learned_network, save_network

from fer_core import store
from fer_core.data.demo import draw_dataset
from fer_core.errors import ModelError, RunError
from fer_core.evaluation.predictions import read_predictions
from fer_core.evaluation.scoring import headline, predict_dataset
from fer_core.inference import foreign
from fer_core.inference.classifier import Classifier
from fer_core.inference.importing import import_file, import_folder
from fer_core.labels import get_scheme
from fer_core.paths import models_dir
from fer_core.training.config import TrainConfig
from fer_core.training.runs import open_start


@pytest.fixture(scope="module")
def drawn():
    return draw_dataset()


def save(network, folder, name: str = "given.keras"):
    network.save(folder / name)
    return folder / name


def change(path, **members: bytes):
    """The zip at `path` with other contents of some members, which may be None."""
    with zipfile.ZipFile(path) as packed:
        kept = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in (kept | members).items():
            if content is not None:
                packed.writestr(name, content)
    return path


def dense(units: int, **layers) -> bytes:
    """The config of a network that averages and has one Dense of so many units."""
    network = keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(6)])
    config = json.loads(network.to_json())
    config["config"]["layers"][-1]["config"] |= {"units": units} | layers
    return json.dumps(config).encode()


def nothing_is_left() -> bool:
    """No model, and nothing of what was looked at."""
    return [path.name for path in models_dir().iterdir()] == [".import.lock"]


def test_file_becomes_a_saved_model(drawn, tmp_path):
    """Scored as the same network is here, with the sha256 of the file, and no curve; it loads and answers."""
    network = learned_network(drawn, "study")
    path = save(network, tmp_path)
    model = import_file(path, "mine", "study", drawn)
    expected = predict_dataset(network, drawn, get_scheme("study"))
    found = read_predictions(model.folder / "predictions.parquet", model.labels)
    np.testing.assert_allclose(found.y_prob, expected.y_prob, atol=1e-6)
    assert (model.status, model.was_run, model.record["network"]) == ("finished", False, "imported")
    assert model.record["imported"] == {"file": "given.keras", "sha256": store.sha256_of(path)}
    assert model.scores == json.loads(json.dumps(headline(found)))
    assert model.scores["test"]["raw"]["macro_recall"] > 0.6
    assert sorted(file.name for file in model.folder.iterdir()) == ["model.json", "model.keras", "predictions.parquet"]
    assert store.load_network(model).count_params() == model.record["parameters"]
    assert Classifier.load("mine").probabilities(drawn.images[:2]).shape == (2, 6)
    with pytest.raises(RunError, match="found the imported 'mine'"):
        open_start(TrainConfig(start="mine"))


def test_pixels_from_0_to_1_are_noticed(drawn, tmp_path):
    """A network that learned from pixels divided by 255 is refused, and told what to put before it."""
    network = learned_network(drawn, "study", largest=1)
    with pytest.raises(ModelError, match=r"Rescaling\(1 / 255\)"):
        import_file(save(network, tmp_path), "dark", "study", drawn)
    assert nothing_is_left()


def test_network_that_tells_no_dark_faces_apart_is_taken(drawn, tmp_path):
    """Whether it would fit better on pixels from 0 to 1 is asked; that it says the same of all there is no fault."""
    network = learned_network(drawn, "study")
    network.trainable = False
    blind = keras.layers.ReLU(threshold=1.5)
    model = import_file(
        save(keras.Sequential([keras.Input((48, 48, 1)), blind, *network.layers]), tmp_path), "bright", "study", drawn
    )
    assert model.scores["test"]["raw"]["accuracy"] > 0.9


def test_other_order_of_classes_is_noticed(drawn, tmp_path):
    """Classes in alphabetical order, as Keras reads them from folders, instead of FER's: refused, with that order."""
    labels = get_scheme("all").labels
    alphabetical = sorted(range(7), key=lambda k: labels[k])
    network = learned_network(drawn, "all", order=alphabetical)
    with pytest.raises(ModelError, match="as Angry, Disgust, Fear, Happy, Neutral, Sad, Surprise"):
        import_file(save(network, tmp_path), "sorted", "all", drawn)


def other_input():
    return keras.Sequential([keras.Input((224, 224, 3)), keras.layers.Flatten(), keras.layers.Dense(6, "softmax")])


def no_softmax():
    return keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), keras.layers.Dense(6)])


def constant():
    """Weights of 0: the same answer to every face."""
    zero = keras.layers.Dense(6, "softmax", kernel_initializer="zeros")
    return keras.Sequential([keras.Input((48, 48, 1)), keras.layers.Flatten(), zero])


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (other_input, r"found one from \(n, 224, 224, 3\) to \(n, 6\)"),
        (constant, "found the same for 32 faces"),
    ],
)
def test_network_that_does_not_map_faces_to_probabilities_is_refused(network, reason, drawn, tmp_path):
    """Shapes and answers are looked at before anything is listed."""
    with pytest.raises(ModelError, match=reason):
        import_file(save(network(), tmp_path), "odd", "study", drawn)
    assert nothing_is_left()


def test_answers_that_are_no_probabilities_are_refused():
    """Logits, negative ones, and no numbers."""
    for row in ([2.0, -1.0], [0.4, 0.4], [np.nan, 1.0]):
        with pytest.raises(ModelError, match="expected probabilities that sum to 1"):
            foreign.check_answers(np.array([row, [0.5, 0.5]]))
    foreign.check_answers(np.array([[0.4, 0.6], [0.5, 0.5]]))


def with_lambda(folder):
    """A network whose Lambda would write a file when it is loaded or called."""
    owned = str(folder / "owned")
    code = keras.layers.Lambda(lambda x: (open(owned, "w").close(), x)[1])  # noqa: PTH123
    path = save(keras.Sequential([keras.Input((48, 48, 1)), code, keras.layers.Flatten()]), folder)
    (folder / "owned").unlink()  # it was called when the network was put together
    return path


def giant_dense(folder):
    return change(save(no_softmax(), folder), **{"config.json": dense(2_000_000_000)})


def wide_dense(folder):
    """Of units that a config may hold, but 460 million parameters with its input."""
    return change(save(no_softmax(), folder), **{"config.json": dense(200_000)})


def function(folder):
    """An activation that names a function of another module."""
    told = {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}
    return change(save(no_softmax(), folder), **{"config.json": dense(6, activation=told)})


def reader(folder):
    """A stock layer that reads a file named by its config."""
    told = {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    return change(save(no_softmax(), folder), **{"config.json": dense(6, kernel_initializer=told)})


def pickled(folder):
    class Owned:
        def __reduce__(self):
            return os.system, (f"touch {folder}/owned",)

    path = folder / "given.keras"
    path.write_bytes(pickle.dumps(Owned()))
    return path


def hdf5(folder):
    import h5py

    with h5py.File(folder / "given.keras", "w") as file:
        file["weights"] = np.zeros(3)
    return folder / "given.keras"


def cut(folder):
    path = save(no_softmax(), folder)
    path.write_bytes(path.read_bytes()[:-200])
    return path


def flipped(folder):
    """One bit of the weights turned: the zip's checksum no longer fits."""
    path = save(no_softmax(), folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


def bomb(folder):
    """A config of 64 MiB of spaces, packed into 64 KiB."""
    path = folder / "given.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in foreign.MEMBERS:
            packed.writestr(name, b" " * (1 << 26))
    return path


def stowaway(folder):
    return change(save(no_softmax(), folder), **{"assets/x.txt": b"x"})


def nested(folder):
    return change(save(no_softmax(), folder), **{"config.json": b"[" * 1_000_000})


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (with_lambda, "expected stock layers of Keras for pictures only, found keras.layers Lambda"),
        (giant_dense, "expected sizes of at most 1,000,000 in its config, found 2,000,000,000 as units"),
        (wide_dense, "expected a network of at most 200,000,000 parameters, found one of 460,800,000"),
        (function, "found os function"),
        (reader, "found keras.layers StringLookup"),
        (pickled, "as Keras 3 saves it, found another file or a part of one"),
        (hdf5, "found an HDF5 file"),
        (cut, "as Keras 3 saves it, found another file or a part of one"),
        (flipped, "found a damaged model.weights.h5"),
        (bomb, "expected at most 8 MiB in config.json"),
        (stowaway, "assets/x.txt"),
        (nested, "found a damaged one"),
    ],
)
def test_malicious_or_damaged_file_is_refused_before_keras_sees_it(make, reason, tmp_path):
    """Each is told by what it holds; no code of it runs."""
    with pytest.raises(ModelError, match=reason):
        foreign.check_file(make(tmp_path))
    assert not (tmp_path / "owned").exists()


def test_network_that_needs_too_much_memory_ends_its_process_only(drawn, tmp_path):
    """A config that lies about its input passes the check of sizes: 2.3 billion weights meet the limit of memory."""
    config = json.loads(dense(1_000_000))
    del config["config"]["layers"][-1]["build_config"]
    path = change(save(no_softmax(), tmp_path), **{"config.json": json.dumps(config).encode()})
    foreign.check_file(path)
    with pytest.raises(ModelError, match="expected a network that needs at most 4 GiB of memory"):
        import_file(path, "huge", "study", drawn)
    assert nothing_is_left()


def test_refusal_comes_back_from_the_other_process(drawn, tmp_path):
    """A Lambda is told in the same words by the whole import, and leaves nothing."""
    with pytest.raises(ModelError, match=r"found keras\.layers Lambda"):
        import_file(with_lambda(tmp_path), "code", "study", drawn)
    assert nothing_is_left()
    assert not (tmp_path / "owned").exists()


def test_shipped_network_is_of_allowed_layers():
    """What this workbench saves itself may be imported elsewhere: mirrored, folded, combined."""
    from fer_core.paths import ROOT

    for path in (ROOT / "models").glob("*/model.keras"):
        foreign.check_file(path)


def test_folder_of_another_workbench(drawn, tmp_path):
    """A whole folder comes along under another name; damaged in any file it is refused."""
    given = tmp_path / "given"
    model = save_network("mine", drawn, "study", learned_network(drawn, "study"))
    shutil.move(model.folder, given)
    imported = import_folder(given, "again", drawn)
    assert (imported.scores, imported.was_run) == (model.scores, True)
    assert store.open_trained("again").record["name"] == "again"
    with pytest.raises(ModelError, match="not taken, found 'again'"):
        import_folder(given, "again", drawn)


def predictions_of_another(folder):
    """Probabilities moved by a column, with the scores that belong to them."""
    record = json.loads((folder / "model.json").read_text())
    predictions = read_predictions(folder / "predictions.parquet", record["labels"])
    columns = [name for name in predictions.frame if name.startswith("p_")]
    predictions.frame[columns] = np.roll(predictions.frame[columns].to_numpy(), 1, axis=1)
    predictions.frame.to_parquet(folder / "predictions.parquet")
    (folder / "model.json").write_text(json.dumps(record | {"scores": headline(predictions)}))


def endless_history(folder):
    (folder / "history.csv").unlink()
    (folder / "history.csv").symlink_to("/dev/zero")


def better_scores(folder):
    text = (folder / "model.json").read_text()
    record = json.loads(text)
    record["scores"]["test"]["raw"]["accuracy"] = 0.99
    (folder / "model.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (predictions_of_another, "expected its network to answer as its predictions say"),
        (better_scores, "expected the scores of its predictions on test, raw, found other accuracy"),
        (lambda folder: (folder / "model.keras").write_bytes(b"x"), "with the sha256"),
        (lambda folder: (folder / "predictions.parquet").unlink(), "expected a file that can be read"),
        (lambda folder: (folder / "model.json").write_text("{"), "expected JSON"),
        (endless_history, "history.csv: expected a file, found something else"),
    ],
)
def test_folder_that_does_not_fit_itself_is_refused(damage, reason, drawn, tmp_path):
    """The network, its predictions and its scores have to belong together."""
    given = tmp_path / "given"
    shutil.move(save_network("mine", drawn, "study", learned_network(drawn, "study")).folder, given)
    damage(given)
    with pytest.raises(ModelError, match=reason):
        import_folder(given, "again", drawn)
    assert nothing_is_left()
