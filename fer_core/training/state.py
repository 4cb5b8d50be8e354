"""The resumable state of a run, and the one before it: arrays, and a JSON record of where the run stands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fer_core.arrays import DAMAGED
from fer_core.paths import write_atomic

NAME, PREVIOUS = "state.npz", "state.previous.npz"

State = tuple[list[np.ndarray], dict]
"""The arrays, and the record, in which `epoch` is the number of epochs done."""


def save_state(folder: Path, arrays: list[np.ndarray], record: dict) -> None:
    """Replace the newest state in `folder` and keep the one before; a kill at any moment loses neither.

    Raises `OSError` where the disk is full; both states stand then.
    """
    named: dict[str, Any] = {f"a{index}": array for index, array in enumerate(arrays)}
    named["record"] = np.array(json.dumps(record))
    keep = folder / PREVIOUS if _read(folder / NAME) else None  # a damaged one must not push out a whole one
    write_atomic(folder / NAME, lambda file: np.savez(file, **named), keep=keep)


def load_state(folder: Path, say: Callable[[str], object]) -> State | None:
    """The newest state in `folder` that is whole; None where none is, so that the run starts anew.

    `say` gets one line where a state cannot be read: which one is used instead.
    """
    if state := _read(folder / NAME):
        return state
    damaged = (folder / NAME).exists()
    if state := _read(folder / PREVIOUS):
        if damaged:
            say(f"the newest state cannot be read: goes on from the one before, after epoch {state[1]['epoch']}")
        return state
    if damaged or (folder / PREVIOUS).exists():
        say("the saved state cannot be read: the run begins again at its first epoch")
    return None


def remove_states(folder: Path) -> None:
    """Remove both states, the older first."""
    (folder / PREVIOUS).unlink(missing_ok=True)
    (folder / NAME).unlink(missing_ok=True)


def _read(path: Path) -> State | None:
    """The state in a file, every byte held against its checksum; None where there is none or it is not whole."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            if stored.zip.testzip():
                return None
            return [stored[f"a{index}"] for index in range(len(stored.files) - 1)], json.loads(str(stored["record"]))
    except DAMAGED:
        return None
