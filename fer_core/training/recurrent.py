"""Training and judging the recurrent network of a saved model, on sequences composed from a dataset's splits.

It learns from Training faces, is chosen on validation sequences, and is looked at once on test sequences, beside the
frame alone and the best smoothing, which is chosen on validation sequences too. Validation and test sequences hold
no face that is a copy of a Training face.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd

from fer_core.data.copies import audit
from fer_core.data.dataset import FaceDataset
from fer_core.data.sequences import Sequences, compose, disturb
from fer_core.errors import DatasetError
from fer_core.evaluation import sequences as judging
from fer_core.evaluation.embeddings import Embedder
from fer_core.evaluation.smoothing import SMOOTHINGS
from fer_core.labels import get_scheme
from fer_core.networks.recurrent import build, with_gaps
from fer_core.store import SavedModel, load_network

RATES = (2.0, 5.0, 10.0)
"""Steps a second of the sequences that it learns from, in turn, so that it reads videos at any of them."""
RATE = 5.0
"""That of the sequences that it is judged on."""
HOLDS = (1, 5, 40)
"""Steps that a face stays: drawn anew at each, for a second, and as long as its state lasts, as on a film, where more
of the same says nothing new."""
WIDTHS = (0.2, 0.4, 0.6, 1.0, 1.4, 1.8, 2.2, 2.6, 3.0, 3.4)
"""Seconds of the smoothings that are tried."""
JUDGED = 300
"""Sequences that it is judged on, of each of `HOLDS`; it is chosen on a third as many others."""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """Of the training; each epoch composes `sequences` new ones."""

    epochs: int = 16
    sequences: int = 480
    batch_size: int = 32
    learning_rate: float = 3e-3
    seed: int = 1


@dataclass(frozen=True, eq=False)
class Pool:
    """Faces of a split as a network sees them, each in `v` ways disturbed.

    `classes` int8 `(m,)`, `vectors` float32 `(v, m, d)`, `probabilities` float32 `(v, m, k)`.
    """

    classes: np.ndarray
    vectors: np.ndarray
    probabilities: np.ndarray

    def compose(self, n: int, seed: int, rate: float = RATE, hold: int = 1) -> tuple[Sequences, np.ndarray, np.ndarray]:
        """`n` sequences of its faces, their embeddings `(n, t, d)` and probabilities `(n, t, k)`, NaN in gaps."""
        sequences = compose(np.arange(len(self.classes)), self.classes, n, seed=seed, rate=rate, hold=hold)
        ways = np.random.default_rng(seed).integers(0, len(self.vectors), sequences.rows.shape)
        gap = np.where(sequences.seen, np.float32(0), np.float32(np.nan))[..., None]
        return sequences, self.vectors[ways, sequences.rows] + gap, self.probabilities[ways, sequences.rows] + gap


def pool_rows(model: SavedModel, dataset: FaceDataset, split: str) -> np.ndarray:
    """The faces of `split` with one of the model's classes, int64, those left out that are copies of a Training face.

    `DatasetError` where there is none.
    """
    rows = dataset.rows(split, get_scheme(model.record["scheme"]))
    rows = rows[audit(dataset).leak[rows] == ""]  # a Training face has no leak
    if not len(rows):
        raise DatasetError(f"{dataset.source}: expected {split} faces that are no copies of Training ones, found none")
    return rows


def pool(model: SavedModel, dataset: FaceDataset, split: str, *, ways: int, seed: int, tell: Tell) -> Pool:
    """The `pool_rows` of `split`, in as many `ways` disturbed, asked of `model`."""
    scheme, embedder = get_scheme(model.record["scheme"]), Embedder(load_network(model))
    rows = pool_rows(model, dataset, split)
    vectors, probabilities = [], []
    for way in range(ways):
        tell(f"{split}: {len(rows):,} faces, way {way + 1} of {ways}")
        found = embedder.measure(disturb(np.asarray(dataset.images[rows]), seed + way))
        vectors.append(found.vectors)
        probabilities.append(found.probabilities)
    return Pool(scheme.classes(dataset.emotion[rows]), np.stack(vectors), np.stack(probabilities))


def train(learned: Pool, validation: Pool, settings: Settings = Settings(), tell: Tell = lambda words: None):
    """The recurrent network, a Keras model, with the weights of its best epoch on validation sequences."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(settings.seed)
    flat = learned.vectors.reshape(-1, learned.vectors.shape[-1])
    classes = learned.probabilities.shape[-1]
    network = build(flat.shape[1], classes, flat.mean(axis=0), flat.std(axis=0) + 1e-6)
    steps = settings.epochs * (settings.sequences // settings.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(rate, clipnorm=1.0)

    @tf.function(reduce_retracing=True)
    def learn(vectors, state, weight):
        with tf.GradientTape() as tape:
            y_prob = network(vectors, training=True)
            losses = keras.losses.sparse_categorical_crossentropy(state, y_prob)
            loss = tf.reduce_sum(losses * weight) / tf.reduce_sum(weight)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return loss

    held_out = [validation.compose(JUDGED // 3, settings.seed, hold=hold) for hold in HOLDS]
    best, weights = -1.0, network.get_weights()
    for epoch in range(settings.epochs):
        losses = [float(learn(*batch)) for batch in _batches(learned, settings, epoch)]
        found = [judging.macro_recall(one, ask(network, vectors), classes) for one, vectors, _ in held_out]
        tell(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}, validation {' '.join(f'{score:.4f}' for score in found)}")
        if np.mean(found) > best:
            best, weights = float(np.mean(found)), network.get_weights()
    network.set_weights(weights)
    return network


def ask(network, vectors: np.ndarray) -> np.ndarray:
    """What the network answers to sequences `(n, t, d)`, NaN in gaps: int `(n, t)`."""
    parts = [network(with_gaps(vectors[at : at + 64]), training=False) for at in range(0, len(vectors), 64)]
    return np.concatenate([np.asarray(part).argmax(axis=2) for part in parts])


def best_smoothing(validation: Pool, hold: int) -> tuple[str, float]:
    """The smoothing of the highest macro recall on validation sequences, and its width in seconds."""
    sequences, _, y_prob = validation.compose(JUDGED, 1000 + hold, hold=hold)
    tried = {
        (name, width): judging.macro_recall(sequences, _smoothed(sequences, y_prob, name, width), y_prob.shape[-1])
        for name in SMOOTHINGS
        for width in WIDTHS
    }
    return max(tried, key=tried.__getitem__)


def judge(network, validation: Pool, test: Pool, hold: int) -> pd.DataFrame:
    """`evaluation.sequences.scores` on test sequences: frame alone, best smoothing, recurrent network in this order."""
    name, width = best_smoothing(validation, hold)
    sequences, vectors, y_prob = test.compose(JUDGED, 2000 + hold, hold=hold)
    answers = {
        "frame alone": np.nan_to_num(y_prob).argmax(axis=2),
        f"{name}, {width:g} s": _smoothed(sequences, y_prob, name, width),
        "GRU": ask(network, vectors),
    }
    return judging.scores(sequences, answers, y_prob.shape[-1])


def wins(scored: Iterable[pd.DataFrame]) -> bool:
    """Whether the last of the methods is better than the one before in one table, and worse in none, beyond chance."""
    changes = pd.DataFrame([table.iloc[-1] for table in scored])
    return bool((changes["change_low"] > 0).any() and (changes["change_high"] >= 0).all())


def record_of(scored: dict[int, pd.DataFrame], settings: Settings, dataset: FaceDataset) -> dict:
    """What `timeline.json` tells beside its checksums: settings, and the scores by how long a face stays."""
    rows = {hold: table.astype(object).where(table.notna(), None).to_dict("records") for hold, table in scored.items()}
    return {
        "settings": asdict(settings) | {"rates": RATES, "rate": RATE, "sequences_judged": JUDGED},
        "dataset": dataset.fingerprint,
        "scores": {f"hold {hold}": of_one for hold, of_one in rows.items()},
    }


def _batches(learned: Pool, settings: Settings, epoch: int):
    """Of an epoch: each rate with each way of drawing faces in turn."""
    for batch in range(settings.sequences // settings.batch_size):
        number = epoch * (settings.sequences // settings.batch_size) + batch
        rate, hold = RATES[number % len(RATES)], HOLDS[number // len(RATES) % len(HOLDS)]
        seed = 1_000_000 * settings.seed + number
        sequences, vectors, _ = learned.compose(settings.batch_size, seed, rate, round(hold * rate / RATE) or 1)
        yield with_gaps(vectors), sequences.state.astype(np.int32), sequences.seen.astype(np.float32)


def _smoothed(sequences: Sequences, y_prob: np.ndarray, name: str, width: float) -> np.ndarray:
    return judging.over_time(partial(SMOOTHINGS[name], width=width), sequences, y_prob)
