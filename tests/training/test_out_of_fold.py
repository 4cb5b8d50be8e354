"""Out-of-fold probabilities: who may judge which face, and how the work stands while its runs come and go."""

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from following import wait_until, worker_of

from fer_core import store
from fer_core.data.copies import deal, find_copies
from fer_core.data.versions import Version, save_version
from fer_core.errors import RunError
from fer_core.evaluation.scoring import predict_dataset, probabilities
from fer_core.integrity import CURVES
from fer_core.labels import EMOTIONS, VOTES, get_scheme
from fer_core.training import doubt
from fer_core.training.config import PRESETS
from fer_core.training.data import gather, training_rows
from fer_core.training.saving import save_trained

STUDY = get_scheme("study")
TINY = {"width": 4, "epochs": 1}


@pytest.fixture
def tiny():
    """Two folds of the smallest network."""
    return doubt.fold_config("quick", 2, **TINY)


def pretend_trained(dataset, config) -> list[store.SavedModel]:
    """The runs of all folds with networks that learned nothing: their constant answers tell them apart."""
    import keras

    models = []
    for number, model in enumerate(doubt.create(dataset, config)):
        faces = keras.Input((48, 48, 1))
        head = keras.layers.Dense(len(STUDY), activation="softmax")
        network = keras.Model(faces, head(keras.layers.GlobalAveragePooling2D()(faces)))
        head.set_weights([np.zeros((1, 6)), np.eye(6)[number] * 5])
        predictions = predict_dataset(network, dataset, STUDY)
        curves = dict.fromkeys([*CURVES, *(f"val_recall_{label}" for label in STUDY.labels)], 1)
        pd.DataFrame([curves]).to_csv(model.folder / "history.csv", index=False)
        rows = {"train": len(training_rows(dataset, replace(config, fold=number))), "left_out": 0}
        models.append(save_trained(model, network, predictions, pixels={"mean": 0.5, "std": 0.25}, rows=rows))
    return models


def keep_answers(dataset, config, rows: np.ndarray, y_prob: np.ndarray) -> None:
    """As if the folds of `config` had been asked, and had answered `y_prob`."""
    path = doubt._file(dataset, config)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, rows=rows, y_prob=y_prob.astype(np.float32))


def copies_among(copies, row: int, rows: np.ndarray) -> np.ndarray:
    """Those of `rows` that show the same photograph as `row`, itself among them; by the measured pairs alone."""
    i, j = copies.near.T
    near = {row, *i[j == row], *j[i == row], *np.flatnonzero(copies.first == copies.first[row])}
    return np.intersect1d(rows, list(near))


def test_no_face_is_judged_by_a_model_that_saw_it_or_its_copy(drawn):
    """Each answer is the mean of those models whose training rows hold neither the face nor any copy of it."""
    config = doubt.fold_config("quick", 3, **TINY)
    models = pretend_trained(drawn, config)
    rows, y_prob = doubt.collect(drawn, config)
    copies = find_copies(drawn)
    learned = [training_rows(drawn, replace(config, fold=fold)) for fold in range(3)]
    answer = [probabilities(store.load_network(model), drawn.images, np.array([0]))[0] for model in models]
    heard = []
    for row, found in zip(rows, y_prob, strict=True):
        judges = [fold for fold in range(3) if found[fold] > 1.5 * found[5]]  # which nobody answers
        heard.append(len(judges))
        np.testing.assert_allclose(found, np.mean([answer[fold] for fold in judges], axis=0), atol=1e-5)
        for fold in judges:
            assert not len(copies_among(copies, row, learned[fold])), f"row {row} was seen in fold {fold}"
    training = drawn.usage[rows] == "Training"
    assert set(np.array(heard)[training]) == {1}
    assert set(np.array(heard)[~training]) == {1, 3}
    np.testing.assert_array_equal(y_prob[training].argmax(1), deal(copies, 3)[rows[training]])


def test_every_face_with_a_class_is_judged(drawn, tiny):
    """All Usages, ascending, without Disgust; probabilities sum to 1."""
    pretend_trained(drawn, tiny)
    rows, y_prob = doubt.collect(drawn, tiny)
    np.testing.assert_array_equal(rows, np.flatnonzero(STUDY.classes(drawn.emotion) >= 0))
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-5)


