"""Faces with their labels, and where they come from."""

from fer_core.data.dataset import FaceDataset
from fer_core.data.sources import default_source, load_dataset

__all__ = ["FaceDataset", "load_dataset", "default_source"]
