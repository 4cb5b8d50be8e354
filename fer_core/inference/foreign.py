"""A network file of unknown origin, looked at in a process of its own: `python -m fer_core.inference.foreign FOLDER K`.

FOLDER holds `model.keras` and `faces.npz`, arrays name → `(n, 48, 48)` of raw pixels, 0 to 255, by whatever name. Into
it goes `answers.npz`, the same names → probabilities float32 `(n, K)`, and `told.json`: {"parameters": n}, or {"error":
what was expected and found}. Where FOLDER also holds `model.json` it is a whole model, whose tables are verified too.

Nothing is loaded before the zip is known to hold what Keras writes and its config only stock layers of bounded sizes.
Memory is limited throughout, since a config may ask for any amount of it.
"""

import json
import math
import os
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_core.data.dataset import SIDE
from fer_core.errors import ModelError
from fer_core.evaluation.verification import verify
from fer_core.store import SavedModel

CHECKING, LOADING = 4 << 30, 4 << 30
"""Bytes of address space: to read the zip; and beyond what TensorFlow takes itself, to load and run the network."""
MEMBERS = {"config.json": 8 << 20, "metadata.json": 1 << 20, "model.weights.h5": 4 << 30}
"""What a `.keras` file holds, and how many bytes each may unpack to."""
PARAMETERS = 200_000_000
LARGEST = 1_000_000
"""The largest whole number that a config may hold, those of `UNBOUNDED` apart."""
UNBOUNDED = ("seed", "shared_object_id")
BATCH = 64
FIRST = 32
"""Faces whose answers are looked at before all others are asked for."""

