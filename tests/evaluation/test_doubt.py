"""The ranking of labels, on probabilities made by hand and on the drawn faces."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from flipped import flip, flips_found
from scipy.stats import binomtest

from fer_core.data.copies import Copies
from fer_core.data.dataset import FaceDataset
from fer_core.evaluation.doubt import contradiction, rank_labels, with_copies
from fer_core.evaluation.doubt_figures import contradiction_line
from fer_core.labels import EMOTIONS, VOTES, get_scheme
from fer_core.paths import ROOT

STUDY = get_scheme("study")
ANGRY, DISGUST, FEAR, HAPPY, SAD, SURPRISE, NEUTRAL = range(7)


def faces_of(emotion, votes: list[dict[str, int]] | None = None) -> FaceDataset:
    """Black Training faces of these emotion codes; `votes` says how many annotators chose what."""
    n = len(emotion)
    counts = None
    if votes is not None:
        counts = np.array([[face.get(choice, 0) for choice in VOTES] for face in votes], np.uint8)
    usage = np.full(n, "Training", "<U11")
    return FaceDataset(np.zeros((n, 48, 48), np.uint8), np.array(emotion, np.int8), usage, counts, "made", "0" * 64)


def sure_of(classes: np.ndarray, k: int = 6, sure: float = 0.9) -> np.ndarray:
    """Probabilities of who gives `sure` to these classes and shares the rest."""
    y_prob = np.full((len(classes), k), (1 - sure) / (k - 1))
    y_prob[np.arange(len(classes)), classes] = sure
    return y_prob


def ranked(faces: FaceDataset, y_prob: np.ndarray, pairs=(), scheme=STUDY) -> pd.DataFrame:
    """The ranking of all faces, of which these pairs of rows are near copies and no others."""
    near = np.array(pairs, np.int64).reshape(-1, 2)
    n = len(faces)
    copies = Copies(np.arange(n), near, np.full(len(near), 0.95, np.float32), np.full(n, 50, np.float32))
    return rank_labels(faces, scheme, np.arange(n), y_prob, copies)


@pytest.fixture
def flipped():
    """300 faces of six classes, 20 of them flipped, whose models are right with varying certainty."""
    right = np.arange(300) % 6
    labels = flip(right, 20, seed=1)
    sure = np.random.default_rng(0).uniform(0.87, 0.95, 300)
    y_prob = np.vstack([sure_of(right[[i]], sure=sure[i]) for i in range(300)])
    codes = np.array([EMOTIONS.index(label) for label in STUDY.labels])
    return faces_of(codes[labels]), y_prob, np.flatnonzero(labels != right), right


def test_known_flips_come_first(flipped):
    """They stand first with their old labels suggested; issues are the head, about as many as were flipped."""
    dataset, y_prob, rows, right = flipped
    ranking = ranked(dataset, y_prob)
    assert set(ranking["row"][:20]) == set(rows)
    assert 18 <= ranking["is_issue"].sum() <= 20
    assert ranking["is_issue"].head(18).all()
    assert list(ranking["suggested"]) == [STUDY.labels[right[row]] for row in ranking["row"]]
    assert flips_found(ranking, rows, first=20) == 20
    assert flips_found(ranking, rows, first=5) == 5


def test_the_score_is_the_label_s_probability(flipped):
    """Self-confidence: what the models give to the label, ascending."""
    dataset, y_prob, *_ = flipped
    ranking = ranked(dataset, y_prob)
    np.testing.assert_allclose(ranking["score"], ranking["p_label"])
    assert ranking["score"].is_monotonic_increasing
    assert not ranking["row"].duplicated().any()


def test_reason_in_words():
    """What the model gives to the label and to its suggestion, and what annotators chose."""
    votes = [{"Surprise": 8, "Fear": 1, "Unknown": 1}, {"Happy": 10}]
    y_prob = np.array([[0.02, 0.03, 0.02, 0.01, 0.91, 0.01], [0.001, 0.001, 0.99, 0.002, 0.003, 0.003]])
    ranking = ranked(faces_of([FEAR, HAPPY], votes), y_prob)
    assert list(ranking["reason"]) == [
        "Models: Fear 3 %, Surprise 91 %; of 10 annotators 8 chose Surprise, 1 Fear.",
        "Models: Happy 99 %; of 10 annotators 10 chose Happy.",
    ]


def test_copies_weigh_as_often_as_such_labels_meet():
    """By hand: three pairs of 0 and 0, one of 0 and 1. Of 8 copies of a 0 6.5 are a 0, of 2 of a 1 1.5."""
    label = np.array([0, 0, 0, 0, 0, 0, 0, 1, 1])
    pairs = np.array([(0, 1), (2, 3), (4, 5), (6, 7)])
    face, copy = np.concatenate([pairs, pairs[:, ::-1]]).T
    given = np.tile([0.4, 0.6], (9, 1))
    y_prob = with_copies(given, label, face, copy)
    beside_a_0 = np.array([0.4 * 6.5 / 8, 0.6 * 1.5 / 2])
    beside_a_1 = np.array([0.4 * 1.5 / 8, 0.6 * 0.5 / 2])
    np.testing.assert_allclose(y_prob[[0, 5, 7]], np.tile(beside_a_0 / beside_a_0.sum(), (3, 1)))
    np.testing.assert_allclose(y_prob[6], beside_a_1 / beside_a_1.sum())
    np.testing.assert_allclose(y_prob[8], given[8])  # without a copy


def test_several_copies_weigh_as_their_mean():
    """Two copies with one label say no more than one of them, as it may be taken from there."""
    label = np.array([0, 0, 0, 1, 1])
    face, copy = np.array([(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1), (3, 4), (4, 3)]).T
    y_prob = with_copies(np.tile([0.3, 0.7], (5, 1)), label, face, copy)
    beside_a_0 = np.array([0.3 * 6.5 / 7, 0.7 * 0.5 / 3])
    np.testing.assert_allclose(y_prob[0], beside_a_0 / beside_a_0.sum())


def test_a_label_that_its_copies_contradict_comes_first():
    """Nothing tells the faces apart to the models; one of a group of three carries another label."""
    faces = faces_of([FEAR, FEAR, SAD, *[FEAR, SAD] * 20])
    pairs = [(0, 1), (0, 2), (1, 2), *((row, row + 2) for row in range(3, 41))]
    y_prob = np.tile([0.02, 0.45, 0.02, 0.45, 0.03, 0.03], (len(faces), 1))
    first = ranked(faces, y_prob, pairs).iloc[0]
    assert (first["row"], first["suggested"], first["copies"], first["agreeing"]) == (2, "Fear", 2, 0)
    assert first["reason"].startswith("Models and 2 copies, none labelled Sad: Sad ")


def test_copies_that_are_not_ranked_say_nothing():
    """Those of another class than the scheme's, or left out of a version."""
    faces = faces_of([FEAR, HAPPY, DISGUST])
    copies = Copies(np.arange(3), np.array([(0, 2)]), np.ones(1, np.float32), np.full(3, 50, np.float32))
    ranking = rank_labels(faces, STUDY, np.arange(2), sure_of(np.array([1, 2])), copies)
    assert not ranking["copies"].any()
    np.testing.assert_allclose(ranking["p_label"], 0.9)


