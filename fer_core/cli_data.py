"""The verbs that make a dataset better: versions, doubt."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from fer_core.cli_common import check_writable, load, run_to_its_end, say
from fer_core.cli_words import contradiction_lines, ending
from fer_core.data import FaceDataset
from fer_core.data.changes import changed_only, changes, class_totals
from fer_core.data.edits import read_edits
from fer_core.data.versions import (
    Version,
    by_emotion,
    damaged_versions,
    delete_version,
    list_versions,
    read_version,
    save_version,
)
from fer_core.errors import RunError, VersionError
from fer_core.evaluation.doubt import contradiction
from fer_core.labels import OUT
from fer_core.training import doubt as folds
from fer_core.training.config import TrainConfig
from fer_core.training.settings import parse_settings


def versions(arguments) -> tuple[dict, str]:
    """Versions of the labels: list them; show, compare or save one."""
    dataset = load(arguments)
    return _ACTIONS[arguments.action or "list"](dataset, arguments)


def doubt(arguments) -> tuple[dict, str]:
    """The labels that models which never saw the face, or its annotators, believe least; trains what is missing."""
    if arguments.top < 0:
        raise ValueError(f"--top: expected 0 or more, found {arguments.top}")
    if arguments.out:
        check_writable(Path(arguments.out))
    dataset = load(arguments)
    asked, names = parse_settings(arguments.set), arguments.preset or [folds.default_preset(dataset)]
    if names == [folds.ANNOTATORS] and (idle := sorted({*asked} - {"scheme", "version"})):
        raise ValueError(f"--set: expected scheme or version, as annotators are not trained, found {', '.join(idle)}")
    judges = {judge: folds.fold_config(judge, **{"folds": arguments.folds} | asked) for judge in names}
    if folds.ANNOTATORS in judges:
        folds.known_votes(dataset)  # refused before anything is trained
    for config in folds.models_of(judges).values():
        _train_folds(dataset, config, arguments.skip_bad)
    ranking = folds.ranking(dataset, judges)
    if arguments.out:
        ranking.to_csv(arguments.out, index=False)
        say(f"wrote {arguments.out}")
    against, top = contradiction(ranking, (100, 1_000)), ranking.head(arguments.top)
    n, issues = len(ranking), int(ranking["is_issue"].sum())
    result = {"n": n, "issues": issues} | {
        name: json.loads(frame.to_json(orient="records", double_precision=15))
        for name, frame in (("contradiction", against), ("ranking", top))
    }
    lines = [f"{face.row}, {face.usage}, labelled {face.label}: {face.reason}" for face in top.itertuples()]
    lines.append(f"{issues:,} of {n:,} labels are doubtful")
    if folds.ANNOTATORS not in judges:
        lines += contradiction_lines(against)
    if folds.learned_votes(dataset, judges):
        lines.append("the models have learned from the votes for other faces too, not for those that they judge")
    return result, "\n".join(lines)


def _train_folds(dataset: FaceDataset, config: TrainConfig, skip_bad: bool) -> None:
    """Train the folds that are missing, one after the other; `RunError` where one ends before it is finished."""
    if folds.progress(dataset, config).ready:
        return
    for model in folds.create(dataset, config, skip_bad=skip_bad):
        if model.trained:
            continue
        say(f"run {model.id}: its folder is {model.folder}")
        ended = run_to_its_end(model)
        if ended.status != "finished":
            raise RunError(f"{ending(ended)}, or call doubt again")


def _list(dataset: FaceDataset, arguments) -> tuple[dict, str]:
    found, damaged = list_versions(dataset), damaged_versions(dataset)
    lines = [*map(_line, found), *damaged.values()]
    result = {"fingerprint": dataset.fingerprint, "versions": list(map(_row, found)), "damaged": damaged}
    return result, "\n".join(lines) or f"no version of {dataset.source} yet; make one in Audit, or by versions save"


def _show(dataset: FaceDataset, arguments) -> tuple[dict, str]:
    version = read_version(dataset, arguments.name)
    rows = {"labels": by_emotion(version.labels), "excluded": list(version.excluded)}
    table = changed_only(changes(dataset, None, version))
    return _row(version) | rows, "\n".join([_line(version), _text(table)])


def _compare(dataset: FaceDataset, arguments) -> tuple[dict, str]:
    before, after = (read_version(dataset, name) if name else None for name in _pair(arguments))
    frame = changes(dataset, before, after)
    moved, totals = changed_only(frame), class_totals(frame)
    result = {"changes": moved.to_dict("records"), "counts": totals.to_dict("records")}
    return result, f"{_text(moved)}\n\n{_text(totals)}"


def _save(dataset: FaceDataset, arguments) -> tuple[dict, str]:
    edits = read_edits(Path(arguments.file), dataset)
    if all(code == dataset.emotion[row] for row, code in edits.items()):
        raise VersionError(f"{arguments.file}: expected an edit, found the labels that the dataset has anyway")
    labels = {row: code for row, code in edits.items() if code != OUT}
    excluded = tuple(row for row, code in edits.items() if code == OUT)
    save_version(
        Version(arguments.name, dataset.fingerprint, labels, excluded, arguments.note or "", arguments.author or "")
    )
    version = read_version(dataset, arguments.name)
    return _row(version), _line(version)


def _delete(dataset: FaceDataset, arguments) -> tuple[dict, str]:
    if not arguments.yes:
        raise VersionError(f"delete: expected --yes, since version {arguments.name!r} will be gone, found none")
    delete_version(dataset.fingerprint, arguments.name)
    return {"deleted": arguments.name}, f"deleted version {arguments.name}"


_ACTIONS = {"list": _list, "show": _show, "compare": _compare, "save": _save, "delete": _delete}


def _pair(arguments) -> tuple[str, str]:
    """Names of the versions before and after; empty for the dataset's own labels."""
    return (arguments.name, arguments.other) if arguments.other else ("", arguments.name)