def test_answers_outlive_their_models(drawn, tiny):
    """Once collected they are read back, whatever became of the runs; other labels or settings are other work."""
    for model in pretend_trained(drawn, tiny):
        assert model.id.startswith(f"doubt-{drawn.fingerprint[:6]}-")
        assert model.tags == ("doubt",)
    first = doubt.collect(drawn, tiny)
    for model in doubt.progress(drawn, tiny).runs:
        model.folder.rename(model.folder.with_name(f".{model.id}"))
    at = doubt.progress(drawn, tiny)
    assert (at.state, at.trained) == ("ready", 0)
    for one, again in zip(first, doubt.collect(drawn, tiny), strict=True):
        np.testing.assert_array_equal(one, again)
    save_version(Version("better", drawn.fingerprint, {0: 3}))
    for other in (replace(tiny, seed=2), replace(tiny, version="better"), doubt.fold_config("quick", 3, **TINY)):
        assert doubt.progress(drawn, other).state == "none"


def test_a_version_s_labels_are_ranked(drawn, tiny):
    """What a version relabels or leaves out, in whatever split, stands in the ranking so."""
    training, test = (drawn.rows(split, STUDY) for split in ("train", "test"))
    codes = {int(training[0]): 3, int(training[1]): 4, int(test[0]): 5}
    codes = {row: code for row, code in codes.items() if drawn.emotion[row] != code}
    save_version(Version("better", drawn.fingerprint, codes, (int(training[2]), int(test[2]))))
    config = replace(tiny, version="better")
    pretend_trained(drawn, config)
    ranking = doubt.ranking(drawn, {"quick": config}).set_index("row")["label"]
    for row, code in codes.items():
        assert ranking[row] == STUDY.labels[STUDY.classes(np.array([code]))[0]]
    assert not {int(training[2]), int(test[2])} & set(ranking.index)
    assert len(ranking) == (STUDY.classes(drawn.emotion) >= 0).sum() - 2


def test_several_judges_are_weighed_by_how_right_they_are(drawn, tiny):
    """One gives the label half, and is right but for a single face; what the other says has nothing to do with it."""
    other, rows = replace(tiny, seed=2), np.flatnonzero(STUDY.classes(drawn.emotion) >= 0)
    label = STUDY.classes(drawn.emotion[rows])
    wrong = 7
    said = np.where(np.arange(len(rows)) == wrong, (label + 1) % 6, label)
    right = np.where(np.arange(6) == said[:, np.newaxis], 0.5, 0.1)
    for config, y_prob in ((tiny, right), (other, np.random.default_rng(0).dirichlet(np.ones(6), len(rows)))):
        keep_answers(drawn, config, rows, y_prob)
    ranking = doubt.ranking(drawn, {"quick": tiny, "other": other})
    assert ranking.loc[0, "row"] == rows[wrong]
    assert ranking.loc[0, "p_label"] < 0.1
    assert ranking.loc[1:, "p_label"].min() > 0.8


def test_annotators_judge_where_they_are_asked(drawn, tiny):
    """Models that know nothing, and ten annotators who all choose the label of every face but one."""
    rows = np.flatnonzero(STUDY.classes(drawn.emotion) >= 0)
    keep_answers(drawn, tiny, rows, np.random.default_rng(0).dirichlet(np.ones(6), len(rows)))
    chosen = [VOTES.index(EMOTIONS[code]) for code in drawn.emotion]
    wrong = int(drawn.rows("train", STUDY)[7])
    chosen[wrong] = VOTES.index("Sad" if EMOTIONS[drawn.emotion[wrong]] != "Sad" else "Happy")
    voted = replace(drawn, votes=10 * np.eye(len(VOTES), dtype=np.uint8)[chosen])
    votes = {doubt.ANNOTATORS: doubt.fold_config(doubt.ANNOTATORS)}
    for judges, who in ((votes, "Annotators: "), ({"quick": tiny} | votes, "Models and annotators: ")):
        first = doubt.ranking(voted, judges).iloc[0]
        assert (first["row"], first["suggested"]) == (wrong, VOTES[chosen[wrong]])
        assert first["reason"].startswith(who)
    assert doubt.ranking(voted, {"quick": tiny}).loc[0, "row"] != wrong
    voted.votes[wrong] = 0
    assert wrong not in set(doubt.ranking(voted, votes)["row"])
    without = replace(voted, emotion=np.where(drawn.emotion == EMOTIONS.index("Disgust"), 3, drawn.emotion))
    with pytest.raises(RunError, match="expected Training faces of every class of all, found none of Disgust"):
        doubt.ranking(without, {doubt.ANNOTATORS: doubt.fold_config(doubt.ANNOTATORS, scheme="all")})
    with pytest.raises(RunError, match=r"annotators: expected FER\+'s votes of the faces of .*, found none"):
        doubt.ranking(drawn, votes)


