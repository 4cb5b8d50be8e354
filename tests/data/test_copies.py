import numpy as np
import pytest

from fer_core.data.copies import (
    LOWEST,
    NEAR,
    audit,
    clean_training_rows,
    copies_of,
    find_copies,
    leak_between,
    measure_copies,
    near_pairs,
    spare_rows,
)
from fer_core.data.cosine import ROUNDING, _coarse, _vectors
from fer_core.data.dataset import FaceDataset, fingerprint_of
from fer_core.data.rows import row_table
from fer_core.labels import EMOTIONS, get_scheme
from fer_core.paths import data_dir

STUDY = get_scheme("study")
HAPPY, SAD, DISGUST = (EMOTIONS.index(name) for name in ("Happy", "Sad", "Disgust"))


def blobs(n: int, seed: int = 0) -> np.ndarray:
    """Different pictures without fine detail, uint8 `(n, 48, 48)`."""
    coarse = np.random.default_rng(seed).integers(30, 220, (n, 8, 8), np.uint8)
    return coarse.repeat(6, axis=1).repeat(6, axis=2)


def dataset(images: np.ndarray, emotion: list[int], usage: list[str]) -> FaceDataset:
    codes, names = np.array(emotion, np.int8), np.array(usage, "<U11")
    return FaceDataset(images, codes, names, None, "test", fingerprint_of(images, codes, names))


@pytest.fixture
def copied() -> FaceDataset:
    """Ten rows over six pictures; the comments tell what each is."""
    a, b, c, d, e, f = blobs(6)
    rows = [
        (a, HAPPY, "Training"),  # 0 leaks into 1 and 2
        (a, HAPPY, "PublicTest"),  # 1
        (a + 20, SAD, "PrivateTest"),  # 2 near copy of 0: brighter
        (b, SAD, "Training"),  # 3 the one kept of 3 and 4
        (b + 20, SAD, "Training"),  # 4
        (c, SAD, "Training"),  # 5 conflicts with 6
        (c, HAPPY, "Training"),  # 6
        (np.full((48, 48), 9), SAD, "Training"),  # 7 blank
        (d, DISGUST, "Training"),  # 8 no class of the study
        (e, HAPPY, "PublicTest"),  # 9 nobody's copy
        (f, HAPPY, "Training"),  # 10 kept
    ]
    images, emotion, usage = zip(*rows, strict=True)
    return dataset(np.stack(images).astype(np.uint8), list(emotion), list(usage))


def test_audit_counts_what_was_planted(copied):
    """Two exact groups, one across splits, one in conflict; a brighter picture is a near leak, never an exact one."""
    found = audit(copied)
    assert found.to_json() == {
        "exact_groups": 2,
        "exact_redundant": 2,
        "cross_split_groups": 1,
        "conflicting_groups": 1,
        "blank": 1,
        "nearly_blank": 0,
        "near_pairs": 3,
        "threshold": NEAR,
        "leaked": {"PublicTest": {"exact": [1], "near": []}, "PrivateTest": {"exact": [], "near": [2]}},
    }
    assert [rows.tolist() for rows in found.groups] == [[0, 1], [5, 6]]
    assert [rows.tolist() for rows in found.conflicts] == [[5, 6]]
    assert found.blank_rows.tolist() == [7]
    assert found.leak.dtype == "<U5"
    assert found.leak.tolist() == ["", "exact", "near", *[""] * 8]


def test_clean_training_rows_keep_one_honest_face_each(copied):
    """Leaked, blank, conflicting and foreign-class rows go; the first of two near copies stays."""
    assert clean_training_rows(copied, STUDY).tolist() == [3, 10]


def test_conflict_is_judged_by_class():
    """Angry and Sad under one picture contradict each other as emotions, not as valence."""
    picture = blobs(1)
    both = dataset(np.concatenate([picture, picture]), [EMOTIONS.index("Angry"), SAD], ["Training"] * 2)
    assert clean_training_rows(both, STUDY).tolist() == []
    assert clean_training_rows(both, get_scheme("valence")).tolist() == [0]


def test_chain_links_through_a_third_picture():
    """Where 0 is like 1 and 1 is like 2, all three are one chain even if 0 is not like 2."""
    a, b = blobs(2).astype(float)
    chain = np.stack([a, 0.8 * a + 0.2 * b, 0.65 * a + 0.35 * b]).astype(np.uint8)
    training = dataset(chain, [HAPPY] * 3, ["Training"] * 3)
    assert find_copies(training).near.tolist() == [[0, 1], [1, 2]]
    assert clean_training_rows(training, STUDY).tolist() == [0]


def test_near_pairs_equal_numpys_correlation():
    """The blocked product finds the very pairs that `np.corrcoef` finds on the 24 × 24 means."""
    rng = np.random.default_rng(1)
    images = (blobs(40).repeat(2, axis=0) + rng.normal(0, 25, (80, 48, 48))).clip(0, 255).astype(np.uint8)
    small = images.reshape(80, 24, 2, 24, 2).mean((2, 4)).reshape(80, -1)
    expected = np.argwhere(np.triu(np.corrcoef(small) >= NEAR, 1))
    assert len(expected) > 10
    assert measure_copies(images).near.tolist() == expected.tolist()


