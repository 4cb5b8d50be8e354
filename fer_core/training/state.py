"""The resumable state of a run, one `state.npz`: arrays, and a JSON record of where the run stands."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from fer_core.paths import write_atomic

NAME = "state.npz"


def save_state(folder: Path, arrays: list[np.ndarray], record: dict) -> None:
    """Replace the state in `folder`; a kill at any moment leaves the old one or the new one."""
    named: dict[str, Any] = {f"a{index}": array for index, array in enumerate(arrays)}
    named["record"] = np.array(json.dumps(record))
    write_atomic(folder / NAME, lambda file: np.savez(file, **named))


def load_state(folder: Path) -> tuple[list[np.ndarray], dict] | None:
    """The state in `folder`; None where there is none or it cannot be read, so that the run starts anew."""
    path = folder / NAME
    if not path.exists():
        return None
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return [stored[f"a{index}"] for index in range(len(stored.files) - 1)], json.loads(str(stored["record"]))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError):
        return None
