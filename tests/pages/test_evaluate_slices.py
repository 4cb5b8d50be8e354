"""Evaluate, view Slices, on the drawn faces."""

import numpy as np
import pytest
from saved import save_model

from fer_core.evaluation.predictions import read_predictions
from fer_core.store import update_record
from pages._ui import words


@pytest.fixture
def model(faces):
    return save_model("mine", faces)


@pytest.fixture
def rows(model):
    """Rows of the test faces."""
    return read_predictions(model.folder / "predictions.parquet", model.labels).select("test").frame["row"].to_numpy()


def test_at_first_macro_recall_by_brightness(open_page, said, rows):
    """Every face stands in one of the four slices, and it is said how they are cut."""
    app = open_page("evaluate", view="Slices")
    table = app.dataframe[0].value
    assert (app.session_state["slice_by"], app.session_state["slice_score"]) == ("brightness", "Macro recall")
    assert table["Faces"].sum() == len(rows)
    assert "quartiles of the validation faces" in said(app)


def test_a_link_to_copies_and_a_class(open_page, model):
    """Recall of Sad by copies stands in the URL."""
    app = open_page("evaluate", view="Slices", slice_by="copies", slice_score="Recall of Sad")
    assert "no copy" in app.dataframe[0].value["Slice"].tolist()
    assert "Recall of Sad" in app.dataframe[0].value


def test_without_its_dataset_copies_are_left(open_page, said, model):
    """Which dataset to load is said; what the predictions tell is shown all the same."""
    update_record(model, dataset={"source": "other.csv", "fingerprint": "0" * 64})
    app = open_page("evaluate", view="Slices")
    assert app.selectbox(key="slice_by").options == ["copies"]
    assert "`other.csv`" in said(app)


def test_attributes_of_ones_own(open_page, rows):
    """A CSV's column can be sliced by; half of the faces wear a hat."""
    app = open_page("evaluate", view="Slices")
    lines = [f"{row},{'yes' if index % 2 else 'no'}" for index, row in enumerate(rows)]
    app.file_uploader(key="attributes").upload("mine.csv", "\n".join(["row,hat", *lines]).encode(), "text/csv").run()
    assert app.success[0].value.replace("\u2060", "") == "To be chosen under *Slices by* now: CSV: hat."
    app.selectbox(key="slice_by").select("CSV: hat").run()
    assert not app.exception
    table = app.dataframe[0].value
    assert table["Slice"].tolist() == ["no", "yes"]
    assert table["Faces"].tolist() == [int(np.ceil(len(rows) / 2)), len(rows) // 2]


def test_a_bad_csv_is_told(open_page, model):
    """In a box, and the page goes on."""
    app = open_page("evaluate", view="Slices")
    app.file_uploader(key="attributes").upload("mine.csv", b"age,hat\n1,2\n", "text/csv").run()
    assert words.literal("expected a column `row`") in app.error[0].value
    assert len(app.dataframe[0].value)