def test_too_early(drawn, tiny):
    """Where folds are missing it says how many, and keeps nothing."""
    doubt.create(drawn, tiny)
    with pytest.raises(RunError, match="expected 2 trained folds, found 0"):
        doubt.collect(drawn, tiny)
    assert doubt.progress(drawn, tiny).state == "begun"


@pytest.mark.parametrize(
    "changes", [{"folds": 1}, {"start": "compact"}, {"teachers": ("compact",)}, {"scheme": "none"}]
)
def test_settings_that_would_let_a_model_see_its_faces_are_refused(changes):
    """One fold leaves none out; a parent or a teacher may have seen them all."""
    with pytest.raises(ValueError, match="expected"):
        doubt.fold_config("compact", **changes)


def test_judges_learn_the_votes_of_their_own_faces_only(drawn):
    """Where their preset says so; of the faces that they judge the annotators stay a second opinion."""
    config = doubt.fold_config("compact")
    assert config.votes_weight == PRESETS["compact"].votes_weight > 0
    learned = training_rows(drawn, config)
    votes = np.ones((len(drawn), len(VOTES)), np.uint8)
    votes[learned] = 0
    assert not gather(replace(drawn, votes=votes), learned, "study").votes.any()


def test_other_votes_are_other_work(drawn, tiny):
    """For judges that learn from them; for others they are none."""
    voted = replace(drawn, votes=np.ones((len(drawn), len(VOTES)), np.uint8))
    learning = replace(tiny, votes_weight=0.5)
    assert doubt.key(drawn, learning) != doubt.key(voted, learning)
    assert doubt.key(drawn, replace(tiny, votes_weight=0)) == doubt.key(voted, replace(tiny, votes_weight=0))


def test_damaged_answers_are_asked_for_again(drawn, tiny):
    """Also where the runs are gone: what can't be read is no answer, and the folds can be trained anew."""
    models = pretend_trained(drawn, tiny)
    _, y_prob = doubt.collect(drawn, tiny)
    path = doubt._file(drawn, tiny)
    path.write_bytes(path.read_bytes()[:500])
    np.testing.assert_array_equal(doubt.collect(drawn, tiny)[1], y_prob)
    path.write_bytes(path.read_bytes()[:500])
    for model in models:
        shutil.rmtree(model.folder)
    with pytest.raises(RunError, match="expected 2 trained folds, found 0"):
        doubt.collect(drawn, tiny)
    assert doubt.progress(drawn, tiny).state == "none"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_and_gone_on_with(drawn):
    """None, training, begun after a kill, trained, ready: what was done is not done again."""
    config = doubt.fold_config("quick", 2, width=4, epochs=3)
    assert doubt.progress(drawn, config).state == "none"
    doubt.start(drawn, config)
    assert doubt.progress(drawn, config).state == "training"
    wait_until(lambda: doubt.progress(drawn, config).trained)
    done = [run for run in doubt.progress(drawn, config).runs if run.trained]
    for run in doubt.progress(drawn, config).busy:
        os.kill(worker_of(run), signal.SIGKILL)
    wait_until(lambda: not doubt.progress(drawn, config).busy)
    at = doubt.progress(drawn, config)
    assert at.state in ("begun", "trained")
    doubt.start(drawn, config)
    wait_until(lambda: doubt.progress(drawn, config).state == "trained")
    for run in done:
        assert store.open_trained(run.id).record == run.record
    ranking = doubt.ranking(drawn, {"quick": config})
    assert doubt.progress(drawn, config).state == "ready"
    assert len(ranking) == (STUDY.classes(drawn.emotion) >= 0).sum()


def test_two_tabs_that_ask_at_once_get_the_same_folds(drawn, tiny):
    """None of them is told that a name is taken."""
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: [run.id for run in doubt.create(drawn, tiny)], range(4)))
    assert made == [made[0]] * 4
    assert len(store.list_models()) == 2
