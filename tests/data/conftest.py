import numpy as np
import pytest
from csv_lines import HEADER


@pytest.fixture
def write_csv(tmp_path):
    """Write lines below the competition's header; returns the path."""

    def write(*lines: str, name: str = "icml_face_data.csv", header: str = HEADER):
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


@pytest.fixture
def faces():
    """Four different faces with their pixels as text: uint8 `(4, 48, 48)` and four strings."""
    images = np.random.default_rng(0).integers(0, 256, (4, 48, 48), np.uint8)
    return images, [" ".join(map(str, image.ravel())) for image in images]
