"""Audit, view Map, over maps and embeddings that are kept already."""

import json
import time

import numpy as np
import pytest
from filelock import FileLock
from saved import save_model

from fer_core.data.draft import Draft
from fer_core.evaluation.atlas import cluster_table, find_atlas
from fer_core.evaluation.atlas_figures import drawn_rows
from fer_core.evaluation.atlas_worker import Drawing, is_drawing
from fer_core.evaluation.embeddings import Embeddings, kept_as
from fer_core.labels import EMOTIONS


@pytest.fixture
def model(faces):
    """A saved model whose map is known: of each face as far right as its row, and clusters of seven rows in eight."""
    saved, n = save_model("mine", faces), len(faces)
    path = kept_as("atlas", saved, faces)
    path.parent.mkdir(parents=True, exist_ok=True)
    points = np.column_stack([np.arange(n), np.zeros(n)]).astype(np.float32)
    np.savez(path, points=points, cluster=(np.arange(n) % 8).astype(np.int8), predicted=np.zeros(n, np.int8))
    return saved


def shown_rows(app) -> list[int]:
    """Of the faces on the wall, by the words below each."""
    return [int(image.captions[0].split("  \n")[2]) for image in app.image]


def name_of(cluster: int, model, faces) -> str:
    return cluster_table(find_atlas(model, faces).cluster, faces)["name"][cluster]


def test_a_cluster_from_a_link_shows_its_faces(open_page, said, faces, model):
    """How many, and those of its first page; names and sizes of all clusters stand in the table."""
    table = cluster_table(find_atlas(model, faces).cluster, faces)
    app = open_page("audit", view="Map", cluster=table["name"][2])
    assert f"**{table['n'][2]}** faces in cluster {table['name'][2]}" in said(app)
    assert app.dataframe[0].value["Faces"].tolist() == table["n"].tolist()
    assert app.multiselect(key="map_rows").options == [str(row) for row in range(2, 2 + 48 * 8, 8)]


def test_the_odd_ones_of_a_cluster(open_page, said, faces, model):
    """Those with another label than most of it."""
    rows = np.arange(len(faces))[2::8]
    codes = faces.emotion[rows]
    odd = rows[codes != np.bincount(codes).argmax()]
    app = open_page("audit", view="Map", cluster=name_of(2, model, faces), odd="true")
    assert f"**{len(odd)}** faces with a minority label" in said(app)
    assert app.multiselect(key="map_rows").options == [str(row) for row in odd[:48]]


def test_a_selection_shows_its_faces(open_page, said, faces, model):
    """Points of two groups of the picture, ascending by row; with a cluster only those in it too."""
    app = open_page("audit", view="Map", colour="split")
    assert "Draw a box or a lasso" in said(app)
    from fer_core.evaluation.atlas import colouring

    traces = drawn_rows(colouring("split", find_atlas(model, faces), model, faces))
    points = [{"curve_number": trace, "point_index": index} for trace, index in ((1, 4), (0, 9), (0, 3))]
    rows = sorted(int(traces[point["curve_number"]][point["point_index"]]) for point in points)
    app.session_state["map_split"] = {"selection": {"points": points, "point_indices": [], "box": [], "lasso": []}}
    app.run()
    assert shown_rows(app) == rows
    app.selectbox(key="cluster").set_value(name_of(rows[0] % 8, model, faces)).run()
    assert shown_rows(app) == [row for row in rows if row % 8 == rows[0] % 8]


def test_faces_are_edited(open_page, faces, model):
    """Some of the page, or all that are shown; the wall says so; the reason tells the map."""
    app = open_page("audit", view="Map", cluster=name_of(2, model, faces))
    app.multiselect(key="map_rows").set_value([2, 10]).run()
    app.button(key="exclude-map").click().run()
    assert not app.exception
    assert Draft(faces).excluded == (2, 10)
    app.multiselect(key="map_rows").set_value([]).run()
    app.button(key="exclude-map").click().run()
    draft = Draft(faces)
    assert draft.excluded == tuple(range(2, len(faces), 8))
    assert draft.commands[-1].why.startswith("map of mine: in cluster 3")


