"""How fast training is: images a second, and minutes to the study's score.

`python -m tests.benchmarks.bench_train speed` trains on random faces: the loop at the sizes of a preset, and the same
network written with stock Keras layers, augmentation layers in a `tf.data` map and `fit`, in float32 at 48 px. They
take turns, each in a process of its own as TensorFlow divides the cores once, since such machines keep no even pace.

`FER_SOURCE=<the packed CSV> python -m tests.benchmarks.bench_train race` starts a fresh process with an empty cache,
which parses the CSV, trains `fast` on all Training rows, and looks at PublicTest after each epoch at the last size,
which nothing but a benchmark may do, until the network as it would be saved has the study's accuracy. Beside it the
study's network and settings, some batches of which are measured and extrapolated to its 200 epochs.

Nothing else should run on the machine. `--json` prints one JSON object instead of text.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from fer_core.apart import ask
from fer_core.data import load_dataset
from fer_core.data.dataset import SIDE
from fer_core.data.preparation import training_statistics
from fer_core.errors import RunError
from fer_core.evaluation.scoring import probabilities
from fer_core.labels import VOTES, get_scheme
from fer_core.networks import get_network, saved_network
from fer_core.training.config import PRESETS, TrainConfig
from fer_core.training.data import Faces, gather, training_rows
from fer_core.training.devices import share_cores
from fer_core.training.engine import Engine
from fer_core.training.loop import Loop
from fer_core.training.speed import Speed, estimate, resolve

TARGET = 0.652
"""The study's accuracy on PublicTest."""
CLASSES = 6
EPOCHS = 4
"""Of either, at each size and turn; other programs of the machine take their share of some."""
TURNS = 2
ROWS = {"all": 28_273, "clean": 25_066}
"""Training faces of FER2013 in the study's six classes."""


def random_faces(n: int) -> Faces:
    rng = np.random.default_rng(0)
    return Faces(
        images=rng.integers(0, 256, (n, 48, 48), np.uint8),
        label=(np.arange(n) % CLASSES).astype(np.int32),
        votes=np.full((n, len(VOTES)), 1 / len(VOTES), np.float32),
        taught=np.zeros((n, CLASSES), np.float32),
        heard=np.zeros((n, CLASSES), np.float32),
    )


