"""The verbs of the workbench without a browser: `python -m fer_core data | audit | train | models | …`.

With `--json` one object goes to standard output and nothing else; progress goes to standard error. Exit code 0, or 2
with one line that says what was expected and what was found.
"""

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pandas as pd

from fer_core import cli_data, cli_models, cli_predict, cli_timeline, cli_tune, store
from fer_core import cli_words as words
from fer_core.cli_common import asked_config, check_writable, load, run_to_its_end, say, settings_arguments
from fer_core.data import copies, default_source, load_dataset
from fer_core.data.rows import row_table
from fer_core.data.versions import version_of
from fer_core.errors import FerError, ModelError, RunError, disk_told
from fer_core.evaluation import elsewhere
from fer_core.evaluation.common import bring_together
from fer_core.evaluation.metrics import class_scores, evaluation_json
from fer_core.evaluation.predictions import PARTS, read_predictions
from fer_core.evaluation.report import make_report
from fer_core.evaluation.scoring import headline
from fer_core.integrity import SCORED
from fer_core.labels import get_scheme
from fer_core.training import runs
from fer_core.training.combine import HOW, STAGES, ensemble, soup, two_stage


def main(argv: list[str] | None = None) -> int:
    """Run one verb; returns the exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's chatter isn't progress
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    arguments = _parser().parse_args(argv)
    try:
        _check_given(arguments)
        result, text = arguments.verb(arguments)
    except (FerError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(disk_told(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as a shell tells it
    try:
        print(json.dumps(result, ensure_ascii=False) if arguments.json else text, flush=True)
    except BrokenPipeError:  # who read it has seen enough: `evaluate compact | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return arguments.exit_code


def data(arguments) -> tuple[dict, str]:
    """Counts by Usage and emotion."""
    started = time.perf_counter()
    dataset = load(arguments)
    seconds = round(time.perf_counter() - started, 3)
    result = {
        "rows": len(dataset),
        "counts": dataset.counts(),
        "fingerprint": dataset.fingerprint,
        "seconds": seconds,
        "source": dataset.source,
        "drawn": dataset.drawn,
        "notes": list(dataset.notes),
    }
    table = pd.DataFrame(result["counts"]).T
    drawn = " (drawn faces)" if dataset.drawn else ""
    return result, "\n".join(
        [f"{dataset.source}{drawn}: {len(dataset):,} faces in {seconds} s", table.to_string(), *dataset.notes]
    )


def audit(arguments) -> tuple[dict, str]:
    """Duplicates, leaks, conflicts, blanks."""
    if arguments.out:
        check_writable(Path(arguments.out))
    dataset = load(arguments)
    say(f"comparing {len(dataset):,} faces with one another, where that was not done before")
    result = copies.audit(dataset, arguments.threshold).to_json()
    if arguments.out:
        row_table(dataset).to_csv(arguments.out, index=False)
        say(f"wrote {arguments.out}")
    leaks = [
        f"{usage}: {len(rows['exact']):,} exact and {len(rows['near']):,} near copies of a Training image"
        for usage, rows in result["leaked"].items()
    ]
    counts = [f"{name}: {value:,}" for name, value in result.items() if name != "leaked"]
    return result, "\n".join([*counts, *leaks, *dataset.notes])


def train(arguments) -> tuple[dict, str]:
    """Train a network into its folder, in a process of its own, and follow it; Ctrl-C asks it to stop."""
    if arguments.resume or arguments.stop:
        names = ("preset", "source", "epochs", "minutes", "set", "skip_bad", "map")
        given = {name: getattr(arguments, name) for name in names}
        chosen = [name for name, value in given.items() if value is not False and value not in (None, [])]
        chosen += ["stop"] * (arguments.resume and arguments.stop)
        if not arguments.name or chosen:
            raise RunError("--resume, --stop: expected --name of a run, and nothing else: it goes on as it was created")
        model = store.open_model(arguments.name)
        if arguments.stop:
            return _stop(model)
        runs.check_unfinished(model)
    else:
        config = asked_config(arguments)
        model = runs.create_run(config, load(arguments), arguments.name, skip_bad=arguments.skip_bad)
    say(f"run {model.id}: its folder is {model.folder}")
    model = run_to_its_end(model)
    if model.status != "finished":
        raise RunError(words.ending(model))
    return {"id": model.id, "status": model.status, "scores": model.scores}, words.scores_text(model)


def _stop(model: store.SavedModel) -> tuple[dict, str]:
    if not model.busy:
        raise RunError(f"run {model.id!r}: expected one that trains or waits, found it {model.status}")
    runs.request_stop(model)
    return {"id": model.id, "status": model.status}, f"run {model.id}: asked to finish its batch, save and stop"


def combine(arguments) -> tuple[dict, str]:
    """Several models as one: three specialists as six classes, or the mean answer or the mean weights of some."""
    if arguments.how == "two_stage" and len(arguments.models) != len(STAGES):
        raise ModelError(
            f"combine: expected three models, of {', '.join(STAGES)} in this order, found {len(arguments.models)}; "
            "or --how ensemble or soup, for two or more of the same classes"
        )
    parts = [store.open_trained(name) for name in arguments.models]
    dataset = load(arguments)
    if arguments.how == "two_stage":
        model = two_stage(*parts, arguments.name, dataset)
    else:
        model = {"ensemble": ensemble, "soup": soup}[arguments.how](parts, arguments.name, dataset)
    return _model_row(model), words.scores_text(model)


def models(arguments) -> tuple[dict, str]:
    """The saved models and their headline scores."""
    rows = [_model_row(model) for model in store.list_models()]
    lines = [words.model_line(row) for row in rows]
    return {"models": rows}, "\n".join(lines) or f"no saved model in {store.models_dir()}; train one"


def evaluate(arguments) -> tuple[dict, str]:
    """Scores of one model on one split, raw and on the honest part."""
    model = _scored(store.open_answered(arguments.model), arguments)
    predictions = read_predictions(model.predictions_file, model.labels)
    if arguments.version:
        version = version_of(model.record["dataset"]["fingerprint"], arguments.version)
        predictions = predictions.relabelled(version, get_scheme(model.record["scheme"]))
    labels = f"the labels of version {arguments.version}" if arguments.version else "the dataset's own labels"
    result = evaluation_json(model.id, arguments.split, predictions) | {"version": arguments.version}
    table = pd.DataFrame(result["confusion"], index=result["labels"], columns=result["labels"])
    scores = headline(predictions)[arguments.split]
    classes = {part: class_scores(predictions.select(arguments.split, part)) for part in scores}
    lines = [
        f"{model.id} on {arguments.split}, against {labels}, with 95 % intervals",
        *(f"{part}: {words.scores_words(told)}" for part, told in scores.items()),
        *(f"recall, {part}: {words.recalls(frame)}" for part, frame in classes.items()),
        f"confusion, raw, rows true:\n{table.to_string()}",
    ]
    return result, "\n".join(lines)


def compare(arguments) -> tuple[dict, str]:
    """Scores of several models on one split, and each one's difference from the first."""
    if len({*arguments.models}) < max(len(arguments.models), 2):
        raise ValueError(f"expected two models or more, each once, found {', '.join(arguments.models)}")
    chosen = {name: _scored(store.open_answered(name), arguments) for name in arguments.models}
    first = arguments.models[0]
    predictions = {name: read_predictions(model.predictions_file, model.labels) for name, model in chosen.items()}
    datasets = {name: model.record["dataset"] for name, model in chosen.items()}
    reports = {}
    for part in PARTS:
        common = bring_together(
            {name: everything.select(arguments.split, part) for name, everything in predictions.items()}, datasets
        )
        for name, reason in common.refused.items():
            raise ModelError(f"{name} doesn't compare with {first}: {reason}")
        if part == "honest" and not len(common.models[first]):
            continue  # all of these faces are copies
        reports[part] = make_report(chosen.values(), common, arguments.split, part, first)
    told = {part: words.report_json(reports[part]) if part in reports else None for part in PARTS}
    result = {"split": arguments.split} | told
    lines = [f"{part}:\n{words.report_text(reports[part]) if part in reports else 'no face'}" for part in PARTS]
    return result, "\n\n".join(lines)


