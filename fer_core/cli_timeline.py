"""The verbs about expression over time: timeline, recurrent."""

import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fer_core import store
from fer_core.cli_common import TELL, calibrated_argument, check_writable, chosen_decision, load, say
from fer_core.errors import FerError, ModelError, reason
from fer_core.evaluation.decision import PLAIN
from fer_core.evaluation.smoothing import SMOOTHINGS
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.summary import shares_frame
from fer_core.inference.timeline import classify, timeline_table, watch
from fer_core.inference.tracks import Tracks
from fer_core.inference.video import Frame, Video
from fer_core.labels import MEANING
from fer_core.recurrent import SINGLE_FACES, save_recurrent
from fer_core.upkeep import alone


def timeline(arguments) -> tuple[dict, str]:
    """Faces of a video and their expressions over time, as CSV: one row a frame and face."""
    check_writable(Path(arguments.out))
    if not 0 < arguments.width < math.inf:
        raise ValueError(f"--width: expected seconds above 0, found {arguments.width:g}")
    if not 0 <= arguments.rate < math.inf:
        raise ValueError(f"--rate: expected frames a second, 0 for all, found {arguments.rate:g}")
    model = store.open_trained(arguments.model)
    decision, reader = chosen_decision(model, arguments), None
    if arguments.smoothing == "recurrent":
        from fer_core.inference.recurrent import Reader  # with TensorFlow

        reader = Reader(model)
    try:
        with Path(arguments.video).open("rb") as file:
            video = Video(file)
            say(MEANING)
            watched = watch(_telling(video.frames(arguments.rate)), get_detector(), Tracks())
    except OSError as error:
        raise FerError(f"{arguments.video}: expected a readable video, found: {reason(error)}") from error
    except FerError as error:
        raise type(error)(f"{arguments.video}: {error}") from error
    found = classify(watched, Classifier.load(model.id), decision)
    if reader:
        if decision != PLAIN:
            say(SINGLE_FACES)
        found, decision = reader.read(watched, found), PLAIN
    elif arguments.smoothing in SMOOTHINGS:
        found = found.smoothed(arguments.smoothing, arguments.width)
    width = f" of {arguments.width:g} seconds" if arguments.smoothing in SMOOTHINGS else ""
    read_by = f"{model.id}, smoothing {arguments.smoothing}{width}"
    table = timeline_table(found, read_by, decision)
    table.to_csv(arguments.out, index=False)
    shares = shares_frame({Path(arguments.video).name: table})
    told = shares.astype(object).where(shares.notna(), None).to_dict("records")  # JSON has no NaN
    result = {"meaning": MEANING, "frames": len(found.seconds), "faces": len(found.faces), "shares": told}
    lines = [f"{row.label}: {row.share:.1%} of {row.n:,}" for row in shares.itertuples() if row.share > 0]
    return result, "\n".join([f"wrote {arguments.out}: {result['frames']} frames, {result['faces']} faces", *lines])


def recurrent(arguments) -> tuple[dict, str]:
    """Train the GRU of a model on composed sequences, and judge it; kept beside the model if it wins."""
    if arguments.epochs < 1:
        raise ValueError(f"epochs: expected at least 1, found {arguments.epochs}")
    model, dataset = store.open_trained(arguments.model), load(arguments)
    known = model.record["dataset"]
    if dataset.fingerprint != known["fingerprint"]:
        raise ModelError(
            f"{model.id}: expected the dataset that it was trained on, {known['source']}, found {dataset.source}; name "
            "that by --source"
        )
    from fer_core.training import recurrent as training  # which loads TensorFlow

    settings = training.Settings(epochs=arguments.epochs)
    ways = {"validation": 3, "train": 2, "test": 3}
    for split in ways:
        training.pool_rows(model, dataset, split)  # refused before minutes of work
    pools = {
        split: training.pool(model, dataset, split, ways=ways[split], seed=seed, tell=say)
        for seed, split in ((100, "validation"), (300, "train"), (200, "test"))
    }
    network = training.train(pools["train"], pools["validation"], settings, say)
    scored = {hold: training.judge(network, pools["validation"], pools["test"], hold) for hold in training.HOLDS}
    kept = training.wins(scored.values())
    record = training.record_of(scored, settings, dataset)
    if kept:
        with alone(model, "given a reader"):
            record = save_recurrent(model, network, record).record
    lines = [
        f"a face drawn for every {hold} steps at {training.RATE:g} a second:\n{table.round(4).to_string(index=False)}"
        for hold, table in scored.items()
    ]
    lines.append(f"the GRU {'wins: it is kept beside' if kept else 'does not win: it is not kept beside'} {model.id}")
    return {"model": model.id, "kept": kept} | record, "\n".join(lines)


def add_arguments(verb: Callable) -> None:
    """Register these verbs; `verb(function, source=…)` makes the parser of one."""
    sub = verb(timeline)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("video", metavar="VIDEO", help="MP4, MOV or WEBM")
    sub.add_argument("--out", required=True, help="the CSV to write")
    sub.add_argument("--rate", type=float, default=5.0, help="frames a second to look at, 0 for all (default: 5)")
    sub.add_argument(
        "--smoothing",
        choices=("none", *SMOOTHINGS, "recurrent"),
        default="none",
        help="how each face is made steadier over time (default: none)",
    )
    sub.add_argument("--width", type=float, default=1.8, help="of the smoothing, in seconds (default: 1.8)")
    calibrated_argument(sub)
    sub = verb(recurrent, source=True)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--epochs", type=int, default=16, help="default: 16")


def _telling(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, telling now and then how far it is."""
    told = time.monotonic()
    for frame in frames:
        yield frame
        if time.monotonic() - told >= TELL:
            told = time.monotonic()
            say(f"second {frame.seconds:.0f} of the video")
