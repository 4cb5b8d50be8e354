"""Faces with their labels, and where they come from."""

from fer_core.data.dataset import FaceDataset
from fer_core.data.sources import NAMED, absolute, default_source, load_dataset, source_path

__all__ = ["FaceDataset", "load_dataset", "default_source", "source_path", "absolute", "NAMED"]
