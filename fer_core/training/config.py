"""TrainConfig, everything that decides what a run learns, and the presets to start from."""

from dataclasses import asdict, dataclass, fields, replace

from fer_core.data.dataset import SIDE
from fer_core.labels import choose, get_scheme

OPTIMIZERS = ("sgd", "adam")
SCHEDULES = ("constant", "cosine")
ROWS = ("all", "clean")
"""`all` Training rows of the scheme's classes; `clean`: those that `copies.clean_training_rows` keeps."""
PRECISIONS = ("auto", "float32", "bfloat16")
"""Of the computation; the weights are float32 always. `auto`: the faster one here, by a self-test."""
TEACHINGS = ("unseen", "consistent")
"""`unseen`: a teacher answers once, to each face as it is that it was not trained on; `consistent`: in every step, to
each face as the run sees it, known or not (Beyer et al. 2022, arXiv:2106.05237)."""
IMAGENET = "imagenet"
NETWORKS = ("compact", "baseline", "study", "mobilenet", "efficientnet")
"""Those of `fer_core.networks`, which takes seconds to import."""
FIXED_SIDE = ("baseline", "study")
"""Of `NETWORKS`, those that take faces of 48 pixels only."""
FROM_IMAGENET = ("mobilenet", "efficientnet")
"""Of `NETWORKS`, those that can start from ImageNet; they come in one width."""
VOTES_SETTINGS = ("votes_weight", "votes_taught")
"""Settings by which the annotators' votes are learned from."""
LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "parts": (1, 64),
    "learning_rate": (1e-7, 10),
    "label_smoothing": (0, 0.9),
    "rotation": (0, 180),
    "shift": (0, 0.5),
    "zoom": (0, 0.5),
    "erasing": (0, 1),
    "mixup": (0, 10),
    "frozen_epochs": (0, 10_000),
    "folds": (1, 100),
    "fold": (0, 99),
    "class_balance": (0, 1),
    "distillation": (0, 1),
    "sharpness": (0, 10),
    "averaging": (0, 0.99999),
    "warmup": (0, 0.9),
    "weight_decay": (0, 1),
    "votes_weight": (0, 10),
    "votes_taught": (0, 10),
    "seed": (0, 2**31 - 1),
    "minutes": (0.01, 1e6),
    "width": (1, 1024),
    "patience": (0, 10_000),
}
"""Least and most of each number, wherever it is not None."""


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a run. It is saved in `model.json`; `from_json(to_json(c)) == c`."""

    scheme: str = "study"
    network: str = "compact"
    width: int | None = None  # filters of the first layer; None: the network's own
    start: str = ""  # the saved model, or `imagenet`, that its weights start from; empty: random ones
    frozen_epochs: int = 0  # at the start, in which only the heads learn
    version: str = ""  # of the dataset, whose labels of the Training faces are learned; empty: the dataset's own
    rows: str = "all"
    folds: int = 1  # parts that the rows are dealt into, copies together; one part is left out, unless there is but one
    fold: int = 0  # the part left out, from 0
    epochs: int = 20
    minutes: float | None = None  # training time after which no epoch begins, and over which the schedule is drawn
    batch_size: int = 128
    parts: int = 1  # of a batch, each normalised by itself and computed by its own cores
    sides: tuple[int, ...] = (48,)  # pixels; equal shares of the epochs at each; the saved network looks at the last
    optimizer: str = "sgd"
    learning_rate: float = 0.06  # the peak, where there is a schedule
    schedule: str = "cosine"
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.004  # decoupled, not on normalisation and bias
    label_smoothing: float = 0.0
    class_balance: float = 0.0  # a face weighs as the frequency of its class to the power of minus this; 1: balanced
    prior_correction: bool = False  # the saved network's biases make up for rare classes, fitted on validation
    votes_weight: float = 0.0  # of the second head's loss, where the dataset has annotators' votes
    teachers: tuple[str, ...] = ()  # saved models, whose mean answer is learned beside the label
    teaching: str = "unseen"
    distillation: float = 0.5  # share of the teachers' answer in the target, where there is one
    votes_taught: float = 0.0  # how far the teachers know the votes, which without teachers teach alone; 0: off
    sharpness: float = 0.0  # radius about the weights in which the loss is kept low, at a quarter more time; 0: a point
    averaging: float = 0.0  # decay of the averaged weights a step; 0: no averaging
    flip: bool = True
    rotation: float = 10.0  # degrees, at most, either way
    shift: float = 0.1  # share of the side
    zoom: float = 0.1  # share, either way
    erasing: float = 0.0  # probability that a random rectangle is greyed
    mixup: float = 0.0  # alpha of the Beta distribution by which pairs of faces are blended; 0: never
    mirror: bool = False  # the saved network averages a face and its mirror image, seen a little closer
    patience: int = 0  # epochs without a better validation recall before it stops; 0: never
    precision: str = "float32"
    seed: int = 1
    tensorboard: bool = False

    def __post_init__(self):
        """Refuse what cannot work; `ValueError` says what was expected."""
        get_scheme(self.scheme)
        for kind, value, known in (
            ("network", self.network, NETWORKS),
            ("optimizer", self.optimizer, OPTIMIZERS),
            ("schedule", self.schedule, SCHEDULES),
            ("rows", self.rows, ROWS),
            ("teaching", self.teaching, TEACHINGS),
            ("precision", self.precision, PRECISIONS),
        ):
            choose(kind, value, dict.fromkeys(known))
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name}: expected {low} to {high}, found {value}")
        if self.fold >= self.folds:
            raise ValueError(f"fold: expected one of the {self.folds}, from 0, found {self.fold}")
        if len(set(self.teachers)) < len(self.teachers):
            raise ValueError(f"teachers: expected each once, found {', '.join(self.teachers)}")
        if self.network in FROM_IMAGENET and self.width is not None:
            raise ValueError(f"width: expected none, as {self.network} comes in one width only, found {self.width}")
        if self.start == IMAGENET and self.network not in FROM_IMAGENET:
            raise ValueError(f"start imagenet: expected network {' or '.join(FROM_IMAGENET)}, found {self.network}")
        if self.network in FIXED_SIDE and self.sides != (48,):
            raise ValueError(f"sides: expected 48 only, as {self.network} takes no other, found {self.sides}")
        if not self.sides or not 16 <= min(self.sides) <= max(self.sides) <= SIDE:
            raise ValueError(f"sides: expected sizes from 16 to {SIDE} pixels, found {self.sides}")

    def to_json(self) -> dict:
        """Plain values, as they stand in `model.json`."""
        return asdict(self) | {name: list(getattr(self, name)) for name in _TUPLES}

    @classmethod
    def from_json(cls, record: dict) -> "TrainConfig":
        """The config of a `model.json`; settings that this version does not know raise `ValueError`."""
        unknown = set(record) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"settings: expected those of TrainConfig, found {', '.join(sorted(unknown))}")
        return cls(**(record | {name: tuple(record[name]) for name in _TUPLES if name in record}))

    @property
    def soft(self) -> bool:
        """Whether faces are read between their pixels as they are disturbed, which makes them softer."""
        return max(self.rotation, self.shift, self.zoom) > 0

    def side(self, epoch: int) -> int:
        """Height and width, in pixels, of the faces in that epoch (0 is the first)."""
        sides = self.sides[-self.epochs :]  # the last ones, where there are more of them than epochs
        return sides[min(epoch * len(sides) // self.epochs, len(sides) - 1)]


_TUPLES = ("sides", "teachers")  # lists in JSON

PRESETS: dict[str, TrainConfig] = {
    "quick": TrainConfig(
        width=16, epochs=40, optimizer="adam", learning_rate=0.003, weight_decay=0.0, batch_size=32, averaging=0.9
    ),
    "baseline": TrainConfig(
        network="baseline",
        optimizer="adam",
        learning_rate=0.001,
        schedule="constant",
        weight_decay=0.0,
        batch_size=32,
        patience=3,
    ),
    "study": TrainConfig(
        network="study",
        epochs=200,
        optimizer="adam",
        learning_rate=0.01,
        schedule="constant",
        weight_decay=0.0,
        batch_size=32,
        patience=20,
    ),
    "fast": TrainConfig(  # to the study's accuracy in minutes: `tests/benchmarks/bench_train.py`
        epochs=20,
        minutes=9.0,
        batch_size=64,
        parts=2,
        sides=(24, 32, 32, 40),
        learning_rate=0.05,
        warmup=0.1,
        label_smoothing=0.05,
        averaging=0.995,
        rotation=6.0,
        shift=0.06,
        zoom=0.06,
        mirror=True,
        precision="auto",
    ),
    "compact": TrainConfig(
        rows="clean",
        epochs=60,
        minutes=57.0,
        parts=2,
        sides=(32, 40, 48),
        learning_rate=0.08,
        label_smoothing=0.05,
        votes_weight=0.5,
        averaging=0.998,
        erasing=0.25,
        precision="auto",
    ),
}
PRESETS["flagship"] = replace(
    PRESETS["compact"],
    width=48,
    epochs=40,
    minutes=None,
    sides=(32, 32, 40, 48),
    label_smoothing=0.1,  # this width learns the faces by heart under compact's disturbances: models/README.md
    votes_weight=2.0,
    erasing=0.5,
    rotation=12.0,
    shift=0.12,
    zoom=0.15,
    mirror=True,
    prior_correction=True,
)


def get_preset(name: str, **changes) -> TrainConfig:
    """The preset called `name` with `changes` that are not None; `ValueError` lists the known ones."""
    return replace(
        choose("preset", name, PRESETS), **{key: value for key, value in changes.items() if value is not None}
    )
