"""A network that is ready into its model's folder: the file, its predictions, its scores, and last the record."""

from pathlib import Path

from fer_core import store
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.scoring import headline
from fer_core.integrity import sha256_of
from fer_core.paths import write_atomic
from fer_core.store import SavedModel


def save_trained(model: SavedModel, network, predictions: Predictions, **facts) -> SavedModel:
    """Save `network`, a Keras model, and its `predictions`; the model with `integrity.TRAINED_KEYS` in its record.

    `facts` are `pixels`, `rows` and whatever else the record tells. The record comes last, so that it never speaks of
    a missing file.
    """
    store.write_network(network, model.weights_file)
    write_atomic(model.predictions_file, predictions.frame.to_parquet)
    dataset = model.record["dataset"]
    return store.update_record(
        model,
        parameters=network.count_params(),
        **facts,
        sha256=sha256_of(model.weights_file),
        scores=headline(predictions),
        # a finished model travels; the path of a dataset would not
        dataset=dataset | {"source": Path(dataset["source"]).name},
    )