def _row(version: Version) -> dict:
    words = ("name", "created", "author", "note", "parent", "sha256")
    counts = {"relabelled": len(version.labels), "left_out": len(version.excluded)}
    return {key: getattr(version, key) for key in words} | counts


def _line(version: Version) -> str:
    told = f"{version.name}: {len(version.labels):,} relabelled, {len(version.excluded):,} left out"
    parts = [f"from {version.parent}" if version.parent else "", version.created, version.author, version.note]
    return ", ".join([told, *filter(None, parts)])


def _text(table: pd.DataFrame) -> str:
    return table.to_string(index=False) if len(table) else "nothing is different"


def add_arguments(verb: Callable) -> None:
    """Register these verbs; `verb(function, source=…)` makes the parser of one."""
    _doubt_arguments(verb(doubt, source=True))
    sub = verb(versions, source=True)
    actions = sub.add_subparsers(dest="action", metavar="ACTION")
    for name, words in (
        ("list", "all versions of the dataset (the default)"),
        ("show", "what one changes"),
        ("compare", "what is different between two, or between the dataset's own labels and one"),
        ("save", "a new one, from a CSV with columns row,label; the label empty or exclude: left out"),
        ("delete", "one for good; it asks for --yes"),
    ):
        action = actions.add_parser(name, help=words)
        flags = {"--json": "store_true", "--skip-bad": "store_true", "--source": "store", "--map": "append"}
        for flag, how in flags.items():
            action.add_argument(flag, action=how, default=argparse.SUPPRESS)  # as given before the action
        if name != "list":
            action.add_argument("name", metavar="NAME")
        if name == "compare":
            action.add_argument("other", metavar="NAME", nargs="?")
        if name == "save":
            action.add_argument("--from", dest="file", required=True, metavar="FILE.csv")
            action.add_argument("--note")
            action.add_argument("--author")
        if name == "delete":
            action.add_argument("--yes", action="store_true", help="really")


def _doubt_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--preset",
        action="append",
        metavar="JUDGE",
        help="the preset of runs that judge, or annotators: FER+'s votes, for which nothing is trained; again for "
        "others, which judge together (default: fast, for drawn faces quick)",
    )
    sub.add_argument("--set", action="append", default=[], metavar="SETTING=VALUE", help="as in train")
    sub.add_argument(
        "--folds",
        type=int,
        default=3,
        help="how many runs, each of which leaves one part of the faces out (default: 3)",
    )
    sub.add_argument("--top", type=int, default=20, help="how many of the ranking to print (default: 20)")
    sub.add_argument("--out", metavar="FILE.csv", help="write the whole ranking")
