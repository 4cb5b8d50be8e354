"""The recurrent network that reads a face over time; `fer_core.recurrent` keeps its files.

It reads forwards and backwards, so that a change is seen from both sides; it needs the whole recording.
"""

import numpy as np

UNITS = 48
"""Of the GRU in either direction."""
DROP = 0.3
"""Share of the inputs, and of what the GRU says, that is dropped in training."""


def build(features: int, classes: int, mean: np.ndarray, std: np.ndarray):
    """A GRU (Cho et al. 2014, arXiv:1406.1078) in both directions over standardised embeddings.

    `mean` and `std`, float `(features,)`, are those of the embeddings that it learns from.
    """
    import keras
    from keras import layers

    inputs = keras.Input((None, features + 1), name="embeddings")
    # what says whether a face is seen stays as it is; in a gap it is 0, and so is all of the step
    scale = layers.Normalization(mean=np.append(mean, 0), variance=np.append(std, 1) ** 2, name="standardise")
    seen = inputs[..., -1:]
    x = layers.Multiply(name="gaps")([scale(inputs), seen])
    x = layers.Dropout(DROP, name="drop")(x)
    x = layers.Bidirectional(layers.GRU(UNITS, return_sequences=True), name="gru")(x)
    x = layers.Dropout(DROP, name="drop_after")(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax", name="probabilities")(x), name="timeline")


def with_gaps(vectors: np.ndarray) -> np.ndarray:
    """Embeddings `(…, t, d)`, NaN where no face is seen, as the network takes them: float32 `(…, t, d + 1)`."""
    seen = ~np.isnan(vectors[..., :1])
    return np.concatenate([np.where(seen, vectors, 0), seen], axis=-1, dtype=np.float32)
