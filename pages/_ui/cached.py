"""Cached twins of fer_core, and of pictures of faces: a decorator, a call, a return.

A dataset is told by its fingerprint, a model by its name, its predictions and when they were written. What holds
arrays is a resource, shared and read-only; what holds tables is data, copied.
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import NAMED, FaceDataset, copies, load_dataset, source_path, statistics
from fer_core.data.class_names import names_file
from fer_core.data.draft import Draft
from fer_core.data.folder import picture_files, state_of
from fer_core.data.versions import Version, folder_of
from fer_core.data.votes import find_votes
from fer_core.errors import ModelError
from fer_core.evaluation import atlas as atlases
from fer_core.evaluation.common import Common, bring_together
from fer_core.evaluation.predictions import Predictions, read_predictions
from fer_core.evaluation.report import Report, make_report
from fer_core.inference.classifier import Classifier
from fer_core.inference.explanation import Explainer
from fer_core.inference.export import export_model
from fer_core.inference.nearest import Measuring
from fer_core.labels import get_scheme
from fer_core.store import SavedModel
from fer_core.training import data, doubt
from fer_core.training.config import TrainConfig
from pages._ui import pictures


def _written(path: Path) -> int | str:
    """When `path` was last written, in nanoseconds, 0 where there is none; of a folder what changes with its images."""
    if path.is_dir():
        return _folder_state(path)
    return path.stat().st_mtime_ns if path.exists() else 0


@st.cache_data(ttl=5, show_spinner=False)
def _folder_state(path: Path) -> str:
    """`fer_core.data.folder.state_of` its images; to ask 35,000 on every press would be felt."""
    return state_of(path, picture_files(path))


_TOLD_BY = {
    FaceDataset: lambda dataset: (dataset.fingerprint, dataset.version, data.votes_sha256(dataset)),
    # what its rows hang on
    TrainConfig: lambda config: (config.scheme, config.version, config.rows, config.folds, config.fold),
    Version: lambda version: version.sha256,
    SavedModel: lambda model: (model.id, str(model.predictions_file), _written(model.predictions_file)),
}

_COMPARING = (
    "Comparing every face with every other. This is done once for a dataset: seconds for FER2013's 36,000 faces, "
    "minutes for ten times as many."
)
_JUDGING = (
    "Ranking the labels. Where models judge, each face is shown once to those that never saw it: a minute or two."
)


def dataset(source: str) -> FaceDataset:
    """`fer_core.data.load_dataset`, again when the file, the folder, the meaning of its names or its votes change."""
    if source in NAMED:
        return _dataset(source, ())
    path = source_path(source)
    beside = [names_file(path), *filter(None, [find_votes(path)])]
    return _dataset(source, tuple(map(_written, [path, *beside])))


@st.cache_resource(max_entries=3, show_spinner="Reading the faces. Only the first time takes long.")
def _dataset(source: str, written: tuple[int | str, ...]) -> FaceDataset:
    return load_dataset(source)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=12, show_spinner=_COMPARING)
def audit(dataset: FaceDataset, threshold: float = copies.NEAR) -> copies.Audit:
    """`fer_core.data.copies.audit`."""
    return copies.audit(dataset, threshold)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner=_COMPARING)
def find_copies(dataset: FaceDataset) -> copies.Copies:
    """`fer_core.data.copies.find_copies`."""
    return copies.find_copies(dataset)


@st.cache_resource(hash_funcs=_TOLD_BY | {TrainConfig: TrainConfig.to_json}, max_entries=3, show_spinner=_JUDGING)
def label_ranking(dataset: FaceDataset, judges: dict[str, TrainConfig], judged: Version | None) -> pd.DataFrame:
    """`fer_core.training.doubt.ranking`, which loads TensorFlow to ask models; `judged` is the version ranked."""
    return doubt.ranking(dataset, judges)


def draft(dataset: FaceDataset) -> Draft:
    """`fer_core.data.draft.Draft`, to be looked at: what edits is a copy of it."""
    return _draft(dataset, _written(folder_of(dataset.fingerprint) / "draft.jsonl"))


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner=False)
def _draft(dataset: FaceDataset, written: int) -> Draft:
    return Draft(dataset)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=12, show_spinner=_COMPARING)
def training_rows(dataset: FaceDataset, config: TrainConfig) -> np.ndarray:
    """`fer_core.training.data.training_rows`."""
    return data.training_rows(dataset, config)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=12, show_spinner="Measuring brightness, contrast and sharpness.")
def pixel_statistics(dataset: FaceDataset, rows: np.ndarray) -> pd.DataFrame:
    """`fer_core.data.statistics.pixel_statistics`."""
    return statistics.pixel_statistics(dataset, rows)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=12, show_spinner="Averaging the faces.")
def average_faces(dataset: FaceDataset, rows: np.ndarray) -> dict[str, np.ndarray]:
    """`fer_core.data.statistics.average_faces`."""
    return statistics.average_faces(dataset, rows)


@st.cache_data(max_entries=200, show_spinner=False)
def wall_picture(images: np.ndarray, captions: list[str], ink: str, copied: np.ndarray, size: float) -> bytes:
    """`pictures.compose`, as a PNG."""
    return pictures.png(pictures.compose(images, captions, ink, copied, size))


@st.cache_data(max_entries=100, show_spinner=False)
def data_urls(images: np.ndarray) -> list[str]:
    """`pictures.data_url` of each."""
    return [pictures.data_url(image) for image in images]


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=20, show_spinner=False)
def predictions(model: SavedModel) -> Predictions:
    """The predictions that `model` was saved with."""
    return read_predictions(model.predictions_file, model.labels)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=20, show_spinner=False)
def relabelled(model: SavedModel, version: Version) -> Predictions:
    """The same beside the labels of a version of its dataset."""
    return predictions(model).relabelled(version, get_scheme(model.record["scheme"]))


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=6, show_spinner=False)
def atlas(model: SavedModel, dataset: FaceDataset) -> atlases.Atlas:
    """`fer_core.evaluation.atlas.find_atlas`, where it is known."""
    return atlases.find_atlas(model, dataset)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=12, show_spinner=False)
def cluster_agreement(model: SavedModel, dataset: FaceDataset) -> pd.DataFrame:
    """`fer_core.evaluation.atlas.cluster_agreement` of the model's clusters."""
    return atlases.cluster_agreement(atlas(model, dataset).cluster, dataset)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=24, show_spinner=False)
