"""Saved models kept in order: renamed, tagged, deleted, and which of them Predict opens first.

Whoever changes a model holds its lock meanwhile, so no worker can be at work on it.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from fer_core import store
from fer_core.errors import ModelError, reason
from fer_core.paths import models_dir, write_text
from fer_core.store import SavedModel

DELETED = ".deleted-"
"""What the name of a folder begins with that is being deleted; no model may be called so."""
TAG_LETTERS = 32
PATIENCE = 2.0
"""Seconds to wait for a model's lock: who looks at its status has it for a moment."""


def rename(model: SavedModel, name: str) -> SavedModel:
    """Call `model` `name`; a kill leaves it whole under one of both names.

    Raises `ModelError` where the name is taken or not allowed, or a run is at work on the model.
    """
    if name == model.id:
        return model
    store.check_free(name)
    with alone(model, "renamed"):
        if read_default() == model.id:
            _write_default(name)
        model.folder.rename(models_dir() / name)
        renamed = SavedModel(name, models_dir() / name, model.record | {"name": name}, model.problem)
        if not model.problem:
            with contextlib.suppress(OSError):  # a full disk: the folder's name counts
                renamed = store.update_record(renamed, name=name)
    return renamed


def set_tags(model: SavedModel, tags: Iterable[str]) -> SavedModel:
    """Mark `model` with `tags` instead of those it had; spaces around them and repetitions go.

    Raises `ModelError` where the model is damaged or a run is at work on it, or a tag is longer than 32 letters.
    """
    words = list(dict.fromkeys(word for tag in tags if (word := " ".join(tag.split()))))
    if long := [word for word in words if len(word) > TAG_LETTERS]:
        raise ModelError(f"tags: expected at most {TAG_LETTERS} letters each, found {long[0]!r}")
    with alone(model, "tagged"):
        return store.update_record(store.open_model(model.id), tags=words)


def delete(model: SavedModel) -> None:
    """Remove `model` and all its files, damaged or not; `ModelError` where a run is at work on it.

    A kill leaves it whole or gone: the folder gets a name that no model has, and is emptied then.
    """
    doomed = models_dir() / f"{DELETED}{model.id}"
    shutil.rmtree(doomed, ignore_errors=True)  # left by a kill
    with alone(model, "deleted"):
        model.folder.rename(doomed)
    if read_default() == model.id:
        clear_default()
    for left in models_dir().glob(f"{DELETED}*"):
        shutil.rmtree(left, ignore_errors=True)


def in_git(model: SavedModel) -> bool:
    """Whether the model is committed, as the shipped ones are, so that git can bring it back."""
    try:
        # of the repository around the models: one inside a model, which may be anybody's, could name programs to run
        where = ["-c", "core.fsmonitor=false", "-C", str(models_dir())]
        asked = ["git", *where, "ls-files", "--error-unmatch", f"{model.id}/model.json"]
        return subprocess.run(asked, capture_output=True, check=False, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):  # no git here
        return False


def read_default() -> str | None:
    """The id that was chosen to be Predict's first, whether it still exists or not; None where none was."""
    path = _default_file()
    return path.read_text(encoding="utf-8", errors="replace").strip() or None if path.is_file() else None


def set_default(model: SavedModel) -> None:
    """Make `model` the one that Predict opens first; `ModelError` where it isn't trained."""
    _write_default(store.check_trained(model).id)


def clear_default() -> None:
    """Let Predict choose by itself."""
    _default_file().unlink(missing_ok=True)


@contextmanager
def alone(model: SavedModel, done: str) -> Iterator[None]:
    """Hold the model's lock, if it is there; `ModelError` while a run has it."""
    gone = ModelError(f"model {model.id!r}: expected its folder, found none; it was renamed or deleted meanwhile")
    if not model.folder.is_dir():
        raise gone
    try:
        with model.lock.acquire(timeout=PATIENCE):
            store.sweep(model)
            if not model.folder.is_dir():
                raise gone
            yield
    except Timeout:
        raise ModelError(
            f"model {model.id!r}: expected no run at work on it, found one; stop it first, then it can be {done}"
        ) from None
    except OSError as error:
        raise ModelError(f"model {model.id!r}: expected that it can be {done}, found: {reason(error)}") from error


def _default_file() -> Path:
    return models_dir() / ".default"


def _write_default(name: str) -> None:
    write_text(_default_file(), f"{name}\n")