def test_pairs_across_blocks_are_found(monkeypatch):
    """Copies that lie in different blocks of the matrix are compared too."""
    monkeypatch.setattr("fer_core.data.cosine.BLOCK", 2)
    assert measure_copies(blobs(5)[[0, 1, 2, 3, 4, 0]]).near.tolist() == [[0, 5]]


def test_blank_and_chequered_images_are_near_to_nothing():
    """Neither a constant image nor one that is flat after halving yields a division by zero or a pair."""
    chequered = (np.indices((48, 48)).sum(0) % 2 * 255).astype(np.uint8)
    copies = measure_copies(np.stack([np.full((48, 48), 7, np.uint8), chequered, chequered]))
    assert copies.blank.tolist() == [True, False, False]
    assert copies.near.tolist() == []
    assert copies.first.tolist() == [0, 1, 1]


def test_copies_are_read_back_by_fingerprint(copied, monkeypatch):
    """The second look measures nothing, whatever the threshold."""
    before = find_copies(copied)
    monkeypatch.delattr("fer_core.data.copies.measure_copies")
    after = find_copies(copied)
    for name in ("first", "near", "cosine", "contrast"):
        np.testing.assert_array_equal(getattr(before, name), getattr(after, name))
    assert find_copies(copied, LOWEST).near.tolist() == before.near.tolist()


@pytest.mark.parametrize("damaged", [b"", b"PK", b"no archive at all"])
def test_damaged_leftovers_are_measured_again(copied, damaged):
    """What a full disk or a hand left of the file is no result."""
    before = find_copies(copied)
    (file,) = (data_dir() / "cache").glob("pairs-*.npz")
    file.write_bytes(damaged)
    assert find_copies(copied).near.tolist() == before.near.tolist()
    assert len(file.read_bytes()) > 100


@pytest.mark.parametrize("threshold", [0, 0.89, 1.01, float("nan")])
def test_threshold_outside_its_range_is_refused(copied, threshold):
    """A cosine threshold above 1 would find nothing, a low one would pair unlike pictures without end."""
    with pytest.raises(ValueError, match=r"threshold: expected a cosine from 0\.9 to 1, found"):
        audit(copied, threshold)


def test_one_of_each_group_is_kept():
    """The test face before the validation face before the training face, then the first one."""
    usage = np.array(["Training", "PublicTest", "PrivateTest", "Training", "PublicTest"])
    none_out = np.zeros(5, bool)
    assert spare_rows([np.array([0, 1, 2, 3, 4])], usage, none_out).tolist() == [0, 2, 3, 4]
    assert spare_rows([np.array([0, 2, 3])], usage, none_out).tolist() == [0, 3]
    assert spare_rows([np.array([0, 3])], usage, none_out).tolist() == [3]


def test_of_pairs_that_share_a_face_no_more_goes_than_has_to():
    """A chain of three in one split keeps a face or two; a training copy of a test face goes whatever else does."""
    usage = np.array(["Training", "Training", "Training", "PublicTest", "PublicTest", "Training"])
    pairs = [np.array(pair) for pair in ((0, 1), (1, 2), (3, 4), (3, 5))]
    out = np.zeros(6, bool)
    assert spare_rows(pairs, usage, out).tolist() == [1, 4, 5]
    out[1] = True  # by hand: no more of the chain has to go
    assert spare_rows(pairs, usage, out).tolist() == [4, 5]
    out[3] = True
    assert spare_rows(pairs, usage, out).tolist() == []  # each is alone now


@pytest.mark.real
def test_fer2013s_copies_are_the_known_ones(real_source):
    """The counts of PROVENANCE and the leaks published nowhere, on the competition's own CSV."""
    from fer_core.data.sources import load_dataset

    faces = load_dataset(real_source)
    found = audit(faces)
    exact = {usage: len(rows["exact"]) for usage, rows in found.leaked.items()}
    assert exact == {"PublicTest": 280, "PrivateTest": 289}
    assert (found.exact_groups, found.exact_redundant) == (1514, 1851)
    assert (found.cross_split_groups, found.conflicting_groups, found.blank) == (557, 56, 13)
    assert sum(map(len, found.conflicts)) == 158
    assert len(found.leaked["PublicTest"]["near"]) == pytest.approx(220, abs=4)
    study = clean_training_rows(faces, STUDY)
    assert len(study) == pytest.approx(25066, abs=60)
    assert set(faces.usage[study]) == {"Training"}


def test_copies_of_rows(copied):
    """The exact copies of each row and its near ones, each without the row itself."""
    found = copies_of(find_copies(copied), np.array([9, 0, 1]))
    assert [(exact.tolist(), near.tolist()) for exact, near in found] == [([], []), ([1], [2]), ([0], [2])]


