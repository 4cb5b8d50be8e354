"""A map of a dataset's faces as a saved model sees them: its embeddings in two dimensions, and clusters of them.

Everything starts from the embeddings' first `COMPONENTS` principal components. The map is their t-SNE (van der Maaten &
Hinton 2008, JMLR 9:2579): who is near is alike, distances between far groups and the axes mean nothing. `LANDMARKS` of
the faces are laid out by it, the others between those of them that they are most like. The clusters are k-means of the
components and not of the map, which tears groups apart. All seeds are fixed; on another number of cores the map is
another all the same, as sums come in another order, the clusters are not.

Of FER2013's faces by a network of `compact`, clusters and map take 70 processor seconds. Of the 15 nearest faces on the
map 0.61 have the same label, of the components' 0.64, and the trustworthiness of 5,000 faces is 0.946. UMAP's map is
0.62 and 0.961, but takes 130 seconds and numba; two components alone are 0.52 and 0.850.

| array | shape | dtype | values |
|---|---|---|---|
| `points` | `(n, 2)` | float32 | where each row of the dataset lies, to two decimals |
| `cluster` | `(n,)` | int8 | its cluster, 0 the largest |
| `predicted` | `(n,)` | int8 | the model's class for it |
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from fer_core.arrays import read_arrays
from fer_core.data.dataset import FaceDataset
from fer_core.data.votes import votes_for
from fer_core.errors import DatasetError, ModelError
from fer_core.evaluation.embeddings import Embeddings, Progress, find_embeddings, kept_as
from fer_core.labels import EMOTIONS, USAGES, choose
from fer_core.paths import write_atomic
from fer_core.store import SavedModel

COMPONENTS = 50
CLUSTERS = 8
"""Of 7 to 30 clusters of FER2013's faces, those that agree best with the labels; with the annotators, as well as 7."""
LANDMARKS = 5_000
ITERATIONS = 750
BETWEEN = 5
"""Landmarks that place another face."""
LEAST = 100
"""Faces below which a map tells nothing."""
NO_EMOTION = -1

COLOURINGS = ("label", "prediction", "split", "cluster", "agreement")
"""What the points of a map can be told apart by."""
SHARES = {"none": 0.0, "under half": 1e-9, "half or more": 0.5, "80 % or more": 0.8}
"""The share of annotators who chose a face's label, in words → from which share on."""
NO_VOTES = "no votes"


@dataclass(frozen=True, eq=False)
class Atlas:
    """The module's table."""

    points: np.ndarray
    cluster: np.ndarray
    predicted: np.ndarray


def find_atlas(model: SavedModel, dataset: FaceDataset, progress: Progress = lambda done, n: None) -> Atlas:
    """`measure_atlas` of a model's embeddings, kept in the data folder as those are; raises what either raises.

    The labels have no part in it, so versions of a dataset share a map.
    """
    path = kept_as("atlas", model, dataset)
    if kept := read_arrays(path, [field.name for field in fields(Atlas)]):
        return Atlas(**kept)
    if len(dataset) < LEAST:
        raise DatasetError(f"{dataset.source}: expected at least {LEAST} faces for a map, found {len(dataset)}")
    embeddings = find_embeddings(model, dataset, progress)
    progress(len(dataset), len(dataset))  # also where they were kept
    atlas = measure_atlas(embeddings)
    write_atomic(path, lambda file: np.savez(file, **vars(atlas)))
    return atlas


def is_known(model: SavedModel, dataset: FaceDataset) -> bool:
    """Whether `find_atlas` has nothing left to do but to read."""
    return model.trained and kept_as("atlas", model, dataset).exists()


def measure_atlas(embeddings: Embeddings) -> Atlas:
    """The map and the clusters of `embeddings` of `LEAST` faces or more; `ModelError` where these don't differ."""
    differing = int((embeddings.vectors.std(axis=0) > 0).sum())
    if differing < 2:
        raise ModelError(f"expected embeddings that differ in two values or more between faces, found {differing}")
    from sklearn.cluster import KMeans  # a second, which only the first look should cost
    from sklearn.decomposition import PCA

    components = PCA(min(COMPONENTS, *embeddings.vectors.shape), random_state=0).fit_transform(embeddings.vectors)
    cluster = KMeans(CLUSTERS, n_init=4, random_state=0).fit_predict(components)
    points = _lay_out(components).round(2).astype(np.float32)
    return Atlas(points, _largest_first(cluster), embeddings.probabilities.argmax(axis=1).astype(np.int8))


def cluster_table(cluster: np.ndarray, dataset: FaceDataset) -> pd.DataFrame:
    """One row a cluster: `cluster` from 0, `name`, `n` faces, `majority` label and its `share`.

    Where there are votes also `seen`, what most faces look like to the annotators, with its `seen_share`, and `agree`,
    the share of faces whose label is the annotators' majority; both of the `n_seen` faces whose majority is an emotion.
    Shares are in [0, 1], NaN of no face.
    """
    seen = None if dataset.votes is None else majority_emotion(dataset.votes)
    return pd.DataFrame([_cluster_row(index, rows, dataset.emotion, seen) for index, rows in _rows_of(cluster)])