_LAYERS = """
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling2D BatchNormalization CenterCrop
    Concatenate Conv2D Conv2DTranspose Cropping2D Dense DepthwiseConv2D Dropout ELU Flatten GaussianDropout
    GaussianNoise GlobalAveragePooling2D GlobalMaxPooling2D GroupNormalization Identity InputLayer LayerNormalization
    LeakyReLU MaxPooling2D Maximum Minimum Multiply Normalization PReLU Permute RMSNormalization RandomBrightness
    RandomContrast RandomFlip RandomRotation RandomTranslation RandomZoom ReLU Rescaling Reshape Resizing
    SeparableConv2D Softmax SpatialDropout2D Subtract UnitNormalization UpSampling2D ZeroPadding2D
"""
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_OPERATIONS = "Add Concatenate Divide Flip GetItem Mean Multiply Subtract Take TrueDivide"
ALLOWED: dict[str | None, set[str]] = {
    "keras": {"Sequential", "Functional", "Model", "DTypePolicy"},
    "keras.models": {"Sequential", "Functional", "Model"},
    "keras.src.models.functional": {"Functional"},
    "keras.layers": set(_LAYERS.split()),
    "keras.initializers": set(_INITIALIZERS.split()),
    "keras.regularizers": {"L1", "L1L2", "L2", "OrthogonalRegularizer"},
    "keras.constraints": {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"},
    "keras.src.ops.numpy": set(_OPERATIONS.split()),
    "keras.src.ops.nn": {"Relu", "Sigmoid", "Softmax"},
    None: {"__keras_tensor__"},
}
"""Module → classes that a config may name: stock ones that compute on pictures, and read neither file nor code."""


def check_file(path: Path) -> None:
    """Raise `ModelError` unless `path` is a zip as Keras 3 writes it, with stock layers of bounded sizes only."""
    root = _read_config(path)
    root.pop("compile_config", None)  # of the optimizer, which is not loaded
    weights = 0
    for found in _objects(root):
        _check_class(found)
        weights += _weights(found)
    if weights > PARAMETERS:
        raise ModelError(f"expected a network of at most {PARAMETERS:,} parameters, found one of {weights:,}")


def ask(folder: Path, k: int) -> int:
    """Check and load the network in `folder` and let it answer; returns its number of parameters."""
    _limit_memory(CHECKING)
    check_file(folder / "model.keras")
    if (folder / "model.json").exists():
        _check_tables(folder)
    _limit_memory(sys.maxsize)
    import keras  # maps gigabytes, more where there is an accelerator

    _limit_memory(_address_space() + LOADING)
    network = keras.saving.load_model(folder / "model.keras", safe_mode=True, compile=False)
    shapes = (network.input_shape, network.output_shape)
    if shapes != ((None, SIDE, SIDE, 1), (None, k)):
        raise ModelError(
            f"expected a network from (n, {SIDE}, {SIDE}, 1) to (n, {k}), found one from {_shape(shapes[0])} to "
            f"{_shape(shapes[1])}; the classes have to be as many as the scheme's"
        )
    with np.load(folder / "faces.npz", allow_pickle=False) as faces:
        check_answers(_answers(network, next(iter(faces.values()))[:FIRST]))
        answers = {name: _answers(network, images) for name, images in faces.items()}
        np.savez(folder / "answers.npz", allow_pickle=False, **answers)
    return network.count_params()


def main(argv: list[str]) -> int:
    """Write `told.json`; exit code 0, or 2 for a file that is refused."""
    folder, k = Path(argv[0]), int(argv[1])
    told: dict[str, object]
    try:
        told = {"parameters": ask(folder, k)}
    except ModelError as error:
        told = {"error": str(error)}
    except Exception as error:  # whatever Keras makes of it
        told = {"error": _in_words(error)}
    (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
    return 2 if "error" in told else 0


def _check_tables(folder: Path) -> None:
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    if found := verify(SavedModel(folder.name, folder, record)):
        raise ModelError(found[0])


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return f"expected a network that needs at most {LOADING >> 30} GiB of memory, found one that needs more"
    words = " ".join(str(error).split())[:300]
    return f"expected a network that Keras can load and run, found: {type(error).__name__}: {words}"


def _read_config(path: Path) -> dict:
    try:
        with zipfile.ZipFile(path) as packed:
            _check_members(packed)
            if broken := packed.testzip():
                raise ModelError(f"expected a whole .keras file, found a damaged {broken} in it")
            root = json.loads(packed.read("config.json"))
    except zipfile.BadZipFile:
        with path.open("rb") as file:
            found = "an HDF5 file" if file.read(4) == b"\x89HDF" else "another file or a part of one"
        raise ModelError(f"expected a .keras file, as Keras 3 saves it, found {found}; save it anew") from None
    except (ValueError, RecursionError, NotImplementedError, EOFError) as error:
        raise ModelError(f"expected a whole .keras file, found a damaged one: {error}") from None
    if not isinstance(root, dict):
        raise ModelError(f"expected an object in its config.json, found {type(root).__name__}")
    return root


def _check_members(packed: zipfile.ZipFile) -> None:
    names = [member.filename for member in packed.infolist()]
    if sorted(names) != sorted(MEMBERS):
        raise ModelError(f"expected {', '.join(MEMBERS)} in the .keras file, found {', '.join(names)[:200]}")
    for member in packed.infolist():
        if member.file_size > MEMBERS[member.filename] or member.flag_bits & 1:
            raise ModelError(
                f"expected at most {MEMBERS[member.filename] >> 20} MiB in {member.filename}, not encrypted, found "
                f"{member.file_size >> 20} MiB"
            )


def _objects(root: object) -> Iterator[dict]:
    """All objects of the config that name a class; refuses sizes that no network has on the way."""
    if isinstance(root, dict):
        if "class_name" in root:
            yield root
        for name, value in root.items():
            _check_number(name, value)
            yield from _objects(value)
    elif isinstance(root, list):
        for value in root:
            _check_number("a list", value)
            yield from _objects(value)


def _check_number(name: str, value: object) -> None:
    if isinstance(value, int) and abs(value) > LARGEST and name not in UNBOUNDED:
        raise ModelError(f"expected sizes of at most {LARGEST:,} in its config, found {value:,} as {name[:80]}")


def _check_class(found: dict) -> None:
    module, name = found.get("module"), found["class_name"]
    known = ALLOWED.get(module, set()) if isinstance(module, str | None) else set()
    if not isinstance(name, str) or name not in known or found.get("registered_name") not in (None, name):
        raise ModelError(
            f"expected stock layers of Keras for pictures only, found {str(module)[:80]} {str(name)[:80]}; "
            "a Lambda or a layer of one's own is code, which is not run here"
        )


def _weights(layer: dict) -> int:
    """The kernel's size of a layer that tells one; what it says of its input is believed, memory is limited anyway."""
    config, built = layer.get("config"), layer.get("build_config")
    if not isinstance(config, dict) or not (units := config.get("units", config.get("filters"))):
        return 0
    shape = built.get("input_shape") if isinstance(built, dict) else None
    given = shape[-1] if isinstance(shape, list) and shape and isinstance(shape[-1], int) else 1
    kernel = config.get("kernel_size", 1)
    separable = layer["class_name"].startswith("Separable")
    return int(units * given * (1 if separable else math.prod(kernel if isinstance(kernel, list) else [kernel])))


def check_answers(y_prob: np.ndarray) -> None:
    """Refuse what are no probabilities, or the same whatever the face."""
    check_probabilities(y_prob)
    if len(y_prob) > 1 and np.ptp(y_prob, axis=0).max() < 1e-6:
        raise ModelError(f"expected answers that depend on the face, found the same for {len(y_prob)} faces")


def check_probabilities(y_prob: np.ndarray) -> None:
    """Refuse rows that don't sum to 1, negative and infinite ones."""
    if not np.isfinite(y_prob).all() or (y_prob < 0).any() or np.abs(y_prob.sum(axis=1) - 1).max() > 1e-3:
        raise ModelError(
            f"expected probabilities that sum to 1, found {np.round(y_prob[0], 3).tolist()} for a face; "
            "end the network in a softmax"
        )


def _answers(network, images: np.ndarray) -> np.ndarray:
    pixels = (images[start : start + BATCH, ..., None].astype(np.float32) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(network(faces, training=False), np.float32) for faces in pixels])


def _shape(shape: object) -> str:
    return str(shape).replace("None", "n")


def _limit_memory(size: int) -> None:
    """Limit the address space of this process, where the system can."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def _address_space() -> int:
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
