"""Trained models combined into one that is saved and compared like any other.

Its record has `parts`, the `lineage.origin` of each, and no settings: it was not trained itself, so there is no
`history.csv` either, and its `rows` are empty. `pixels` are those of its first part.
"""

import json
import shutil
from collections.abc import Sequence

import numpy as np

from fer_core import apart, store
from fer_core.data.dataset import FaceDataset
from fer_core.errors import ModelError
from fer_core.evaluation.scoring import predict_dataset
from fer_core.labels import ClassScheme, get_scheme
from fer_core.lineage import origin, told_once
from fer_core.store import SavedModel
from fer_core.training.runs import is_young
from fer_core.training.saving import save_trained

STAGES = ("valence", "negative", "positive")
"""Schemes of the parts of a `two_stage` model: the side, and the classes of either side."""
HOW = ("ensemble", "soup", "two_stage")
"""How models become one: the functions below."""


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
        _check(part, scheme, dataset, f"name the models of {', '.join(STAGES)} in this order")
    _check_name(name)
    network = _two_stage_network(*map(store.load_network, parts))
    return _save("two_stage", name, network, parts, dataset, get_scheme("study"))


def ensemble(models: Sequence[SavedModel], name: str | None, dataset: FaceDataset) -> SavedModel:
    """Save one model that answers with the mean of the probabilities of two or more `models` of the same classes.

    `dataset` is the one that all were trained on, and that the new model is scored on; without `name` it is `ensemble`
    and a free number. Raises `ModelError` as `two_stage` does, and for one model alone or twice.
    """
    _check_alike("ensemble", models, name, dataset)
    network = _average_network(list(map(store.load_network, models)))
    return _save("ensemble", name, network, models, dataset)


def soup(models: Sequence[SavedModel], name: str | None, dataset: FaceDataset) -> SavedModel:
    """Save one model with the mean of the weights of two or more `models` of one network, in the form of the first.

    It costs what one of them costs, and may be better than each where they were tuned differently from one start; of
    networks trained apart it knows nothing (Wortsman et al. 2022, arXiv:2203.05482). The rest is as in `ensemble`;
    `ModelError` also where the weights are of other shapes.
    """
    _check_alike("soup", models, name, dataset)
    first = models[0]
    for model in models:
        if model.record["pixels"] != first.record["pixels"]:
            raise ModelError(
                f"soup: expected models that prepare pixels alike, found {first.id!r} and {model.id!r}, which don't; "
                "average the weights of models tuned from one start, or the answers of any by --how ensemble"
            )
    network, *others = map(store.load_network, models)
    weights = [network.get_weights(), *(other.get_weights() for other in others)]
    shapes = [[weight.shape for weight in of_one] for of_one in weights]
    for model, found in zip(models, shapes, strict=True):
        if found != shapes[0]:
            raise ModelError(
                f"soup: expected weights shaped as those of {models[0].id!r}, found others in {model.id!r}; average "
                "the weights of models tuned from one start, or the answers of any by --how ensemble"
            )
    network.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return _save("soup", name, network, models, dataset)


def combine_apart(how: str, ids: Sequence[str], name: str | None, source: str) -> SavedModel:
    """The models called `ids` as one, in a process of its own, which loads TensorFlow; half a minute.

    `how` is one of `HOW`, `source` names the dataset. Where the same was made a few seconds ago, by a second
    click say, that one is it. Raises `ModelError` where it fails, with what it said last.
    """
    if twin := next((model for model in store.list_models() if _is_twin(model, how, ids, name)), None):
        return twin
    named = ("--name", name) if name else ()
    options = ("--how", how, "--source", source, "--json", *named)
    made = apart.ask("fer_core", "combine", *ids, *options, error=ModelError)
    return store.open_trained(json.loads(made)["id"])


def _is_twin(model: SavedModel, how: str, ids: Sequence[str], name: str | None) -> bool:
    record = model.record
    if not model.trained or [part["id"] for part in record.get("parts", ())] != [*ids] or name not in (None, model.id):
        return False
    same = record["network"] == how or (how == "soup" and record["network"] not in HOW)
    return same and is_young(record)