@pytest.mark.parametrize(
    ("p_fear", "said"),
    [
        (0.0004, "Fear under 0.1 %, Surprise 100.0 %"),
        (0.004, "Fear 0.4 %, Surprise 99.6 %"),
        (0.4, "Fear 40 %, Surprise 60 %"),
    ],
)
def test_small_probabilities_are_not_told_as_none(p_fear, said):
    """A decimal where whole percents would say 0 or 100."""
    y_prob = np.array([[0, p_fear, 0, 0, 1 - p_fear, 0], *sure_of(np.array([2]))])
    ranking = ranked(faces_of([FEAR, HAPPY]), y_prob)
    assert ranking.set_index("row")["reason"][0] == f"Models: {said}."


def test_majority_of_annotators():
    """Another choice with more votes contradicts, one with as many doesn't, none is known without a vote."""
    votes = [{"Sad": 6, "Fear": 4}, {"Neutral": 5, "Fear": 5}, {"Contempt": 3, "Fear": 2}, {}, {"Happy": 1}]
    dataset = faces_of([FEAR] * 4 + [HAPPY], votes)
    ranking = ranked(dataset, sure_of(np.array([1, 1, 1, 1, 2])))
    by_row = ranking.set_index("row").sort_index()
    assert list(by_row["majority"]) == ["Sad", "Fear", "Contempt", "", "Happy"]
    assert by_row["contradicted"].tolist() == [True, False, True, pd.NA, False]


