"""Processes of this package's own modules: one that is waited for, and one that outlives whoever starts it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from fer_core.errors import FerError
from fer_core.paths import ROOT

_SETTINGS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_WAIT_POLICY": "PASSIVE"}


def command(module: str, *arguments: str) -> list[str]:
    """What runs that module of ours."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Its environment: this process's own, the package within reach of any folder, and no chatter of TensorFlow.

    Threads of OpenMP sleep while they wait: where they spin, a map takes four times as long beside another process.
    """
    python_path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return os.environ | _SETTINGS | {"PYTHONPATH": python_path}


def ask(module: str, *arguments: str, error: type[FerError], given: str = "") -> str:
    """Run it to its end, `given` on its standard input: what it printed. `error` where it fails, with its last line."""
    done = subprocess.run(
        command(module, *arguments), env=environment(), input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise error(" ".join(done.stderr.strip().splitlines()[-1:]) or f"{module}: it failed without a word")
    return done.stdout


def start(module: str, *arguments: str, log: Path, mode: str = "wb") -> subprocess.Popen:
    """Start it in a session of its own; what it prints goes to `log`, opened in `mode`."""
    with log.open(mode) as file:
        process = subprocess.Popen(
            command(module, *arguments),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()  # reaps it; a server lives longer
    return process