def _check_alike(how: str, models: Sequence[SavedModel], name: str | None, dataset: FaceDataset) -> None:
    """Make sure that the models may be averaged, and the new one called so."""
    ids = [model.id for model in models]
    if len(set(ids)) < max(len(ids), 2):
        raise ModelError(f"{how}: expected two models or more, each once, found {', '.join(ids) or 'none'}")
    for part in models:
        _check(part, models[0].record["scheme"], dataset, f"average models of the same classes as {ids[0]}")
    _check_name(name)


def _check_name(name: str | None) -> None:
    if name:
        store.check_free(name)


def _check(part: SavedModel, scheme: str, dataset: FaceDataset, advice: str) -> None:
    trained_on = store.check_trained(part).record["dataset"]
    if part.record["scheme"] != scheme:
        raise ModelError(f"model {part.id!r}: expected one of scheme {scheme}, found {part.record['scheme']}; {advice}")
    if trained_on["fingerprint"] != dataset.fingerprint:
        raise ModelError(
            f"model {part.id!r}: expected one trained on {dataset.source} ({dataset.fingerprint[:12]}), found "
            f"{trained_on['source']} ({trained_on['fingerprint'][:12]}); choose the dataset of all models"
        )


def _two_stage_network(valence, negative, positive):
    """From Keras models to one: raw pixels `(n, 48, 48, 1)` to the six classes in the study's order, `(n, 6)`."""
    import keras  # costs seconds: only who combines pays for it

    schemes = [get_scheme(name) for name in STAGES]
    codes = [code for (code,) in get_scheme("study").groups]
    specialists = [code for scheme in schemes[1:] for (code,) in scheme.groups]
    faces = keras.Input(valence.input_shape[1:], name="pixels")
    sides, *classes = (
        _part(network, scheme.name)(faces, training=False)
        for scheme, network in zip(schemes, (valence, negative, positive), strict=True)
    )
    of_side = keras.ops.take(sides, schemes[0].classes(codes).tolist(), axis=1)  # (n, 6)
    of_class = keras.ops.take(keras.layers.Concatenate()(classes), [specialists.index(code) for code in codes], axis=1)
    return keras.Model(faces, keras.layers.Multiply(name="probabilities")([of_side, of_class]), name="two_stage")


def _average_network(networks: list):
    """From Keras models of k classes each to one: raw pixels `(n, 48, 48, 1)` to mean probabilities `(n, k)`."""
    import keras

    faces = keras.Input(networks[0].input_shape[1:], name="pixels")
    answers = [_part(network, f"part_{number}")(faces, training=False) for number, network in enumerate(networks, 1)]
    return keras.Model(faces, keras.layers.Average(name="probabilities")(answers), name="ensemble")


def _part(network, name: str):
    """The Keras model under another name, as all may be called `compact`."""
    import keras

    return keras.Model(network.input, network.output, name=name)


def _save(
    how: str,
    name: str | None,
    network,
    parts: Sequence[SavedModel],
    dataset: FaceDataset,
    scheme: ClassScheme | None = None,
) -> SavedModel:
    """The folder is made once the work is done; only a kill while it is filled leaves a damaged model.

    Without `scheme` the classes are those of the parts.
    """
    first = parts[0].record
    scheme = scheme or get_scheme(first["scheme"])
    predictions = predict_dataset(network, dataset, scheme)
    record = {
        "scheme": scheme.name,
        "labels": list(scheme.labels),
        "network": network.name,
        "settings": {},
        "parts": list(map(origin, parts)),
        "dataset": first["dataset"],
    }
    record = told_once(record)
    model = store.create_model(name, record) if name else store.create_numbered(how, record)
    try:
        return save_trained(model, network, predictions, pixels=first["pixels"], rows={})
    except BaseException:
        shutil.rmtree(model.folder)  # the name is free again
        raise
