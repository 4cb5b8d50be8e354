"""What this machine is, and what was measured on it, kept in the data folder since measuring takes a while."""

import contextlib
import json
import os
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from fer_core.paths import data_dir, write_text

BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")


def processor() -> str:
    """The processor's name and, since virtual ones share names, its bfloat16 instructions."""
    info = _cpuinfo()
    name = info.get("model name") or platform.processor() or platform.machine()
    return " ".join([name, *_bfloat16_flags(info)])


def multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; False where nothing says so."""
    return bool(_bfloat16_flags(_cpuinfo()))


@cache  # none of it changes while a process runs
def setting() -> str:
    """What any speed here depends on: processor, number of cores, TensorFlow."""
    return f"{processor()}; {os.cpu_count()} cores; TensorFlow {version('tensorflow')}"


def remembered(name: str) -> dict[str, dict]:
    """Measurements of `name` by key; none where the file is missing or damaged, since they can be made again."""
    try:
        found = json.loads(_file(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember(name: str, measured: dict[str, dict]) -> None:
    """Add measurements, by key, to those of `name`; where there is no room for them they are made again."""
    text = json.dumps(remembered(name) | measured, indent=1)
    with contextlib.suppress(OSError):
        write_text(_file(name), text)


def _cpuinfo() -> dict[str, str]:
    """What Linux says of the last core; nothing on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def _bfloat16_flags(info: dict[str, str]) -> list[str]:
    return [flag for flag in BFLOAT16_FLAGS if flag in info.get("flags", "").split()]


def _file(name: str) -> Path:
    return data_dir() / f"{name}.json"
