"""The engine of a run: a network, its running average, its optimizer, and one compiled step over a batch.

Everything that changes while it runs is a variable of `Engine.variables`, so that a run saved and loaded goes on as if
it had not been interrupted.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import keras
import numpy as np
import tensorflow as tf

from fer_core.data.dataset import SIDE
from fer_core.lineage import trainings
from fer_core.networks import softened, start_from, training_network
from fer_core.store import SavedModel, load_network
from fer_core.training.augmentation import Chance, augment, mixup, mixup_shares, resized
from fer_core.training.config import TrainConfig
from fer_core.training.data import Faces
from fer_core.training.optimizers import build_optimizer
from fer_core.training.targets import Batch, Lesson, informed, label_targets, votes_loss, with_teachers

EVALUATION_BATCH = 256
AVERAGED_EVERY = 4
"""Steps between two moves of the averaged weights, each of which takes as long as the optimizer does."""
AT_FIRST = 100
"""Steps after each of which they move: a multiple of `AVERAGED_EVERY`, and all that a short run has."""
UPHILL = 5
"""One of so many faces of a batch tells where uphill is, which costs a fifth of a step (Brock et al. 2021,
arXiv:2102.06171)."""


class Engine:
    """Trains the network of `config`, with `classes` outputs, on faces with those pixel statistics (÷ 255).

    `weights`, float32 `(k,)`, is how much a face of each class counts in the loss. Where `strategy` has several
    devices, each takes its part of every batch, and all hold the same weights after it; such parts are normalised
    together, those of `config.parts`, on one device, each by itself (Hoffer et al. 2017, arXiv:1705.08741).
    """

    def __init__(
        self,
        config: TrainConfig,
        classes: int,
        mean: float,
        std: float,
        weights: np.ndarray | None = None,
        strategy: tf.distribute.Strategy | None = None,
    ):
        keras.utils.set_random_seed(config.seed)
        self.config, self.classes = config, classes
        self.strategy = strategy or tf.distribute.get_strategy()
        self.devices = self.strategy.num_replicas_in_sync
        self.parts = config.parts if self.devices == 1 else 1
        self.weights = tf.constant(np.ones(classes) if weights is None else weights, tf.float32)
        build = partial(
            training_network,
            config.network,
            classes,
            mean=mean,
            std=std,
            width=config.width,
            votes=config.votes_weight > 0,
        )
        with self.strategy.scope(), _precision(config.precision):
            self.network = build()
            self.averaged = build()
            self.optimizer = build_optimizer(config)
            self.optimizer.build(self.network.trainable_variables)
            self.confusion = tf.Variable(tf.zeros((classes, classes), tf.int64), name="confusion")
            self.loss_sum = tf.Variable(0.0, name="loss_sum")
        self.averaged.set_weights(self.network.get_weights())
        self.teachers: list[keras.Model] = []
        self._compiled: dict[tuple, Callable] = {}

    @property
    def variables(self) -> list:
        """All that a resumed run needs to go on exactly, in a fixed order."""
        return [
            *self.network.variables,
            *self.averaged.variables,
            *self.optimizer.variables,
            self.confusion,
            self.loss_sum,
        ]

    def add_teacher(self, model: SavedModel, images: np.ndarray) -> None:
        """Let the trained `model` answer to the faces of every step, each as the network sees it, in one look.

        `images`, uint8 `(n, 48, 48)`, are a few hundred faces: see `start_from`.
        """
        record = model.record
        width = next(trainings(record))["settings"].get("width")  # that of a mean of weights stands in its parts
        mean, std = record["pixels"].values()
        with self.strategy.scope(), _precision(self.config.precision):
            teacher = training_network(record["network"], self.classes, mean=mean, std=std, width=width)
        start_from(teacher, load_network(model), images, same_classes=True)
        self.teachers.append(teacher)

    def train_batch(
        self,
        faces: Faces,
        rows: np.ndarray,
        seed: tuple[int, int],
        learning_rate: float,
        side: int,
        *,
        frozen: bool = False,
    ) -> None:
        """Take one step on the faces at `rows`; adds to `confusion` and `loss_sum`. `frozen`: only the heads learn."""
        step = self._compile(partial(self._train, side=side, frozen=frozen), "train", side, frozen)
        step(self._share(faces, rows), tf.constant(seed), tf.constant(learning_rate, tf.float32))

    def evaluate(self, faces: Faces, side: int) -> dict[str, np.ndarray]:
        """Loss (mean cross-entropy) and confusion `(k, k)` of the averaged network, by its file's first look."""
        forward = self._compile(partial(self._answer, side=side), "evaluate", side)
        parts = [forward(tf.constant(batch)) for batch in _batches(faces.images)]
        logits = tf.concat(parts, 0)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(faces.label, logits)
        confusion = tf.math.confusion_matrix(faces.label, tf.argmax(logits, 1), self.classes)
        return {"loss": float(tf.reduce_mean(loss)), "confusion": confusion.numpy()}

    def take_sums(self) -> dict[str, np.ndarray]:
        """Training loss and confusion since the last call, which starts them anew."""
        confusion, loss = self.confusion.numpy(), float(self.loss_sum.numpy())
        self.confusion.assign(tf.zeros_like(self.confusion))
        self.loss_sum.assign(0.0)
        return {"loss": loss / max(confusion.sum(), 1), "confusion": confusion}

    def agree(self, value: float) -> float:
        """The mean of what the devices say; each of several processes must ask, and gets the same answer."""
        if self.devices == 1:
            return value
        mean = self._compile(
            lambda said: self.strategy.reduce("MEAN", self.strategy.run(tf.identity, (said,)), None), "agree"
        )
        return float(mean(tf.constant(value, tf.float32)))

    def _compile(self, function: Callable, *key) -> Callable:
        """`function` as a graph, made once for each `key`."""
        if key not in self._compiled:
            self._compiled[key] = tf.function(function)
        return self._compiled[key]

    def _share(self, faces: Faces, rows: np.ndarray) -> Batch:
        """The faces at `rows`, dealt to the devices in equal parts, in order."""
        part = len(rows) // self.devices

        def of_device(context) -> Batch:
            place = np.arange(part, dtype=np.int32) + part * context.replica_id_in_sync_group
            mine = rows[place]
            parts = (faces.images, faces.label, faces.votes, faces.taught, faces.heard)
            return Batch(*(tf.constant(part[mine]) for part in parts), tf.constant(place))

        if self.devices == 1:
            return of_device(tf.distribute.get_replica_context())
        return self.strategy.experimental_distribute_values_from_function(of_device)

    def _answer(self, images: tf.Tensor, side: int) -> tf.Tensor:
        x = resized(images, side)
        x = softened(x) if self.config.soft and side == SIDE else x
        return tf.concat([self.averaged(part)["label"] for part in _in_parts(x, self.parts)], 0)

    def _train(self, batch: Batch, seed, learning_rate, *, side: int, frozen: bool) -> None:
        """One step on all devices, the sums of what they saw, and the average of the weights after it."""
        sums = self.strategy.run(partial(self._step, side=side, frozen=frozen), (batch, seed, learning_rate))
        loss, confusion = (self.strategy.reduce("SUM", part, None) for part in sums)
        self.loss_sum.assign_add(loss)
        self.confusion.assign_add(confusion)
        self._average()

    def _step(self, batch: Batch, seed, learning_rate, *, side: int, frozen: bool):
        """One device's share of a step; returns the plain loss, summed, and the confusion of its faces.

        Both are told uphill where `sharpness` is set, so the loss is a little higher than at the weights.
        """
        self.optimizer.learning_rate.assign(learning_rate)
        parts = map(Batch, *(_in_parts(array, self.parts) for array in batch))
        lessons = [self._lesson(part, Chance(seed, part.place, self.config.batch_size), side) for part in parts]
        weights = self._heads() if frozen else self.network.trainable_variables
        if self.config.sharpness and not frozen:
            above = self._uphill(lessons)
            logits, gradient = self._gradient(partial(self._answer_at, above), above, lessons)
        else:
            here = [weight.value for weight in weights]
            logits, gradient = self._gradient(partial(self.network, training=not frozen), here, lessons)
        self.optimizer.apply(gradient, weights)
        plain = tf.nn.sparse_softmax_cross_entropy_with_logits(batch.label, logits)  # as validation measures
        predicted = tf.argmax(logits, 1)
        return tf.reduce_sum(plain), tf.math.confusion_matrix(batch.label, predicted, self.classes, dtype=tf.int64)

    def _lesson(self, batch: Batch, chance: Chance, side: int) -> Lesson:
        """The faces as the network sees them, and what it is to learn of them."""
        x = augment(batch.images, chance, self.config, side)
        target = label_targets(batch, self.config, self.classes)
        weight = tf.gather(self.weights, batch.label)
        votes, heard = batch.votes, batch.heard
        if self.config.mixup:
            share = mixup_shares(chance, self.config.mixup)
            x, target, weight, votes, heard = (mixup(part, share) for part in (x, target, weight, votes, heard))
        if self.teachers:
            answers = [tf.nn.softmax(teacher(x, training=False)["label"]) for teacher in self.teachers]
            target = with_teachers(target, informed(tf.add_n(answers) / len(answers), heard), self.config)
        return Lesson(x, target, weight, votes)

    def _gradient(self, answer: Callable, weights: list, lessons: list[Lesson]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """What `answer`, the network at `weights`, says of all faces, `(n, k)`, and the gradient of their mean loss.

        The lessons need nothing of each other, so that cores work on several at once.
        """
        faces = sum(tf.shape(lesson.weight)[0] for lesson in lessons)
        logits, gradients = [], []
        for lesson in lessons:
            with tf.GradientTape() as tape:
                tape.watch(weights)
                outputs = answer(lesson.x)
                # the optimizer sums the gradients of the devices
                loss = self._loss(outputs, lesson) / tf.cast(faces * self.devices, tf.float32)
            logits.append(outputs["label"])
            gradients.append(tape.gradient(loss, weights))
        return tf.concat(logits, 0), [tf.add_n(parts) for parts in zip(*gradients, strict=True)]

    def _loss(self, outputs: dict[str, tf.Tensor], lesson: Lesson) -> tf.Tensor:
        """The sum over the lesson's faces."""
        losses = lesson.weight * tf.nn.softmax_cross_entropy_with_logits(lesson.target, outputs["label"])
        if "votes" in outputs:
            losses += self.config.votes_weight * votes_loss(lesson.votes, outputs["votes"])
        return tf.reduce_sum(losses)

    def _uphill(self, lessons: list[Lesson]) -> list[tf.Tensor]:
        """The weights within `sharpness` of the network's at which the loss is highest, as some of the faces tell.

        Going down by the gradient there leads to flat minima: sharpness-aware minimization, Foret et al. 2021,
        arXiv:2010.01412, algorithm 1. Each device looks within its part of the batch.
        """
        some = [Lesson(*(part[: tf.shape(part)[0] // UPHILL + 1] for part in lesson)) for lesson in lessons]
        here = [tf.convert_to_tensor(weight) for weight in self.network.trainable_variables]
        _, slopes = self._gradient(lambda x: self._at(here, x)[0], here, some)
        length = self.config.sharpness / (tf.linalg.global_norm(slopes) + 1e-12)
        return [weight + length * slope for weight, slope in zip(here, slopes, strict=True)]

    def _answer_at(self, weights: list[tf.Tensor], x: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the network says of `x` with those weights; its statistics are moved by it, its own weights stay."""
        outputs, state = self._at(weights, x)
        for variable, value in zip(self.network.non_trainable_variables, state, strict=True):
            variable.assign(value)
        return outputs

    def _at(self, weights: list[tf.Tensor], x: tf.Tensor) -> tuple[dict[str, tf.Tensor], list]:
        """What the network would say of `x` with those weights, and its state after it; nothing changes."""
        return self.network.stateless_call(weights, self.network.non_trainable_variables, x, training=True)

    def _heads(self) -> list:
        return [weight for name in self.network.output_names for weight in self.network.get_layer(name).weights]

    def _average(self) -> None:
        """Bring the averaged weights, normalisation statistics included, up to date; where they lag, now and then."""
        if self.config.averaging:
            done = tf.cast(self.optimizer.iterations, tf.float32)
            steps = tf.where(done <= AT_FIRST, 1.0, float(AVERAGED_EVERY))
            tf.cond(done % steps == 0, partial(self._move_averaged, done, steps), lambda: None)
        else:
            for average, weight in zip(self.averaged.weights, self.network.weights, strict=True):
                average.assign(weight)

    def _move_averaged(self, done: tf.Tensor, steps: tf.Tensor) -> None:
        """Move the averaged weights as far towards the network's as the last `steps` would; faster at the start."""
        decay = tf.minimum(self.config.averaging, (1 + done) / (10 + done)) ** steps
        for average, weight in zip(self.averaged.weights, self.network.weights, strict=True):
            average.assign_add((weight - average) * (1 - decay))


@contextlib.contextmanager
def _precision(name: str) -> Iterator[None]:
    """Layers made inside compute in bfloat16 where `name` says so; their weights are float32 in any case."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if name == "bfloat16" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _in_parts(x: tf.Tensor, parts: int) -> list[tf.Tensor]:
    """`x` `(n, …)` as so many equal parts, in order, where n is their multiple, else nearly so; none is empty."""
    ends = np.linspace(0, len(x), min(parts, len(x)) + 1).astype(int)
    return [x[start:end] for start, end in pairwise(ends)]


def _batches(images: np.ndarray) -> list[np.ndarray]:
    return [images[start : start + EVALUATION_BATCH] for start in range(0, len(images), EVALUATION_BATCH)]
