"""A run as it is seen while it trains: status, progress, the buttons that steer it, curves, matrix, log."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.errors import DatasetError, FerError, ModelError
from fer_core.evaluation.figures import confusion_heatmap
from fer_core.evaluation.metrics import matrix_frame
from fer_core.store import SavedModel, list_models
from fer_core.training import runs, speed
from fer_core.training.config import TrainConfig
from fer_core.training.settings import as_command
from fer_core.training.standing import settings, standing
from pages._ui import cached, charts, errors, frame, words

BADGES = {
    "running": "blue",
    "queued": "violet",
    "finished": "green",
    "stopped": "orange",
    "interrupted": "red",
    "failed": "red",
}
LOG_LINES = 30
TURNING = 5.0
"""Seconds in which a box insists on what a button put into it: the browser may still send what was there."""
REDRAWN = 4.0
"""Seconds between two drawings of a run's charts, which keep a browser busy for one where epochs are that short."""
EARLIER = 3
"""Runs whose curves may stand behind those of another."""
_REFUSED = "refused"  # in the session: the run whose button was refused, and why


def show(model: SavedModel, dataset: FaceDataset | None, others: Sequence[SavedModel]) -> None:
    """One run but its log; `dataset` is the page's, where it can be read, `others` may stand behind in its curves."""
    if model.problem:
        raise ModelError(f"model {model.id!r}: {model.problem}")
    show_status(model)
    _show_buttons(model, dataset)
    history, last = _drawn(model)
    matrix = np.array(last.get("confusion", []))
    charts.learning(model, history, int(matrix.sum()), _choose_earlier(model, others))
    if matrix.size:
        title = f"Confusion after epoch {last['epoch']}, validation"
        cells = matrix_frame(matrix, model.labels)
        charts.show(confusion_heatmap(cells, "by_true", title), "matrix", height=440)
        with st.expander("As a table"):
            st.dataframe(words.confusion(cells, "by_true"), key="matrix_table", alt=title)


def _drawn(model: SavedModel) -> tuple[pd.DataFrame, dict]:
    """History and newest `epoch` event of a run; while it is at work, others only after `REDRAWN` seconds."""
    now, (of, until, n, last) = time.monotonic(), st.session_state.get("drawn", ("", 0.0, 0, {}))
    history = model.history()
    if model.busy and of == model.id and now < until:
        return history[:n], last
    last = model.last_event("epoch") or {}
    st.session_state["drawn"] = model.id, now + REDRAWN, len(history), last
    return history, last


def start(*models: SavedModel) -> None:
    """Start or resume those of `models` that are neither trained nor at work; the page then turns to the first."""
    idle = [model for model in models if not (model.trained or model.busy)]
    with st.spinner("Starting the run" if len(idle) == 1 else f"Starting {len(idle)} runs"):
        for model in idle:
            runs.start_run(model)
    first, *others = idle or models
    turn("run", first.id)
    told = f"{first.id}{f' and {len(others)} more' if others else ''}"
    frame.tell_next(f"Started {told}: see Runs." if idle else f"There already: {told}. See Runs.")
    st.rerun()


def turn(box: str, to: str) -> None:
    """Let the box of that key hold `to` when it is drawn next."""
    st.session_state[f"turn_{box}"] = st.session_state.get(box), to, time.monotonic() + TURNING


def keep_turned(box: str) -> None:
    """Before a box is drawn: what `turn` said, unless its user has chosen something else since."""
    before, to, until = st.session_state.get(f"turn_{box}", (None, None, 0.0))
    if time.monotonic() < until and st.session_state.get(box) == before:
        st.session_state[box] = to


def show_estimate(dataset: FaceDataset, configs: Sequence[TrainConfig]) -> None:
    """How long these runs will take together, if the machine was measured; else the button that measures it."""
    speeds = [speed.known(config) for config in configs]
    if None in speeds:
        _offer_measuring([configs[speeds.index(None)]], "Measure this machine")
        return
    faces = [len(cached.training_rows(dataset, config)) for config in configs]
    seconds = sum(map(speed.estimate, configs, faces, speeds))
    seen = " to ".join(f"{n:,}" for n in sorted({min(faces), max(faces)}))
    runs_of, more = (f"{len(configs)} runs on {seen} faces", " each") if len(configs) > 1 else (f"{seen} faces", "")
    st.markdown(
        f"About **{words.duration(seconds)}** on this machine, for {runs_of}{more} ({_self_test(speeds)}); starting "
        f"and saving take half a minute more{more}."
    )
    _offer_measuring([config for at, config in enumerate(configs) if speeds[at] not in speeds[:at]], "Measure again")


def _self_test(speeds: Sequence[speed.Speed]) -> str:
    if any(one != speeds[0] for one in speeds):
        return "by a self-test of each kind of them"
    side = max(speeds[0].images_per_second)
    return f"self-test: {speeds[0].images_per_second[side]:,.0f} faces a second at {side} px, {speeds[0].precision}"


def _offer_measuring(configs: Sequence[TrainConfig], label: str) -> None:
    busy = any(model.busy for model in list_models())
    told = "Wait until no run trains, which would make it seem slow." if busy else "To know how long it will take."
    if st.button(label, "measure_speed", icon=":material/speed:", help=told, disabled=busy):
        each = " for each kind of run" if len(configs) > 1 else ""
        with st.spinner(f"Training a few batches of random faces: about half a minute{each}"):
            for config in configs:
                speed.measure_apart(config)
        st.rerun(scope="fragment")


