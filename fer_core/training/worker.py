"""The process of one run: `python -m fer_core.training.worker RUN`. Started by `runs.start_run`.

It holds the run's lock for its whole life, and one slot lock for the machine, for which it waits before it loads
TensorFlow: runs queue by waiting, the one that has waited longest is next.
"""

import contextlib
import errno
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from fer_core.errors import FerError, RunError
from fer_core.paths import models_dir, remove_partial
from fer_core.store import SavedModel, open_model, sweep
from fer_core.training.devices import is_chief, share_cores
from fer_core.training.runs import check_unfinished, stop_requested, tell
from fer_core.training.standing import settings

LOOKS = 0.5
"""Seconds between two looks of a run that waits."""
CHECKS = 2.0
"""Seconds to wait for the run's lock: who looks at its status has it for a moment."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where there is no room: on the disk, in the user's share of it, for a file of that size."""


def work(run_id: str) -> None:
    """Train the run to its end, or until it is asked to stop; `RunError` where another worker has it.

    Of a cluster, the chief does so and has the lock; the others lend it their processors.
    """
    model = open_model(run_id)
    if not is_chief():
        tell(model, "joined", pid=os.getpid())
        _fit(model)
        return
    try:
        lock = model.lock.acquire(timeout=CHECKS)
    except Timeout:
        raise RunError(f"run {run_id!r}: expected no worker, found one at work on it; watch it instead") from None
    with lock:
        sweep(model)
        model = open_model(run_id)  # as it stands now that nobody else changes it
        check_unfinished(model)
        remove_partial(model.folder)
        (model.folder / "stop").unlink(missing_ok=True)  # an old wish; one for this worker can only follow
        try:
            with _full_disk_in_words(model), _slot(model):
                if finished := not stop_requested(model):
                    tell(model, "started")
                    finished = _fit(model)
        except BaseException as error:
            _tell_failure(model, error)
            raise
        tell(model, "finished" if finished else "stopped")
        (model.folder / "stop").unlink(missing_ok=True)


@contextlib.contextmanager
def _full_disk_in_words(model: SavedModel) -> Iterator[None]:
    """Turn the system's word for a full disk into a `RunError`. What was saved before stands, without temporaries."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise RunError(
            f"run {model.id!r}: expected room on the disk for its files, found: {os.strerror(error.errno)}; "
            "free some space, then resume the run"
        ) from error


@contextlib.contextmanager
def _slot(model: SavedModel) -> Iterator[None]:
    """Wait until no other run uses the machine and none has waited longer, or until this one is asked to stop."""
    slot = FileLock(models_dir() / ".slot")
    with _ticket() as ticket:
        tell(model, "queued", pid=os.getpid())
        while not stop_requested(model):
            if not _first_in_line(ticket):
                time.sleep(LOOKS)
                continue
            with contextlib.suppress(Timeout):
                slot.acquire(timeout=LOOKS)
                break
    try:
        yield
    finally:
        slot.release()


@contextlib.contextmanager
def _ticket() -> Iterator[Path]:
    """A file that is locked while its owner waits; their names are in the order of waiting."""
    folder = models_dir() / ".queue"
    folder.mkdir(exist_ok=True)
    ticket = folder / f"{time.time_ns():020}-{os.getpid()}"
    with FileLock(ticket):
        try:
            yield ticket
        finally:
            ticket.unlink(missing_ok=True)


def _first_in_line(ticket: Path) -> bool:
    """Whether nobody waits with an earlier ticket; those of the dead are thrown away."""
    for earlier in sorted(path for path in ticket.parent.iterdir() if path.name < ticket.name):
        try:
            with FileLock(earlier, timeout=0):
                earlier.unlink(missing_ok=True)
        except Timeout:
            return False
    return True


def _fit(model: SavedModel) -> bool:
    share_cores(settings(model).parts)
    from fer_core.training.fit import fit  # loads TensorFlow, which a run that waits does without

    return fit(model)


def _tell_failure(model: SavedModel, error: BaseException) -> None:
    """Tell why the run failed; where even that finds no room, `log.txt` has the reason next."""
    try:
        tell(model, "failed", reason=_one_line(error))
    except OSError as unheard:
        print(f"events.jsonl: expected room for one more event, found: {unheard.strerror}", file=sys.stderr)


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
