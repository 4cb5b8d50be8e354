import pytest
from csv_lines import line

from fer_core.data import default_source, load_dataset
from fer_core.errors import DatasetError
from fer_core.paths import data_dir


def test_default_source(monkeypatch):
    """`FER_SOURCE`, else the CSV in the data folder, else the drawn faces; votes are no dataset."""
    monkeypatch.delenv("FER_SOURCE", raising=False)
    data_dir().mkdir()
    (data_dir() / "fer2013new.csv").touch()
    (data_dir() / "._faces.csv").touch()  # as macOS lays it beside a file
    assert default_source() == "demo"
    (data_dir() / "example.csv").touch()
    (data_dir() / "icml_face_data.csv.xz").touch()
    assert default_source() == str(data_dir() / "icml_face_data.csv.xz")
    monkeypatch.setenv("FER_SOURCE", "kaggle")
    assert default_source() == "kaggle"


def test_load_dataset_without_a_name_loads_the_default(monkeypatch, write_csv):
    """None means the default source, and the dataset names it."""
    path = write_csv(line(4))
    monkeypatch.setenv("FER_SOURCE", str(path))
    dataset = load_dataset()
    assert dataset.source == str(path)
    assert dataset.emotion.tolist() == [4]


def test_path_that_does_not_exist():
    """A wrong path is told with what would be right."""
    with pytest.raises(DatasetError, match="expected demo, kaggle, or the path"):
        load_dataset("no/such.csv")


def test_kaggle_without_credentials(monkeypatch, tmp_path):
    """Without an account's token and without a network `kaggle` says what to do, in one line."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody listens there, whatever machine this is
    with pytest.raises(
        DatasetError, match=r"check the network, put an API token .* or load a CSV by its path"
    ) as caught:
        load_dataset("kaggle")
    assert "\n" not in str(caught.value)
