"""The process of one run: `python -m fer_core.training.worker RUN`. Started by `runs.start_run`.

It holds the run's lock for its whole life, and one slot lock for the machine, for which it waits before it loads
TensorFlow: runs queue by waiting.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator

from filelock import FileLock, Timeout

from fer_core.errors import FerError, RunError
from fer_core.paths import models_dir
from fer_core.store import SavedModel, open_model
from fer_core.training.runs import stop_requested, tell

CHECKS = 2.0
"""Seconds to wait for the run's lock: whoever looks at a run's status takes it for an instant."""


def work(run_id: str) -> None:
    """Train the run to its end, or until it is asked to stop; `RunError` where another worker has it."""
    model = open_model(run_id)
    try:
        lock = model.lock.acquire(timeout=CHECKS)
    except Timeout:
        raise RunError(f"run {run_id!r}: expected no worker, found one at work on it; watch it instead") from None
    with lock:
        model = open_model(run_id)  # as it stands now that nobody else changes it
        if model.trained:
            raise RunError(f"run {run_id!r}: expected one that can go on, found it finished; start a new run instead")
        (model.folder / "stop").unlink(missing_ok=True)  # an old wish; one for this worker can only follow
        try:
            with _slot(model):
                finished = not stop_requested(model) and _fit(model)
        except BaseException as error:
            tell(model, "failed", reason=_one_line(error))
            raise
        tell(model, "finished" if finished else "stopped")
        (model.folder / "stop").unlink(missing_ok=True)


@contextlib.contextmanager
def _slot(model: SavedModel) -> Iterator[None]:
    """Wait until no other run uses the machine, or until this one is asked to stop."""
    slot = FileLock(models_dir() / ".slot")
    tell(model, "queued", pid=os.getpid())
    while not stop_requested(model):
        try:
            slot.acquire(timeout=0.5)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        slot.release()


def _fit(model: SavedModel) -> bool:
    tell(model, "started")
    from fer_core.training.fit import fit  # loads TensorFlow, which a run that waits does without

    return fit(model)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or "no further word"
    return text if isinstance(error, FerError) else f"{type(error).__name__}: {text[:300]}"


def main(argv: list[str]) -> int:
    """Run the worker; exit code 0, 2 for a refused run, 1 for an unforeseen failure, traced back in `log.txt`."""
    try:
        work(argv[0])
    except FerError as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
