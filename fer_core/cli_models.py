"""The verbs that manage saved models: card, verify, rename, tag, delete, default, import, export."""

from collections.abc import Callable
from pathlib import Path

from fer_core import store, upkeep
from fer_core.cli_common import check_folder, load
from fer_core.data import load_dataset
from fer_core.errors import FerError, ModelError, reason
from fer_core.evaluation import verification
from fer_core.evaluation.card import model_card
from fer_core.evaluation.leaderboard import default_model
from fer_core.evaluation.predictions import read_predictions
from fer_core.inference import external, packed
from fer_core.inference.export import export_model
from fer_core.inference.importing import import_file, import_folder
from fer_core.inference.packed import import_zip
from fer_core.paths import write_text


def card(arguments) -> tuple[dict, str]:
    """The model card, made of a model's record and predictions."""
    model = store.open_answered(arguments.model)
    text = model_card(model, read_predictions(model.predictions_file, model.labels))
    if not arguments.out:
        return {"model": model.id, "card": text}, text
    out = Path(arguments.out)
    check_folder(out)
    try:
        write_text(out, text)
    except OSError as error:
        raise ModelError(f"{arguments.out}: expected a file that can be written, found: {reason(error)}") from error
    return {"model": model.id, "card": text, "file": arguments.out}, f"wrote {arguments.out}"


def verify(arguments) -> tuple[dict, str]:
    """Whether models are whole, byte by byte, and their scores those of their predictions; exit code 2 where not."""
    models = [*map(_any, arguments.models)] or store.list_models()
    found = {model.id: verification.verify(model) for model in models}
    lines = [f"{name}: {'damaged, ' + '; '.join(faults) if faults else 'whole'}" for name, faults in found.items()]
    arguments.exit_code = 2 if any(found.values()) else 0
    return {"models": found}, "\n".join(lines) or f"no saved model in {store.models_dir()}"


def rename(arguments) -> tuple[dict, str]:
    """Call a model something else."""
    model = upkeep.rename(_any(arguments.model), arguments.name)
    return {"id": model.id, "was": arguments.model}, f"{arguments.model} is called {model.id} now"


def tag(arguments) -> tuple[dict, str]:
    """Mark a model with tags instead of those that it has; without any, with none."""
    model = upkeep.set_tags(store.open_model(arguments.model), arguments.tags)
    return {"id": model.id, "tags": list(model.tags)}, f"{model.id}: {', '.join(model.tags) or 'no tags'}"


def delete(arguments) -> tuple[dict, str]:
    """Remove a model and all its files; asks nothing, so --yes has to be given."""
    model = _any(arguments.model)
    if not arguments.yes:
        raise ModelError(f"delete: expected --yes, found none; add it to remove {model.id!r} and all its files")
    kept = upkeep.in_git(model)
    upkeep.delete(model)
    hint = "; git can bring it back: git restore, with the path of its folder" if kept else ""
    return {"deleted": model.id, "in_git": kept}, f"deleted {model.id}{hint}"


def default(arguments) -> tuple[dict, str]:
    """Which model Predict opens first; with a MODEL, that one from now on."""
    if arguments.model:
        upkeep.set_default(store.open_model(arguments.model))
    model, why = default_model(store.list_models(), upkeep.read_default())
    return {"default": model.id if model else None, "why": why}, why


def import_(arguments) -> tuple[dict, str]:
    """A network made elsewhere: a .keras file, a saved model's folder, a zip of either, or a table of answers."""
    path, dataset = Path(arguments.path), load(arguments)
    if path.is_dir():
        model = import_folder(path, arguments.name or path.resolve().name, dataset)
    elif path.suffix.lower() in external.SUFFIXES:
        model = external.import_answers(path, arguments.name or store.free_name("imported"), dataset)
    else:
        bring = import_zip if path.suffix.lower() == packed.SUFFIX else import_file
        model = bring(path, arguments.name or store.free_name("imported"), arguments.scheme, dataset)
    return {"id": model.id, "scores": model.scores}, f"imported {path} as {model.id}"


def export(arguments) -> tuple[dict, str]:
    """The network of a model in another format, or in a zip with its card."""
    model = store.open_trained(arguments.model)
    if arguments.out:
        check_folder(Path(arguments.out))
    try:
        dataset = load(arguments)
    except FerError:
        if arguments.source:
            raise
        dataset = load_dataset("demo")  # the check needs faces, whichever
    done = export_model(model, arguments.format, dataset, Path(arguments.out) if arguments.out else None)
    checked = {"faces": done.faces, "of": done.of, "largest_difference": done.largest_difference}
    result = {"model": model.id, "format": arguments.format, "file": str(done.file), "agreement": checked}
    return result, f"wrote {done.file}\n{done.sentence}"


def add_arguments(verb: Callable) -> None:
    """Register these verbs; `verb(function, source=…)` makes the parser of one."""
    sub = verb(card)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--out", help="the file to write, as Markdown; default: print it")
    verb(verify).add_argument("models", nargs="*", metavar="MODEL", help="default: all")
    sub = verb(rename)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("name", metavar="NAME")
    sub = verb(tag)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("tags", nargs="*", metavar="TAG")
    sub = verb(delete)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--yes", action="store_true", help="it cannot be undone")
    verb(default).add_argument("model", metavar="MODEL", nargs="?")
    sub = verb(import_, source=True)
    sub.add_argument("path", metavar="FILE_OR_FOLDER")
    sub.add_argument("--name", help="of the model; default: the folder's, or imported and a number")
    sub.add_argument("--scheme", default="study", help="the classes of a .keras file's outputs (default: study)")
    sub = verb(export, source=True)
    sub.add_argument("model", metavar="MODEL")
    sub.add_argument("--format", required=True, choices=("keras", "litert", "onnx"))
    sub.add_argument("--out", help="the file to write, a .zip for all of it; default: the model's name in this folder")


def _any(name: str) -> store.SavedModel:
    """A model whether damaged or not."""
    known = {model.id: model for model in store.list_models()}
    return known.get(name) or store.open_model(name)