def common(models: tuple[SavedModel, ...], split: str, part: str) -> Common:
    """`fer_core.evaluation.common.bring_together` of what `models` were saved with."""
    selected, unreadable = {models[0].id: predictions(models[0]).select(split, part)}, {}
    for model in models[1:]:
        try:
            selected[model.id] = predictions(model).select(split, part)
        except ModelError as error:
            unreadable[model.id] = str(error)
    together = bring_together(selected, {model.id: model.record["dataset"] for model in models})
    return replace(together, refused=together.refused | unreadable)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=24, show_spinner=False)
def report(models: tuple[SavedModel, ...], split: str, part: str) -> Report:
    """`fer_core.evaluation.report.make_report`, compared with the first of `models`."""
    return make_report(models, common(models, split, part), split, part, models[0].id)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=6, show_spinner="Waking the model. Only the first time takes long.")
def classifier(model: SavedModel) -> Classifier:
    """`fer_core.inference.classifier.Classifier.load`; the first one loads TensorFlow."""
    return Classifier.load(model.id)


def reader(model: SavedModel):
    """`fer_core.inference.recurrent.Reader` of a model that has a recurrent network beside it."""
    return _reader(model, _written(model.folder / "timeline.json"))


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner="Waking the recurrent network.")
def _reader(model: SavedModel, written: int):
    from fer_core.inference.recurrent import Reader  # loads TensorFlow, which reading pages do without

    return Reader(model)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=3, show_spinner="Waking the model. Only the first time takes long.")
def explainer(model: SavedModel, fine: bool) -> Explainer:
    """`fer_core.inference.explanation.Explainer.load`; the first one loads TensorFlow."""
    return Explainer.load(model.id, fine=fine)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=2, show_spinner=False)
def nearest(model: SavedModel, dataset: FaceDataset) -> Measuring:
    """The one `fer_core.inference.nearest.Measuring` of a server, which begins with the first that asks."""
    return Measuring(model, dataset)


@st.cache_resource(hash_funcs=_TOLD_BY, max_entries=24, show_spinner="Looking where the network looks.")
def heat(model: SavedModel, fine: bool, dataset: FaceDataset, rows: np.ndarray, label: str) -> np.ndarray:
    """`Explainer.heat` of faces of a dataset for one class."""
    return explainer(model, fine).heat(dataset.images[rows], np.full(len(rows), model.labels.index(label)))


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=24, show_spinner=False)
def correlation_with_random_heads(
    model: SavedModel, fine: bool, dataset: FaceDataset, rows: np.ndarray, label: str
) -> float:
    """`Explainer.correlation_with_random_heads` of the same."""
    classes = np.full(len(rows), model.labels.index(label))
    return explainer(model, fine).correlation_with_random_heads(dataset.images[rows], classes)


def export(model: SavedModel, kind: str, dataset: FaceDataset) -> tuple[bytes, str]:
    """The zip of `fer_core.inference.export.export_model`, and how it agrees with the model in words."""
    told = tuple(_written(model.folder / name) for name in ("model.json", "decision.json"))  # in its card
    return _export(model, kind, dataset, told)


@st.cache_data(hash_funcs=_TOLD_BY, max_entries=3, show_spinner="Writing the file, and comparing its answers.")
def _export(model: SavedModel, kind: str, dataset: FaceDataset, written: tuple[int | str, ...]) -> tuple[bytes, str]:
    with TemporaryDirectory() as folder:
        done = export_model(model, kind, dataset, Path(folder) / f"{model.id}.zip")
        return done.file.read_bytes(), done.sentence