def test_votes_for_a_class_of_several_emotions_are_summed():
    """Three annotators who see three negative expressions outvote two who see a happy one."""
    dataset = faces_of([SAD, HAPPY], [{"Sad": 1, "Fear": 1, "Angry": 1, "Happy": 2}] * 2)
    ranking = ranked(dataset, sure_of(np.array([0, 1]), k=2), scheme=get_scheme("valence"))
    assert dict(zip(ranking["label"], ranking["contradicted"], strict=True)) == {"Negative": False, "Positive": True}


def test_without_votes_nothing_is_contradicted_or_not(flipped):
    """Unknown stays unknown, in the columns and in the counts."""
    dataset, y_prob, *_ = flipped
    ranking = ranked(dataset, y_prob)
    assert ranking["contradicted"].isna().all()
    assert set(ranking["majority"]) == {""}
    against = contradiction(ranking, [10])
    assert list(against["n"]) == [0, 0]
    assert against[["share", "low", "high"]].isna().all(axis=None)


def test_contradiction_counts_by_hand():
    """Of the first two both, of all four half; with Wilson's intervals as scipy has them."""
    votes = [{"Sad": 9}, {"Sad": 9}, {"Fear": 9}, {"Happy": 9}]
    y_prob = sure_of(np.array([3, 3, 1, 2]))
    ranking = ranked(faces_of([FEAR, FEAR, FEAR, HAPPY], votes), y_prob)
    against = contradiction(ranking, [2, 99])
    assert against[["first", "n", "contradicted", "share"]].to_numpy().tolist() == [[2, 2, 2, 1], [4, 4, 2, 0.5]]
    for row in against.itertuples():
        expected = binomtest(row.contradicted, row.n).proportion_ci(method="wilson")
        np.testing.assert_allclose([row.low, row.high], expected)
    assert contradiction_line(against).layout.title.text.endswith("(4 faces)")


def test_a_face_of_no_class_is_refused():
    """Disgust is no class of the study."""
    with pytest.raises(ValueError, match="found 1 others"):
        ranked(faces_of([DISGUST, HAPPY]), sure_of(np.array([1, 2])))


def test_flip_changes_so_many_to_another_class():
    """Each flipped label is another class; the same seed flips the same; the original stays."""
    labels = np.arange(600) % 6
    before = labels.copy()
    flipped = flip(labels, 50, seed=3)
    assert (flipped != labels).sum() == 50
    assert set(flipped) == set(range(6))
    np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(flipped, flip(labels, 50, seed=3))
    assert (flipped != flip(labels, 50, seed=4)).any()
    np.testing.assert_array_equal(flip(labels, 0, seed=3), labels)


@pytest.mark.parametrize(("labels", "n"), [([0, 0], 1), ([0, 1], 3), ([], 0)])
def test_flips_that_cannot_be_are_refused(labels, n):
    """One class has no other; more flips than labels."""
    with pytest.raises(ValueError, match="expected two classes or more"):
        flip(np.array(labels, int), n, seed=0)


def test_importing_costs_no_cleanlab():
    """Whoever only imports the module doesn't wait for the library."""
    code = "import sys, fer_core.evaluation.doubt; sys.exit('cleanlab' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_among_equals_the_label_counts_wherever_it_stands():
    """Neutral stands last of the classes, and nobody contradicts it by as many votes."""
    faces = faces_of([NEUTRAL, HAPPY], [{"Neutral": 5, "Fear": 5}, {"Happy": 9}])
    ranking = ranked(faces, sure_of(np.array([5, 2])))
    assert ranking.set_index("row")["majority"][0] == "Neutral"
    assert not ranking["contradicted"].any()
