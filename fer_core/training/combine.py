"""Trained models combined into one that is saved and compared like any other.

Its record has `parts`, a list of {id, scheme, sha256}, and no settings: it was not trained itself, so there is no
`history.csv` either. `rows` and `pixels` in it are those of its first part.
"""

from fer_core import store
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.evaluation.scoring import predict_dataset
from fer_core.labels import ClassScheme, get_scheme
from fer_core.store import SavedModel
from fer_core.training.saving import save_trained

STAGES = ("valence", "negative", "positive")
"""Schemes of the parts of a `two_stage` model: the side, and the classes of either side."""


def two_stage(
    valence: SavedModel, negative: SavedModel, positive: SavedModel, name: str | None, dataset: FaceDataset
) -> SavedModel:
    """Save one model of the study's six classes: P(class) = P(side) · P(class | side).

    `valence` says how likely either side is, `negative` and `positive` which of their three classes it is there: the
    specialists that the study recommends. `dataset` is the one that all three were trained on, and that the new model
    is scored on; without `name` it is `two_stage` and a free number.
    Raises `ModelError` where a part is untrained or of another scheme or dataset, or the name is taken or not allowed.
    """
    parts = [valence, negative, positive]
    for scheme, part in zip(STAGES, parts, strict=True):
        _check(part, scheme, dataset)
    name = store.check_free(name or store.free_name("two_stage"))
    return _save(name, _two_stage_network(*map(store.load_network, parts)), get_scheme("study"), parts, dataset)


def _check(part: SavedModel, scheme: str, dataset: FaceDataset) -> None:
    trained_on = store.check_trained(part).record["dataset"]
    if part.record["scheme"] != scheme:
        raise ModelError(
            f"model {part.id!r}: expected one of scheme {scheme}, found {part.record['scheme']}; "
            f"name the models of {', '.join(STAGES)} in this order"
        )
    if trained_on["fingerprint"] != dataset.fingerprint:
        raise ModelError(
            f"model {part.id!r}: expected one trained on {dataset.source} ({dataset.fingerprint[:12]}), found "
            f"{trained_on['source']} ({trained_on['fingerprint'][:12]}); choose the dataset of all three models"
        )


def _two_stage_network(valence, negative, positive):
    """From Keras models to one: raw pixels `(n, 48, 48, 1)` to the six classes in the study's order, `(n, 6)`."""
    import keras  # costs seconds: only who combines pays for it

    schemes = [get_scheme(name) for name in STAGES]
    codes = [code for (code,) in get_scheme("study").groups]
    specialists = [code for scheme in schemes[1:] for (code,) in scheme.groups]
    faces = keras.Input(valence.input_shape[1:], name="pixels")
    sides, *classes = (
        keras.Model(network.input, network.output, name=scheme.name)(faces)  # all three may be called `compact`
        for scheme, network in zip(schemes, (valence, negative, positive), strict=True)
    )
    of_side = keras.ops.take(sides, schemes[0].classes(codes).tolist(), axis=1)  # (n, 6)
    of_class = keras.ops.take(keras.layers.Concatenate()(classes), [specialists.index(code) for code in codes], axis=1)
    return keras.Model(faces, keras.layers.Multiply(name="probabilities")([of_side, of_class]), name="two_stage")


def _save(name: str, network, scheme: ClassScheme, parts: list[SavedModel], dataset: FaceDataset) -> SavedModel:
    """The folder is made once the work is done; a kill while it is filled leaves a damaged model, not a run."""
    predictions = predict_dataset(network, dataset, scheme)
    first = parts[0].record
    record = {
        "scheme": scheme.name,
        "labels": list(scheme.labels),
        "network": network.name,
        "settings": {},
        "parts": [{"id": part.id} | {key: part.record[key] for key in ("scheme", "sha256")} for part in parts],
        "dataset": first["dataset"],
    }
    model = store.create_model(name, record)
    return save_trained(model, network, predictions, pixels=first["pixels"], rows=first["rows"])