def show_progress(model: SavedModel) -> None:
    """How far a running run is, as a bar."""
    at, epochs = standing(model), settings(model).epochs
    if at is None:
        st.progress(0, "Loading the faces and the network")
        return
    told = (
        f"{at.epochs:.1f} of at most {epochs:,} epochs, {at.images_per_second:,.0f} faces a second, "
        f"at most {words.duration(at.seconds_left)} left"
    )
    st.progress(min(at.epochs / epochs, 1.0), told)


def show_status(model: SavedModel) -> None:
    status = model.status
    st.badge(status, color=BADGES[status])
    if status == "failed":
        errors.show((model.last_event("failed") or {}).get("reason", "See the log."))
    if status == "interrupted" and not model.recent_events():
        st.info("It is created, and not started yet.", icon=":material/hourglass_empty:")
    elif status == "interrupted":
        st.warning("Its process ended unexpectedly. Resume it: at most one epoch is done again.")
    if status == "queued":
        st.info("It waits for another run to end, and then starts by itself.")
    if status == "running":
        show_progress(model)


def _show_buttons(model: SavedModel, dataset: FaceDataset | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if model.busy:
            stopping = runs.stop_requested(model)
            st.button(
                "Stopping" if stopping else "Stop",
                f"stop-{model.id}",
                disabled=stopping,
                icon=":material/stop:",
                help="It finishes its batch and saves.",
                on_click=_stop,
                args=(model,),
            )
        elif not model.trained and st.button("Resume", f"resume-{model.id}", icon=":material/play_arrow:"):
            with _refusal_kept(model):
                start(model)
        if not model.busy and st.button(
            "Run again", f"again-{model.id}", icon=":material/replay:", help="The same settings and faces, a new model."
        ):
            with _refusal_kept(model):
                faces = _dataset_of(model, dataset)
                skip_bad = model.record["dataset"].get("skip_bad", False)
                start(runs.create_run_once(settings(model), faces, skip_bad=skip_bad))
        if st.button(
            "Run again with changes",
            f"change-{model.id}",
            icon=":material/edit:",
            help="Its settings are put into the form above.",
            on_click=_change,
            args=(model,),
        ):
            st.rerun()  # all of the page, the form with it
        if model.trained:
            st.page_link("pages/evaluate.py", label="Evaluate it", query_params={"model": model.id})
    of, refusal = st.session_state.get(_REFUSED, ("", ""))
    if of == model.id:
        errors.show(refusal)


@contextmanager
def _refusal_kept(model: SavedModel) -> Iterator[None]:
    """Keep why a button of `model` can't do what it says, until the next one is pressed.

    While a run is at work this part of the page is drawn anew every second, and what was written only once is gone.
    """
    st.session_state.pop(_REFUSED, None)
    try:
        yield
    except (FerError, OSError) as error:
        st.session_state[_REFUSED] = model.id, errors.told(error)


def _change(model: SavedModel) -> None:
    st.session_state.pop(_REFUSED, None)
    turn("preset", f"run {model.id}")
    frame.tell_next(f"The settings of {model.id} are in the form at the top.")


def _stop(model: SavedModel) -> None:
    st.session_state.pop(_REFUSED, None)
    st.session_state.pop("turn_run", None)  # who presses it sees the run
    runs.request_stop(model)


def _dataset_of(model: SavedModel, dataset: FaceDataset | None) -> FaceDataset:
    """The faces of a run: those of the page or, if it can be read here, of the run's own source."""
    source, fingerprint = (model.record["dataset"][key] for key in ("source", "fingerprint"))
    if dataset is not None and dataset.fingerprint == fingerprint:
        return dataset
    if source == "demo" or (Path(source).is_absolute() and Path(source).exists()):
        own = cached.dataset(source)
        if own.fingerprint == fingerprint:
            return own
    found = "none that can be read" if dataset is None else f"those of {dataset.source}"
    raise DatasetError(
        f"run {model.id!r}: expected the faces that it learned from, found {found}; choose "
        f"{source} in the sidebar, or run it again with changes, on the faces that are chosen"
    )


def _choose_earlier(model: SavedModel, others: Sequence[SavedModel]) -> dict[str, pd.DataFrame]:
    """Runs on the same classes and faces, at first the newest finished ones: name → history."""
    same = [
        other
        for other in others
        if other.id != model.id
        and not other.problem
        and other.labels == model.labels
        and other.record["dataset"]["fingerprint"] == model.record["dataset"]["fingerprint"]
    ]
    histories = {other.id: other.history() for other in same}
    names = [name for name, history in histories.items() if len(history)]
    if not names:
        return {}
    finished = [other.id for other in same if other.trained and other.id in names][:EARLIER]
    chosen = st.multiselect(
        "Compare with", names, finished, key=f"with-{model.id}", bind="query-params", max_selections=EARLIER
    )
    return {name: histories[name] for name in chosen}


def show_log(model: SavedModel, dataset: FaceDataset | None) -> None:
    """What its worker printed last, and its settings; as a command, with the page's `dataset` where it learned that."""
    path = model.folder / "log.txt"
    if path.exists():
        with st.expander("Log", expanded=model.status == "failed"):
            text = runs.spoken(path.read_text(encoding="utf-8", errors="replace"))
            st.code("\n".join(text.splitlines()[-LOG_LINES:]), language=None, wrap_lines=True)
    with st.expander("Settings, as they stand in model.json"):
        with errors.box():
            learned = model.record["dataset"]
            here = (
                dataset is not None and dataset.fingerprint == learned["fingerprint"]
            )  # a finished run keeps the name of its file only
            source = frame.chosen_source() if here else learned["source"]
            command = as_command([settings(model)], source, skip_bad=learned.get("skip_bad", False))
            st.code(command, "bash", wrap_lines=True)
        st.json({key: model.record[key] for key in ("created", "settings", "dataset", "versions")})
