"""The map of drawn embeddings whose groups are known; its tables against scikit-learn and by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from saved import save_model
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from fer_core.data import load_dataset
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation import atlas as atlases
from fer_core.evaluation.atlas import (
    COLOURINGS,
    Atlas,
    cluster_agreement,
    cluster_table,
    colouring,
    find_atlas,
    is_known,
    majority_emotion,
    measure_atlas,
)
from fer_core.evaluation.atlas_figures import atlas_map, drawn_rows
from fer_core.evaluation.embeddings import Embeddings, kept_as
from fer_core.labels import COLOURS, EMOTIONS, VOTES


@pytest.fixture
def drawn():
    """The drawn faces, each with ten votes: nine for its label, and one for Contempt."""
    dataset = load_dataset("demo")
    votes = np.zeros((len(dataset), 10), np.uint8)
    votes[np.arange(len(dataset)), [VOTES.index(EMOTIONS[code]) for code in dataset.emotion]] = 9
    votes[:, VOTES.index("Contempt")] = 1
    return replace(dataset, votes=votes)


def by_label(dataset) -> Embeddings:
    """Faces of a label around a place of their own, and a model that is always right but knows no Disgust."""
    rng = np.random.default_rng(0)
    vectors = 20 * np.eye(7, 12)[dataset.emotion] + rng.normal(size=(len(dataset), 12))
    return Embeddings(vectors.astype(np.float32), np.eye(7, dtype=np.float32)[dataset.emotion][:, [0, 2, 3, 4, 5, 6]])


@pytest.fixture
def known(drawn):
    """A saved model, and its embeddings where they are kept: no network is asked."""
    model = save_model("mine", drawn)
    path = kept_as("embeddings", model, drawn)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **vars(by_label(drawn)))
    return model


def test_groups_are_found_and_lie_apart(drawn):
    """Seven groups become clusters of one label each, the largest first; next in the map is one of the same."""
    found = measure_atlas(by_label(drawn))
    assert (found.points.shape, found.points.dtype) == ((len(drawn), 2), np.float32)
    assert all(len(set(drawn.emotion[found.cluster == index])) == 1 for index in range(8))
    assert (np.diff(np.bincount(found.cluster)) <= 0).all()
    assert nearest_are_alike(found.points, drawn.emotion) > 0.99


def test_faces_beyond_the_landmarks_lie_among_their_like(drawn, monkeypatch):
    """Of 778 faces 200 are landmarks: the others lie beside faces of their group; every time in the same place."""
    monkeypatch.setattr(atlases, "LANDMARKS", 200)
    found, again = measure_atlas(by_label(drawn)), measure_atlas(by_label(drawn))
    assert nearest_are_alike(found.points, drawn.emotion) > 0.99
    np.testing.assert_array_equal(found.points, again.points)
    np.testing.assert_array_equal(found.cluster, again.cluster)


def nearest_are_alike(points: np.ndarray, groups: np.ndarray) -> float:
    """The share of points whose nearest other one is of their group."""
    distance = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(np.full(len(points), np.inf))
    return (groups[distance.argmin(axis=1)] == groups).mean()


def test_kept_for_the_second_time(drawn, known):
    """The map is of this network and these faces, whatever their labels; neither embeddings nor network are read."""
    assert not is_known(known, drawn)
    first = find_atlas(known, drawn)
    assert is_known(known, drawn)
    kept_as("embeddings", known, drawn).unlink()
    second = find_atlas(known, replace(drawn, version="another"))
    for name in ("points", "cluster", "predicted"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert not is_known(known, replace(drawn, fingerprint="0" * 64))


def test_too_few_or_equal_faces_are_refused(drawn, known):
    """In one line each."""
    few = replace(drawn, emotion=drawn.emotion[:50], fingerprint="1" * 64)
    with pytest.raises(DatasetError, match="expected at least 100 faces for a map, found 50"):
        find_atlas(known, few)
    with pytest.raises(ModelError, match="differ in two values or more between faces, found 0"):
        measure_atlas(Embeddings(np.ones((200, 4), np.float32), np.ones((200, 6), np.float32)))


def hand_made(drawn):
    """Eight faces in two clusters: Happy, Happy, Sad, Sad – one voted Happy – four Happy, voted Neutral or not."""
    codes = np.array([3, 3, 4, 4, 3, 3, 3, 3], np.int8)
    seen = ["Happy", "Happy", "Sad", "Happy", "Neutral", "Neutral", "Contempt", None]
    votes = np.zeros((8, 10), np.uint8)
    for row, name in enumerate(seen):
        if name:
            votes[row, VOTES.index(name)] = 6
            votes[row, VOTES.index("Angry")] = 4
    usage = np.array(["Training", "PublicTest"] * 4)
    faces = replace(drawn, emotion=codes, usage=usage, votes=votes, images=drawn.images[:8])
    return faces, np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int8)


def test_clusters_by_hand(drawn):
    """Name, size, majority, its share; what the annotators see in those with an emotion for majority."""
    faces, cluster = hand_made(drawn)
    table = cluster_table(cluster, faces)
    assert table["name"].tolist() == ["1: Happy, 50 %", "2: Happy, 100 %"]
    assert table[["n", "n_seen"]].to_numpy().tolist() == [[4, 4], [4, 2]]
    assert table["seen"].tolist() == ["Happy", "Neutral"]
    assert table[["share", "seen_share", "agree"]].to_numpy().tolist() == [[0.5, 0.75, 0.75], [1, 1, 0]]
    without = cluster_table(cluster, replace(faces, votes=None))
    assert list(without) == ["cluster", "name", "n", "majority", "share"]


def test_agreement_is_scikit_learns(drawn):
    """Of labels and of the annotators' majorities, on all faces, on Training and on the rest, with n."""
    faces, cluster = hand_made(drawn)
    table = cluster_agreement(cluster, faces).set_index(["labels", "faces"])
    assert table["n"].to_dict() == {
        ("CSV", "all"): 8,
        ("CSV", "Training"): 4,
        ("CSV", "not Training"): 4,
        ("annotators", "all"): 6,
        ("annotators", "Training"): 3,
        ("annotators", "not Training"): 3,
    }
    assert table.loc[("CSV", "all"), "nmi"] == normalized_mutual_info_score(faces.emotion, cluster)
    assert table.loc[("CSV", "all"), "ari"] == adjusted_rand_score(faces.emotion, cluster)
    training = slice(0, 8, 2)
    assert table.loc[("CSV", "Training"), "ari"] == adjusted_rand_score(faces.emotion[training], cluster[training])
    seen = [3, 3, 4, 3, 6, 6]
    assert table.loc[("annotators", "all"), "nmi"] == normalized_mutual_info_score(seen, cluster[:6])


