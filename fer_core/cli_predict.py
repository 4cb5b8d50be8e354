"""The verb that looks at pictures: a few, or a folder of any size."""

import argparse
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fer_core import cli_words as words
from fer_core import store
from fer_core.cli_common import TELL, calibrated_argument, check_folder, check_writable, chosen_decision, say
from fer_core.errors import PhotoError
from fer_core.evaluation.decision import Decision
from fer_core.inference import batch, ray_job
from fer_core.inference.batch import list_pictures, parse_shard
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.growing import growing
from fer_core.inference.predict import rule
from fer_core.inference.table import NO_FACE, schema, to_files, to_table
from fer_core.labels import MEANING
from fer_core.paths import shown

FORMULA = ("=", "+", "-", "@")


def predict(arguments) -> tuple[dict, str]:
    """Faces and their expressions in pictures."""
    shard = parse_shard(arguments.shard)
    if arguments.workers < 1:
        raise ValueError(f"workers: expected at least 1, found {arguments.workers}")
    keeps = arguments.out and arguments.out.endswith(".parquet")
    if arguments.out:
        (check_folder if keeps else check_writable)(Path(arguments.out))
    model = store.open_trained(arguments.model)
    decision = chosen_decision(model, arguments)
    paths = _list(arguments.files, shard)
    for sentence in (MEANING, *decision.sentences):
        say(sentence)
    if keeps:
        return _keep(paths, model, decision, arguments)
    files = [file for some in _classified(paths, model, decision, arguments) for file in some]
    if arguments.out:
        table = to_table(files, schema(model.labels)).to_pandas(integer_object_nulls=True)
        told = {"model": model.id, "rule": rule(decision), "meaning": MEANING}
        # in a spreadsheet a name that begins so would be a formula
        names = [f"./{name}" if name[:1] in FORMULA else name for name in table["path"]]
        table.assign(path=names, **told).to_csv(arguments.out, index=False)
        say(f"wrote {arguments.out}")
    return _result(files), "\n".join(map(words.file_text, files)) or "no picture found"


def add_arguments(verb: Callable[..., argparse.ArgumentParser]) -> None:
    """Register the verb."""
    sub = verb(predict)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("files", nargs="+", metavar="FILE_OR_FOLDER")
    sub.add_argument("--out", help="write a table, one row a face: .parquet, which goes on after a kill, or CSV")
    sub.add_argument("--shard", default="1/1", metavar="I/N", help="only part i of n, for several machines")
    cores = min(os.cpu_count() or 1, 8)
    sub.add_argument("--workers", type=int, default=cores, help=f"processes that look for faces (here: {cores})")
    calibrated_argument(sub)
    sub.add_argument("--ray", action="store_true", help="as a Ray job, here or on the cluster that RAY_ADDRESS names")


def _list(files: list[str], shard: tuple[int, int]) -> list[str]:
    """`list_pictures`; `PhotoError` for a name that nothing has."""
    for file in files:
        if not Path(file).exists():
            raise PhotoError(f"{shown(file)}: expected a picture or a folder of pictures, found nothing there")
    return list_pictures(files, shard)


def _keep(paths: list[str], model: store.SavedModel, decision: Decision, arguments) -> tuple[dict, str]:
    """Into a Parquet file, going on with what is in it."""
    out, columns = Path(arguments.out), schema(model.labels)
    with growing(out, columns, _settings(model, decision, arguments)) as table:
        todo = [path for path in paths if shown(path) not in table.done]
        if len(todo) < len(paths):
            say(f"{len(paths) - len(todo):,} of {len(paths):,} pictures are in {out} already")
        for some in _classified(todo, model, decision, arguments):
            table.add(to_table(some, columns))
        table.finish()
    stored = pq.ParquetFile(out)
    files = to_files(stored.read()) if arguments.json else []  # nobody else has to hold them all at once
    return _result(files), f"{out}: {_counts(stored.read(['path', 'face', 'error']))}"


def _result(files: list[dict]) -> dict:
    return {"meaning": MEANING, "files": files}


def _settings(model: store.SavedModel, decision: Decision, arguments) -> dict:
    """All that the answers depend on, and which pictures they are of."""
    relative = not all(Path(file).is_absolute() for file in arguments.files)
    return {
        "model": model.record["sha256"][:16],
        "decision": asdict(decision),
        "detector": type(get_detector()).__name__,
        "pictures": [shown(Path(file)) for file in arguments.files],  # `faces/` is `faces`
        "folder": shown(Path.cwd()) if relative else "",  # elsewhere the same words name other pictures
        "shard": arguments.shard,
    }


def _classified(paths: list[str], model: store.SavedModel, decision: Decision, arguments) -> Iterator[list[dict]]:
    if not paths:
        return iter(())
    if arguments.ray:
        found = ray_job.classify_files(paths, model.id, decision=decision, workers=arguments.workers)
    else:
        classifier = Classifier.load(model.id)
        found = batch.classify_files(paths, classifier, decision=decision, workers=arguments.workers)
    return _telling(found, len(paths))


def _telling(chunks: Iterable[list[dict]], total: int) -> Iterator[list[dict]]:
    """The same chunks, telling now and then how far it is."""
    begun = told = time.monotonic()
    done = 0
    for some in chunks:
        yield some
        done += len(some)
        now = time.monotonic()
        if now - told >= TELL:
            rate, told = done / (now - begun), now
            left = math.ceil((total - done) / rate / 60)
            say(f"{done:,} of {total:,} pictures, {rate:.1f} a second, {words.counted(left, 'minute')} left")


def _counts(table: pa.Table) -> str:
    pictures, faces = len(table["path"].unique()), len(table) - table["face"].null_count
    none = pc.sum(pc.equal(table["error"], NO_FACE)).as_py() or 0
    errors = len(table) - faces - none
    return (
        f"{words.counted(pictures, 'picture')}, {words.counted(faces, 'face')}, {none:,} without a face, "
        f"{errors:,} that could not be used"
    )