def _model_row(model: store.SavedModel) -> dict:
    return {
        "id": model.id,
        "status": model.status,
        "scheme": model.record.get("scheme"),
        "network": model.record.get("network"),
        "parameters": model.record.get("parameters"),
        "scores": model.scores,
        "tags": list(model.tags),
        "problem": model.problem or None,
    }


def _scored(model, arguments):
    """The model as it was saved, or as scored on another dataset that `--source` names."""
    if not arguments.source:
        if arguments.skip_bad or arguments.map:
            raise ValueError("--skip-bad and --map: expected --source beside them, found none; no dataset is read")
        return model
    dataset = load(arguments)
    if dataset.fingerprint == model.record["dataset"]["fingerprint"]:
        return model
    if vars(arguments).get("version"):  # a wrong name is told before minutes of scoring
        version_of(dataset.fingerprint, arguments.version)
    skip_bad = model.record["dataset"].get("skip_bad", False)
    learned = elsewhere.find_learned(
        model, lambda source: load_dataset(source, skip_bad=skip_bad, progress=say), default_source()
    )
    scored = elsewhere.score(model, dataset, learned, lambda share: say(f"scoring {model.id}: {share:.0%}"))
    for sentence in (*elsewhere.sentences(scored), *dataset.notes):
        say(sentence)
    return scored


