"""Cached twins of fer_core: a decorator, a call, a return.

A dataset is told by its fingerprint, a model by its folder and when it was last written. What holds arrays is a
resource, shared and read-only; what holds tables is data, copied.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset, copies, load_dataset, source_path, statistics
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.inference.classifier import Classifier
from fer_core.store import SavedModel
from fer_core.training import data
from fer_core.training.config import TrainConfig


def _written(path: Path) -> int:
    """When `path` was last written, in nanoseconds; 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0


_TOLD_BY = {
    FaceDataset: lambda dataset: dataset.fingerprint,
    TrainConfig: lambda config: (config.scheme, config.rows, config.folds, config.fold),  # what its rows hang on
    SavedModel: lambda model: (str(model.folder), _written(model.folder / "predictions.parquet")),
}

_COMPARING = "Comparing every face with every other. This is done once for a dataset, and takes half a minute at most."


def dataset(source: str) -> FaceDataset:
    """`fer_core.data.load_dataset`, again when the file, or the folder itself, has changed."""
    return _dataset(source, 0 if source in ("demo", "kaggle") else _written(source_path(source)))


@st.cache_resource(max_entries=3, show_spinner="Reading the faces. Only the first time takes long.")
def _dataset(source: str, written: int) -> FaceDataset:
    return load_dataset(source)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner=_COMPARING)
def audit(dataset: FaceDataset) -> copies.Audit:
    """`fer_core.data.copies.audit`."""
    return copies.audit(dataset)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner=_COMPARING)
def find_copies(dataset: FaceDataset) -> copies.Copies:
    """`fer_core.data.copies.find_copies`."""
    return copies.find_copies(dataset)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=12, show_spinner=_COMPARING)
def training_rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """`fer_core.training.data.training_rows`."""
    return data.training_rows(dataset, config)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=12, show_spinner="Measuring brightness and contrast.")
def pixel_statistics(dataset: FaceDataset, rows: np.ndarray) -> pd.DataFrame:
    """`fer_core.data.statistics.pixel_statistics`."""
    return statistics.pixel_statistics(dataset, rows)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=12, show_spinner="Averaging the faces.")
def average_faces(dataset: FaceDataset, rows: np.ndarray) -> dict[str, np.ndarray]:
    """`fer_core.data.statistics.average_faces`."""
    return statistics.average_faces(dataset, rows)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=20, show_spinner=False)
def predictions(model: SavedModel) -> Predictions:
    """The predictions that `model` was saved with."""
    return read_predictions(model.folder / "predictions.parquet", model.labels)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner="Waking the model. Only the first time takes long.")
def classifier(model: SavedModel) -> Classifier:
    """`fer_core.inference.classifier.Classifier.load`; the first one loads TensorFlow."""
    return Classifier.load(model.id)