def our_speed(config: TrainConfig, batches: int) -> Speed:
    """Images a second of the loop at each of its sizes: of the epochs but the first, which compiles, the fastest."""
    share_cores(config.parts)
    config = resolve(config)
    sides = tuple(sorted(set(config.sides)))
    short = replace(config, sides=sides, epochs=EPOCHS * len(sides), minutes=None)
    faces = random_faces(batches * config.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(short, CLASSES, 0.5, 0.25)
        loop = Loop(short, engine, faces, random_faces(CLASSES), Path(folder), lambda *_: None, lambda: False)
        loop.run()
    seconds = {side: min(row["seconds"] for row in loop.progress.history if row["side"] == side) for side in sides}
    return Speed(short.precision, {side: len(faces) / fastest for side, fastest in seconds.items()})


def whole_run(config: TrainConfig, speed: Speed) -> float:
    """Images a second over all epochs of the growing faces, evaluation left out."""
    taken = [1 / speed.images_per_second[config.side(epoch)] for epoch in range(config.epochs)]
    return len(taken) / sum(taken)


def stock_compact(width: int) -> keras.Model:
    """The network `compact` as a user of Keras would write it."""

    def convolved(x, filters, pool=False):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        if pool:
            x = layers.MaxPooling2D()(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    for factor, pairs in ((1, 1), (2, 1), (4, 2), (8, 0)):
        x = convolved(x, factor * width, pool=True)
        for _ in range(pairs):
            x = layers.Add()([x, convolved(convolved(x, factor * width), factor * width)])
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, layers.Dense(CLASSES)(x))


def stock_pipeline(config: TrainConfig, batches: int) -> tf.data.Dataset:
    """Shuffled batches of random faces, disturbed as `config` says by Keras's own layers."""
    disturb = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(config.rotation / 360, fill_mode="nearest"),
            layers.RandomTranslation(config.shift, config.shift, fill_mode="nearest"),
            layers.RandomZoom(config.zoom, fill_mode="nearest"),
        ]
    )
    faces = random_faces(batches * config.batch_size)
    return (
        tf.data.Dataset.from_tensor_slices((faces.images[..., np.newaxis].astype(np.float32), faces.label))
        .shuffle(len(faces))
        .batch(config.batch_size)
        .map(lambda x, y: (disturb(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )


class Stopwatch(keras.callbacks.Callback):
    """Seconds of the fastest epoch but the first, which compiles."""

    seconds = math.inf

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if epoch:
            self.seconds = min(self.seconds, time.perf_counter() - self.start)


def fit_speed(model: keras.Model, optimizer: keras.Optimizer, config: TrainConfig, batches: int) -> float:
    """Images a second of `fit`, in its fastest epoch."""
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    stopwatch = Stopwatch()
    model.fit(stock_pipeline(config, batches), epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[stopwatch])
    return batches * config.batch_size / stopwatch.seconds


def stock_speed(config: TrainConfig, batches: int) -> Speed:
    """Images a second of the stock twin of `config`, at 48 px."""
    optimizer = keras.optimizers.SGD(config.learning_rate, 0.9, nesterov=True, weight_decay=config.weight_decay)
    model = stock_compact(config.width or get_network("compact").width)
    return Speed("float32", {SIDE: fit_speed(model, optimizer, config, batches)})


SPEEDS = {"ours": our_speed, "stock": stock_speed}


def speed_apart(part: str, preset: str, batches: int) -> Speed:
    """Of `SPEEDS`, in a process of its own."""
    arguments = (part, "--preset", preset, "--batches", str(batches))
    told = json.loads(ask("tests.benchmarks.bench_train", *arguments, error=RunError).splitlines()[-1])
    return Speed(told["precision"], {int(side): value for side, value in told["images_per_second"].items()})


def fastest(turns: list[Speed]) -> Speed:
    by_side = {side: max(turn.images_per_second[side] for turn in turns) for side in turns[0].images_per_second}
    return Speed(turns[0].precision, by_side)


def compare_speed(preset: str, batches: int) -> dict:
    config = PRESETS[preset]
    turns = [{part: speed_apart(part, preset, batches) for part in SPEEDS} for _ in range(TURNS)]
    speed = fastest([turn["ours"] for turn in turns])
    stock = fastest([turn["stock"] for turn in turns]).images_per_second[SIDE]
    largest = max(config.sides)
    ours = {"over a whole run": whole_run(config, speed), f"at {largest} px": speed.images_per_second[largest]}
    return {
        "preset": preset,
        "precision": speed.precision,
        "by_side": speed.images_per_second,
        "images_per_second": ours | {"stock": stock},
        "ratio": {run: value / stock for run, value in ours.items()},
        "estimated_minutes": estimate(config, ROWS[config.rows], speed) / 60,
    }


def race(preset: str) -> dict:
    """Epochs of a fresh process, each with the seconds since its start, up to the one that has the target."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        racer = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.bench_train", "run", "--preset", preset],
            env=os.environ | {"FER_DATA": f"{folder}/data", "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            text=True,
        )
        epochs = []
        for line in racer.stdout:
            epochs.append(json.loads(line) | {"seconds_from_start": round(time.monotonic() - start, 1)})
            print(epochs[-1], file=sys.stderr, flush=True)
        if racer.wait():
            raise SystemExit(f"the run failed with exit code {racer.returncode}")
    reached = [epoch for epoch in epochs if epoch["accuracy"] >= TARGET]
    return {
        "preset": preset,
        "epochs": epochs,
        "minutes_to_target": reached[0]["seconds_from_start"] / 60 if reached else None,
    }


def run_to_target(preset: str) -> None:
    """The process that `race` starts: one line of JSON an epoch at the last size; ends once it has the target."""
    config, reached = PRESETS[preset], []
    share_cores(config.parts)
    config = resolve(config)
    dataset, scheme = load_dataset(os.environ["FER_SOURCE"]), get_scheme(config.scheme)
    train, test = gather(dataset, training_rows(dataset, config), scheme.name), dataset.rows("test", scheme)
    mean, std = training_statistics(train.images)
    engine = Engine(config, CLASSES, mean, std)
    form = {"mean": mean, "std": std, "width": config.width, "side": config.sides[-1]}
    form |= {"mirror": config.mirror, "soft": config.soft}

    def report(event: str, record: dict) -> None:
        if event == "epoch" and record["side"] == config.sides[-1]:
            network = saved_network(engine.averaged, config.network, CLASSES, **form)
            right = probabilities(network, dataset.images, test).argmax(1) == scheme.classes(dataset.emotion[test])
            print(json.dumps({key: record[key] for key in ("epoch", "side")} | {"accuracy": right.mean()}), flush=True)
            reached.append(right.mean() >= TARGET)

    with tempfile.TemporaryDirectory() as folder:
        Loop(config, engine, train, random_faces(CLASSES), Path(folder), report, lambda: any(reached)).run()


def extrapolate_study(batches: int) -> dict:
    """The study's network and settings with Keras's `fit`, in batches of 32."""
    config, network = PRESETS["study"], get_network("study")
    inputs = keras.Input((48, 48, 1))
    x = network.features(layers.Rescaling(1 / 255)(inputs), width=network.width, fused=False)  # of stock layers
    model = keras.Model(inputs, layers.Dense(CLASSES, name="label")(x))
    optimizer = keras.optimizers.Adam(config.learning_rate)
    speed = fit_speed(model, optimizer, config, batches)
    epoch = ROWS["all"] / speed
    return {"images_per_second": speed, "epoch_minutes": epoch / 60, "run_hours": config.epochs * epoch / 3600}


def tell_speed(result: dict) -> None:
    print(f"{result['preset']}, {result['precision']}")
    sides = {f"at {side} px": value for side, value in result["by_side"].items()}
    for name, value in (sides | result["images_per_second"]).items():
        ratio = f", {result['ratio'][name]:.2f} × stock" if name in result["ratio"] else ""
        print(f"  {name:20}{value:6.0f} images a second{ratio}")
    print(f"  {ROWS[PRESETS[result['preset']].rows]:,} faces: {result['estimated_minutes']:.1f} minutes, estimated")


def tell_race(result: dict) -> None:
    for epoch in result["epochs"]:
        print(
            "epoch {epoch:3}: {side} px, {accuracy:.3f} on PublicTest after {seconds_from_start:.0f} s".format(**epoch)
        )
    minutes, study = result["minutes_to_target"], result["study"]
    print(f"{TARGET} {f'after {minutes:.1f} minutes' if minutes else 'never reached'} by {result['preset']}")
    print(
        f"the study's settings, extrapolated from {study['images_per_second']:.0f} images a second: "
        f"{study['epoch_minutes']:.1f} minutes an epoch, {study['run_hours']:.0f} hours for 200"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=("speed", "race", "run", *SPEEDS), help="all but two are what these two start")
    parser.add_argument("--preset", help="of `speed`: compact, flagship and fast; of `race`: fast")
    parser.add_argument("--batches", type=int, default=40, help="measured each time")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.part == "run":
        return run_to_target(arguments.preset)
    if arguments.part in SPEEDS:
        return print(json.dumps(asdict(SPEEDS[arguments.part](PRESETS[arguments.preset], arguments.batches))))
    if arguments.part == "speed":
        presets = [arguments.preset] if arguments.preset else ["compact", "flagship", "fast"]
        results, tell = [compare_speed(preset, arguments.batches) for preset in presets], tell_speed
    else:
        results = [race(arguments.preset or "fast") | {"study": extrapolate_study(arguments.batches)}]
        tell = tell_race
    if arguments.json:
        print(json.dumps({arguments.part: results}))
    else:
        for result in results:
            tell(result)
    return None


if __name__ == "__main__":
    main()