def _check_given(arguments: argparse.Namespace) -> None:
    """Refuse empty words, of a variable of the shell that isn't set, say: a path that is empty is this folder's."""
    for name, given in vars(arguments).items():
        if given == "" or (isinstance(given, list) and "" in given):
            raise ValueError(f"{name}: expected a word, found an empty one")


class _Parser(argparse.ArgumentParser):
    """argparse whose refusal is one line, as every other."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m fer_core", description="Facial-expression recognition without a browser.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(function: Callable, *, source: bool | str = False) -> argparse.ArgumentParser:
        sub = verbs.add_parser(function.__name__.strip("_"), help=function.__doc__, description=function.__doc__)
        sub.set_defaults(verb=function, exit_code=0)
        sub.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        if source:
            source = source if isinstance(source, str) else "FER_SOURCE, else data/"
            sub.add_argument("--source", help=f"demo, kaggle, a CSV or a folder; default: {source}")
            sub.add_argument("--skip-bad", action="store_true", help="leave out rows that cannot be read")
            sub.add_argument(
                "--map",
                action="append",
                default=[],
                metavar="CLASS=EXPRESSION",
                help="what a class name of a folder or CSV means; CLASS= leaves its faces out; kept for the next time",
            )
        return sub

    verb(data, source=True)
    sub = verb(audit, source=True)
    sub.add_argument(
        "--threshold",
        type=float,
        default=copies.NEAR,
        help=f"of near copies, a cosine from {copies.LOWEST} to 1 (default: {copies.NEAR})",
    )
    sub.add_argument("--out", metavar="FILE.csv", help="write what is known of each row, for training elsewhere")
    _train_arguments(verb(train, source=True))
    cli_tune.add_arguments(verb)
    sub = verb(combine, source=True)
    sub.add_argument("models", nargs="+", metavar="MODEL", help="two_stage: those of valence, negative and positive")
    sub.add_argument("--how", choices=HOW, default="two_stage", help="default: two_stage")
    sub.add_argument("--name", help="of the new model; default: how they are combined, and a number")
    verb(models)
    one, several = (verb(function, source="that of the saved predictions") for function in (evaluate, compare))
    one.add_argument("model", metavar="MODEL")
    one.add_argument("--version", help="of the dataset, whose labels are taken for the true ones (default: its own)")
    several.add_argument("models", nargs="+", metavar="MODEL", help="two or more; the first is the reference")
    for sub in (one, several):
        told = "test (PublicTest) or validation (PrivateTest); default: test"
        sub.add_argument("--split", choices=SCORED, default="test", help=told)
    cli_predict.add_arguments(verb)
    cli_timeline.add_arguments(verb)
    cli_data.add_arguments(verb)
    cli_models.add_arguments(verb)
    return parser


def _train_arguments(sub: argparse.ArgumentParser) -> None:
    settings_arguments(sub)
    sub.add_argument("--name", help="of the model; default: the network's name and a number")
    sub.add_argument("--resume", action="store_true", help="go on with the run called --name")
    sub.add_argument("--stop", action="store_true", help="ask the run called --name to stop, wherever it was started")
