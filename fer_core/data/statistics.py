"""What a dataset looks like in numbers: tidy tables for looking at it, one row an observation."""

import numpy as np
import pandas as pd

from fer_core.data.cosine import blocks
from fer_core.data.dataset import SIDE, FaceDataset
from fer_core.labels import EMOTIONS, USAGES, choose


def class_counts(dataset: FaceDataset) -> pd.DataFrame:
    """Faces of each emotion in each Usage: columns `usage, emotion, n, share`, 21 rows.

    `share` is of the Usage's faces, in [0, 1]; NaN where the Usage has none.
    """
    counts = [(usage, emotion, n) for usage, of in dataset.counts().items() for emotion, n in of.items()]
    frame = pd.DataFrame(counts, columns=["usage", "emotion", "n"])
    frame["share"] = frame["n"] / frame.groupby("usage")["n"].transform("sum")
    return frame


def imbalance_ratio(counts: pd.DataFrame) -> float:
    """How many times larger the largest emotion is than the smallest that occurs, over all Usages of `class_counts`."""
    totals = counts.groupby("emotion")["n"].sum()
    totals = totals[totals > 0]
    return float(totals.max() / totals.min())


def leak_shares(dataset: FaceDataset, leak: np.ndarray) -> pd.DataFrame:
    """How many faces of each emotion are copies of a Training face: columns `usage, emotion, n, exact, near, share`.

    14 rows, PublicTest first; `leak` is `copies.Audit.leak`; `share` in [0, 1] counts both, NaN where there is no face.
    """
    counts = class_counts(dataset).query("usage != 'Training'").drop(columns="share").reset_index(drop=True)
    for kind in ("exact", "near"):
        of_kind = [dataset.of_usage(usage) & (leak == kind) for usage in counts["usage"].unique()]
        counts[kind] = np.concatenate([np.bincount(dataset.emotion[rows], minlength=len(EMOTIONS)) for rows in of_kind])
    return counts.assign(share=(counts["exact"] + counts["near"]) / counts["n"].where(counts["n"] > 0))


def pixel_statistics(dataset: FaceDataset, rows: np.ndarray) -> pd.DataFrame:
    """Brightness and contrast, the mean and the standard deviation of a face's pixels (0 to 255), and sharpness.

    Columns `row, emotion, usage, brightness, contrast, sharpness`, in the order of `rows`. Sharpness is the variance
    of the Laplacian, 0 for a flat face, some thousands for a crisp one (Pech-Pacheco et al. 2000, ICPR 3, p. 314).
    """
    measured = np.concatenate([np.empty((0, 3)), *(_measured(dataset.images[some]) for some in blocks(rows))])
    return pd.DataFrame(
        {
            "row": rows,
            "emotion": np.array(EMOTIONS)[dataset.emotion[rows]],
            "usage": dataset.usage[rows],
        }
        | dict(zip(("brightness", "contrast", "sharpness"), measured.T, strict=True))
    )


def average_faces(dataset: FaceDataset, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The mean image of each emotion among `rows`: name → uint8 `(48, 48)`; one without a face is left out."""
    emotion = dataset.emotion[rows]
    averages = {}
    for code in np.unique(emotion):
        chosen = rows[emotion == code]
        total = np.zeros((SIDE, SIDE))
        for some in blocks(chosen):
            total += dataset.images[some].sum(0, dtype=np.int64)
        averages[EMOTIONS[code]] = np.rint(total / len(chosen)).astype(np.uint8)
    return averages


def sample_rows(dataset: FaceDataset, emotion: str, usage: str, n: int, seed: int) -> np.ndarray:
    """Up to `n` rows of an emotion in a Usage, drawn without replacement, the same for the same seed: int64, ascending.

    `ValueError` where `emotion` or `usage` is unknown.
    """
    code = choose("emotion", emotion, {name: code for code, name in enumerate(EMOTIONS)})
    choose("usage", usage, dict.fromkeys(USAGES))
    rows = np.flatnonzero((dataset.emotion == code) & dataset.of_usage(usage))
    return np.sort(np.random.default_rng(seed).permutation(rows)[:n])


def _measured(images: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and variance of the Laplacian of each of uint8 `(n, 48, 48)`: float64 `(n, 3)`."""
    return np.column_stack([images.mean((1, 2)), images.std((1, 2)), _laplacian(images).var((1, 2))])


def _laplacian(images: np.ndarray) -> np.ndarray:
    """Four neighbours minus four times the pixel, of uint8 `(n, 48, 48)`: int16 `(n, 46, 46)`, without the rim."""
    grey = images.astype(np.int16)
    middle = grey[:, 1:-1, 1:-1]
    return grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:] - 4 * middle