def cluster_agreement(cluster: np.ndarray, dataset: FaceDataset) -> pd.DataFrame:
    """How well the clusters agree with what people say: on all faces, on Training, and on the rest.

    One row a set of faces and labels: `faces`, `labels` (CSV, annotators), `n`, `nmi` the normalised mutual
    information in [0, 1], `ari` the adjusted Rand index, 0 by chance, 1 where they are the same. NaN of no face.
    Faces whose annotators' majority is no emotion don't count there.
    """
    training = dataset.usage == USAGES[0]
    said = {"CSV": np.asarray(dataset.emotion)}
    if dataset.votes is not None:
        said["annotators"] = majority_emotion(dataset.votes)
    return pd.DataFrame(
        [
            {"faces": name, "labels": labels} | _agreement(codes, cluster, wanted & (codes != NO_EMOTION))
            for labels, codes in said.items()
            for name, wanted in (("all", True), ("Training", training), ("not Training", ~training))
        ]
    )


def majority_emotion(votes: np.ndarray) -> np.ndarray:
    """What most annotators chose, the first of equals, int8 `(n,)` emotion codes; `NO_EMOTION` where that is none.

    `votes` is uint8 `(n, 10)`. Of FER2013's faces 98.3 % have an emotion for their majority.
    """
    emotions = votes_for(votes, EMOTIONS)
    most = emotions.max(axis=1)
    return np.where((most > 0) & (most == votes.max(axis=1)), emotions.argmax(axis=1), NO_EMOTION).astype(np.int8)


def colouring(by: str, atlas: Atlas, model: SavedModel, dataset: FaceDataset) -> pd.Categorical:
    """The group of each row of the dataset by one of `COLOURINGS`; `ValueError` for another.

    `agreement`: the share of annotators who chose the label, `SHARES`, or `NO_VOTES`.
    """
    of = {
        "label": lambda: (dataset.emotion, EMOTIONS),
        "prediction": lambda: (atlas.predicted, model.labels),
        "split": lambda: (pd.Categorical(dataset.usage, USAGES).codes, USAGES),
        "cluster": lambda: (atlas.cluster, cluster_table(atlas.cluster, dataset)["name"]),
        "agreement": lambda: (_share_codes(dataset), [*SHARES, NO_VOTES]),
    }
    codes, names = choose("colouring", by, {name: of[name] for name in COLOURINGS})()
    return pd.Categorical.from_codes(codes, pd.Index(list(names)))


def _lay_out(components: np.ndarray) -> np.ndarray:
    """Where each row of `(n, d)` lies on the map, `(n, 2)`."""
    from sklearn.manifold import TSNE
    from sklearn.neighbors import KNeighborsRegressor

    landmarks = np.random.default_rng(0).permutation(len(components))[:LANDMARKS]
    laid_out = TSNE(max_iter=ITERATIONS, random_state=0).fit_transform(components[landmarks])
    between = KNeighborsRegressor(BETWEEN, weights="distance").fit(components[landmarks], laid_out)
    return between.predict(components)  # a landmark is at distance 0 of itself, and stays where it is


def _largest_first(cluster: np.ndarray) -> np.ndarray:
    order = np.argsort(-np.bincount(cluster, minlength=CLUSTERS), kind="stable")
    return np.argsort(order)[cluster].astype(np.int8)


def _rows_of(cluster: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each cluster and its rows."""
    return ((index, np.flatnonzero(cluster == index)) for index in range(cluster.max() + 1))


def _cluster_row(index: int, rows: np.ndarray, emotion: np.ndarray, seen: np.ndarray | None) -> dict:
    majority, share = _most_frequent(emotion[rows])
    of_them = f", {share:.0%}".replace("%", " %") if len(rows) else ""
    row = {"cluster": index, "name": f"{index + 1}: {majority}{of_them}", "n": len(rows)}
    row |= {"majority": majority, "share": share}
    if seen is None:
        return row
    told = rows[seen[rows] != NO_EMOTION]
    most, its_share = _most_frequent(seen[told])
    agree = float((seen[told] == emotion[told]).mean()) if len(told) else np.nan
    return row | {"n_seen": len(told), "seen": most, "seen_share": its_share, "agree": agree}


def _most_frequent(codes: np.ndarray) -> tuple[str, float]:
    """The emotion that is most frequent among `codes`, and its share."""
    if not len(codes):
        return "none", np.nan
    n = np.bincount(codes, minlength=len(EMOTIONS))
    return EMOTIONS[n.argmax()], float(n.max() / n.sum())


def _agreement(codes: np.ndarray, cluster: np.ndarray, wanted: np.ndarray) -> dict:
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    true, found, n = codes[wanted], cluster[wanted], int(wanted.sum())
    if not n:
        return {"n": 0, "nmi": np.nan, "ari": np.nan}
    return {"n": n, "nmi": normalized_mutual_info_score(true, found), "ari": adjusted_rand_score(true, found)}


def _share_codes(dataset: FaceDataset) -> np.ndarray:
    """Of each face the code of its share among `SHARES`, and the one after them without votes."""
    if dataset.votes is None:
        return np.full(len(dataset), len(SHARES))
    chose = votes_for(dataset.votes, EMOTIONS)[np.arange(len(dataset)), dataset.emotion]
    total = dataset.votes.sum(axis=1, dtype=int)
    share = chose / np.maximum(total, 1)
    return np.where(total > 0, np.searchsorted(list(SHARES.values()), share, side="right") - 1, len(SHARES))