def test_majority_of_the_annotators():
    """The first of equals; none where most say Contempt, or nobody says anything."""
    votes = np.zeros((4, 10), np.uint8)
    votes[0, [VOTES.index("Sad"), VOTES.index("Angry")]] = 5
    votes[1, VOTES.index("Contempt")], votes[1, VOTES.index("Sad")] = 6, 4
    votes[2, [VOTES.index("Contempt"), VOTES.index("Sad")]] = 5
    assert majority_emotion(votes).tolist() == [0, -1, 4, -1]


@pytest.mark.parametrize("by", COLOURINGS)
def test_colourings(by, drawn):
    """Each face is in the group that it belongs to."""
    n, model = len(drawn), save_model("mine", drawn)
    turns = np.arange(n, dtype=np.int8) % 6
    found = Atlas(np.zeros((n, 2), np.float32), turns, turns)
    groups = colouring(by, found, model, drawn)
    face = 5
    expected = {
        "label": EMOTIONS[drawn.emotion[face]],
        "prediction": model.labels[5],
        "split": drawn.usage[face],
        "cluster": cluster_table(found.cluster, drawn)["name"][5],
        "agreement": "80 % or more",
    }
    assert groups[face] == expected[by]
    assert not groups.isna().any()


def test_shares_of_annotators_at_their_edges(drawn):
    """None, one of ten, five, seven, eight, and no votes at all."""
    votes = np.zeros((6, 10), np.uint8)
    votes[:5, VOTES.index("Happy")] = [0, 1, 5, 7, 8]
    votes[:5, VOTES.index("Unknown")] = [10, 9, 5, 3, 2]
    faces = replace(drawn, emotion=np.full(6, EMOTIONS.index("Happy"), np.int8), votes=votes)
    nothing = Atlas(np.zeros((6, 2), np.float32), np.zeros(6, np.int8), np.zeros(6, np.int8))
    groups = colouring("agreement", nothing, save_model("mine", drawn), faces)
    expected = ["none", "under half", "half or more", "half or more", "80 % or more", "no votes"]
    assert groups.tolist() == expected
    with pytest.raises(ValueError, match="unknown colouring 'age': expected one of label, prediction"):
        colouring("age", nothing, None, faces)


def test_the_picture_has_every_face_once(drawn):
    """In its group's trace and colour, the largest group first, as `drawn_rows` says; names stand at the clusters."""
    points = np.arange(12, dtype=np.float32).reshape(6, 2)
    groups = pd.Categorical(["Sad", "Happy", "Happy", "Sad", "Happy", "Sad"], ["Happy", "Sad", "Fear"])
    cluster = np.array([0, 0, 0, 1, 1, 1])
    figure = atlas_map(points, groups, cluster, ["1: Happy, 66 %", "2: Sad, 66 %", "3: none"], "Map")
    rows = drawn_rows(groups)
    assert [one.tolist() for one in rows] == [[1, 2, 4], [0, 3, 5]]
    for trace, of_trace, name in zip(figure.data, rows, ("Happy", "Sad"), strict=True):
        assert (trace.name, trace.marker.color, trace.type) == (name, COLOURS[name], "scattergl")
        np.testing.assert_array_equal(np.column_stack([trace.x, trace.y]), points[of_trace])
    assert [(label.text, label.x, label.y, label.visible) for label in figure.layout.annotations] == [
        ("1: Happy", 2, 3, True),
        ("2: Sad", 8, 9, True),
        ("3: none", None, None, False),
    ]
    assert figure.layout.title.text == "Map (6 faces)"


def test_thirty_six_thousand_points_are_small():
    """They go as binary float32 and without words: half a megabyte, where numbers as text would be two."""
    rng, n = np.random.default_rng(0), 35_887
    points = rng.normal(size=(n, 2)).astype(np.float32)
    groups = pd.Categorical.from_codes(rng.integers(7, size=n), list(EMOTIONS))
    figure = atlas_map(points, groups, rng.integers(8, size=n), [str(k) for k in range(8)], "Map")
    assert len(figure.to_json()) < 600_000


@pytest.mark.real
def test_the_shipped_map_of_fer2013_is_about_people(real_dataset):
    """98.3 % of the faces have an emotion for majority, 64 % of all the label's."""
    seen = majority_emotion(real_dataset.votes)
    assert (seen != atlases.NO_EMOTION).mean() == pytest.approx(0.983, abs=0.001)
    assert (seen == real_dataset.emotion).mean() == pytest.approx(0.637, abs=0.001)