def test_near_pairs_are_no_exact_ones(copied):
    """Of near copies each pair, with its cosine; of exact copies none, though each is near to the same third."""
    pairs, cosine = near_pairs(find_copies(copied))
    assert sorted(pairs.tolist()) == [[0, 2], [1, 2], [3, 4]]
    assert cosine == pytest.approx(1, abs=1e-3)


def test_a_higher_threshold_is_a_look_at_what_is_kept(copied, monkeypatch):
    """Above the lowest kept threshold nothing is measured again, and the least alike pair stands first."""
    a, b = blobs(2).astype(float)
    faces = np.stack([a, 0.8 * a + 0.2 * b, 0.9 * a + 0.1 * b]).astype(np.uint8)
    blended = dataset(faces, [HAPPY] * 3, ["Training"] * 3)
    pairs, cosine = near_pairs(find_copies(blended, LOWEST))
    assert len(pairs) == 3
    assert pairs[0].tolist() == [0, 1]
    assert (np.diff(cosine) >= 0).all()
    monkeypatch.delattr("fer_core.data.copies.measure_copies")
    between = float(cosine[:2].mean())
    assert find_copies(blended, between).near.tolist() == [[0, 2], [1, 2]]
    assert len(audit(blended, between).near_pairs) == 2


def test_no_pair_is_ruled_out_by_the_coarse_look():
    """Noise, blobs, edges and flat images: what 8 × 8 pixels rule out, 24 × 24 pixels would too."""
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 256, (40, 48, 48))
    edges = np.where(np.arange(48) < rng.integers(4, 44, (40, 1)), 40, 200)[:, None].repeat(48, axis=1)
    images = np.concatenate([noise, edges, blobs(40), np.full((1, 48, 48), 9)]).astype(np.uint8)
    vectors = _vectors(images, np.arange(len(images)))
    coarse = _coarse(vectors)
    assert (coarse @ coarse.T >= vectors @ vectors.T - ROUNDING).all()


def test_nearly_blank_images_are_told(copied):
    """A faint image is not blank; the faintest is first."""
    faint = np.full((3, 48, 48), 100, np.uint8)
    for image, step in zip(faint, (16, 6, 40), strict=True):
        image[:24] += np.uint8(step)
    found = audit(dataset(faint, [HAPPY] * 3, ["Training"] * 3))
    assert found.faint_rows.tolist() == [1, 0]  # half of each is brighter by 6, 16, 40: deviations 3, 8, 20
    assert (found.blank, found.to_json()["nearly_blank"]) == (0, 2)


def test_leaks_between_two_datasets(copied):
    """Copies of a Training face of the one in the other; what the other holds twice, or PublicTest has, is no leak."""
    new = blobs(1, seed=9)[0]
    images = np.stack([copied.images[3], np.minimum(copied.images[10], 230) + 20, copied.images[9], new, new])
    other = dataset(images.astype(np.uint8), [HAPPY] * 5, ["Training"] * 5)
    assert leak_between(copied, other).tolist() == ["exact", "near", "", "", ""]


def test_each_row_with_what_is_known_of_it(copied):
    """Its own split and label, the first row with its pixels, its leak, and whether it may be learned from."""
    table = row_table(copied)
    assert table["row"].tolist() == [*range(len(copied))]
    assert table["usage"].tolist() == copied.usage.tolist()
    assert table["emotion"].tolist() == [EMOTIONS[code] for code in copied.emotion]
    assert (table["leak"] == audit(copied).leak).all()
    assert table["first"][1] == 0
    for name in ("study", "all"):
        clean = np.flatnonzero(table[f"clean_{name}"])
        assert clean.tolist() == clean_training_rows(copied, get_scheme(name)).tolist()
        assert set(table["usage"][clean]) <= {"Training"}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("brighter", [0, 20])
@pytest.mark.parametrize("usage", ["PublicTest", "PrivateTest"])
def test_a_copy_of_a_test_or_validation_face_is_not_learned(usage, brighter, order):
    """Exact or near, of either split, and whichever of the two stands first."""
    a, b = blobs(2)
    pair = [(a, "Training"), (a + np.uint8(brighter), usage)]
    rows = [*pair[::order], (b, "Training")]
    images, usages = zip(*rows, strict=True)
    both = dataset(np.stack(images), [HAPPY] * 3, list(usages))
    assert clean_training_rows(both, STUDY).tolist() == [2]
    kind = "near" if brighter else "exact"
    assert audit(both).leak.tolist() == ["" if name == "Training" else kind for name in usages]


def test_a_fingerprint_tells_pixels_labels_and_usage():
    """Each of them in another order is another dataset."""
    images, emotion, usage = blobs(2), np.array([0, 1]), np.array(["Training", "PublicTest"])
    changed = ((images[::-1], emotion, usage), (images, emotion[::-1], usage), (images, emotion, usage[::-1]))
    assert len({fingerprint_of(*parts) for parts in ((images, emotion, usage), *changed)}) == 4