def test_chosen_faces_stay_chosen_on_another_page_and_go_with_their_cluster(open_page, faces, model):
    """Who turns a page still edits the chosen ones, and not all; of another cluster none is chosen yet."""
    app = open_page("audit", view="Map", cluster=name_of(2, model, faces))
    app.multiselect(key="map_rows").set_value([2, 10]).run()
    app.session_state["faces_page"] = 2
    app.run()
    assert app.multiselect(key="map_rows").value == [2, 10]
    app.multiselect(key="map_rows").set_value([2, 2 + 48 * 8]).run()
    assert app.multiselect(key="map_rows").value == [2, 2 + 48 * 8]
    app.selectbox(key="cluster").set_value(name_of(0, model, faces)).run()
    assert app.multiselect(key="map_rows").value == []
    assert app.multiselect(key="map_rows").options[0] == "0"


@pytest.mark.parametrize("colour", ["label", "prediction", "split", "cluster"])
def test_every_colouring_opens_from_a_link(open_page, model, colour):
    """The choice is the link's; without votes agreement isn't offered."""
    app = open_page("audit", view="Map", colour=colour)
    assert app.session_state["colour"] == colour
    assert f"Map by mine: {colour}" in app.get("plotly_chart")[0].proto.spec


def test_it_opens_with_the_best_model(open_page, faces, model):
    """And not with the one that was saved last."""
    save_model("newer", faces, skill=0.1)
    assert open_page("audit", view="Map").selectbox(key="model").value == "mine"


def test_without_a_model(open_page, said):
    """It is said what to do."""
    assert "There is no trained model yet" in said(open_page("audit", view="Map"))


def test_the_first_map_is_drawn_on_demand(open_page, said, faces):
    """Told how long it takes, drawn at a click from the embeddings, and there at once afterwards."""
    model = save_model("mine", faces)
    path = kept_as("embeddings", model, faces)
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = 5 * np.eye(7)[faces.emotion] + np.random.default_rng(0).normal(size=(len(faces), 7))
    np.savez(path, **vars(Embeddings(vectors.astype(np.float32), np.eye(7, dtype=np.float32)[faces.emotion][:, :6])))
    app = open_page("audit", view="Map")
    assert "There is no map of these 778 faces by mine yet" in said(app)
    app.button(key="draw_map").click().run()
    assert not app.exception
    finish(model, faces)
    app.run()
    assert not app.exception
    names = app.selectbox(key="cluster").options[1:]
    assert {name.split(": ")[1].split(",")[0] for name in names} == set(EMOTIONS)


def test_a_map_that_cannot_be_drawn_is_told(open_page, said, faces):
    """In the box for errors, in one line, above the button that tries again."""
    model = save_model("mine", faces)
    app = open_page("audit", view="Map")
    app.button(key="draw_map").click().run()
    finish(model, faces)
    app.run()
    assert "model 'mine': expected model.keras to be a file that Keras" in said(app)
    assert not app.button(key="draw_map").disabled


def test_how_far_it_is(open_page, faces):
    """While the process is at work: the faces that are looked at, of how many; it can be stopped."""
    model = save_model("mine", faces)
    path = kept_as("atlas", model, faces)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(vars(Drawing(0, 256, 778, 10.0))))
    with FileLock(path.with_suffix(".lock")):
        app = open_page("audit", view="Map")
        assert app.get("progress")[0].proto.text.startswith("256 of 778 faces looked at, about 20 seconds left")
        assert [button.label for button in app.button if button.key == "stop_map"] == ["Stop"]


def finish(model, faces) -> None:
    """Wait for the worker to end."""
    while is_drawing(model, faces):
        time.sleep(0.1)
