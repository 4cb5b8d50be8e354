"""Following a run from outside, as tests do."""

import time
from collections.abc import Callable

from fer_core.store import SavedModel


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Poll; a condition that never comes true fails the test."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def events_of(model: SavedModel, kind: str) -> list[dict]:
    """All events of a kind."""
    return [event for event in model.recent_events() if event["event"] == kind]


def worker_of(model: SavedModel) -> int:
    """Process number of the worker, as it told it."""
    return events_of(model, "queued")[-1]["pid"]
