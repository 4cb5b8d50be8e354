import numpy as np
import pytest
from saved import save_model

from fer_core.evaluation.predictions import read_predictions
from fer_core.labels import EMOTIONS, get_scheme


def test_imbalance_is_told(open_page, said, faces):
    """The ratio of the largest to the smallest expression, and the counts, are the dataset's."""
    app = open_page("explore")
    counts = faces.counts()
    table = app.dataframe[0].value
    assert table.loc["Happy", "Training"] == counts["Training"]["Happy"]
    totals = {name: sum(of[name] for of in counts.values()) for name in counts["Training"]}
    assert f"Imbalance {max(totals.values()) / min(totals.values()):.1f} : 1." in said(app)


@pytest.mark.parametrize("view", ["Balance", "Samples", "Averages", "Light", "One face"])
def test_every_view_stands_in_the_url(open_page, view):
    """Each view opens from a link."""
    assert open_page("explore", view=view).session_state["view"] == view


def test_why_no_model_was_scored_on_a_face_is_told(open_page, said, faces):
    """A test face of a class that no model knows is no Training face."""
    save_model("mine", faces)
    for usage, why in (("PublicTest", "none of them knows the class Disgust"), ("Training", "are for learning")):
        row = np.flatnonzero((faces.usage == usage) & (faces.emotion == EMOTIONS.index("Disgust")))[0]
        assert why in said(open_page("explore", view="One face", row=str(row)))


def test_the_shuffle_is_in_the_url(open_page):
    """A link fixes the sample; the button takes the next one."""
    app = open_page("explore", view="Samples", seed="7", emotion="Sad")
    assert (app.session_state["seed"], app.session_state["emotion"]) == (7, "Sad")
    app.button[0].click().run()
    assert app.session_state["seed"] == 8


def test_one_face_names_its_copies(open_page, said, faces):
    """A face that stands there twice says so."""
    from fer_core.data.copies import audit

    row = int(audit(faces).groups[0][0])
    assert "Other rows with the same photograph: **1** pixel by pixel" in said(
        open_page("explore", view="One face", row=str(row))
    )


def test_one_face_by_saved_models(open_page, said, faces):
    """What each answers to a face of test; a Training face none was scored on."""
    predictions = read_predictions(save_model("mine", faces).predictions_file, get_scheme("study").labels)
    first = predictions.select("test").frame.iloc[0]
    (table,) = open_page("explore", view="One face", row=str(first["row"])).dataframe
    assert table.value["Model"].tolist() == ["mine"]
    assert table.value["Sad"].tolist() == [f"{100 * first['p_Sad']:.1f} %"]
    of_training = open_page("explore", view="One face", row=str(faces.rows("train", get_scheme("study"))[0]))
    assert not of_training.dataframe
    assert "No saved model was scored on this face" in said(of_training)


def test_a_link_to_a_row_of_another_dataset(open_page):
    """It says that there is none, and which is shown."""
    assert "no row 99,999 here; row 0 is shown" in open_page("explore", view="One face", row="99999").warning[0].value
    assert not open_page("explore", view="One face", row="5").warning
