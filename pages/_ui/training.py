"""A run as it is seen while it trains: status, progress, curves, log, and the buttons that stop and resume it."""

import streamlit as st

from fer_core.store import SavedModel, open_model
from fer_core.training import runs
from pages._ui import charts, errors

BADGES = {
    "running": "blue",
    "queued": "violet",
    "finished": "green",
    "stopped": "orange",
    "interrupted": "red",
    "failed": "red",
}
LOG_LINES = 30


def watch(run_id: str) -> None:
    """All of one run; a fragment that runs every second while a worker is alive, and once more when it has ended."""
    with errors.box():
        _watch(open_model(run_id))


def _watch(model: SavedModel) -> None:
    run_id = model.id
    busy = model.busy
    if st.session_state.pop(f"busy-{run_id}", busy) and not busy:
        st.rerun()
    st.session_state[f"busy-{run_id}"] = busy
    _show_status(model, model.recent_events())
    _show_buttons(model, busy)
    charts.learning(model.history())
    _show_log(model)


def _show_status(model: SavedModel, events: list[dict]) -> None:
    status, epochs = model.status, model.record["settings"]["epochs"]
    st.badge(status, color=BADGES[status])
    last = events[-1] if events else {}
    if status == "failed":
        st.error(last.get("reason", "See the log."), icon=":material/error:")
    if status == "interrupted":
        st.warning("Its process ended without a word. Resume it: at most one epoch is done again.")
    if status == "queued":
        st.info("It waits for another run to end, and then starts by itself.")
    if status == "running":
        _show_progress(last, epochs)


def _show_progress(last: dict, epochs: int) -> None:
    if last.get("event") not in ("progress", "epoch"):
        st.progress(0, "Loading the faces and the network")
        return
    batches = last.get("batches", 1)
    done = last.get("epoch", 0) - ("batch" in last) + last.get("batch", 0) / batches
    speed = f", {last['images_per_second']:,.0f} faces a second" if "images_per_second" in last else ""
    st.progress(min(done / epochs, 1.0), f"{done:.1f} of at most {epochs} epochs{speed}")


def _show_buttons(model: SavedModel, busy: bool) -> None:
    if busy:
        stopping = runs.stop_requested(model)
        words = "Stopping: it finishes its batch and saves" if stopping else "Stop"
        key = f"stop-{model.id}"
        st.button(words, key, disabled=stopping, icon=":material/stop:", on_click=runs.request_stop, args=(model,))
    elif not model.trained:
        if st.button("Resume", f"resume-{model.id}", icon=":material/play_arrow:"):
            with errors.box(), st.spinner("Starting the run again"):
                runs.start_run(model)
                st.rerun()
    else:
        st.page_link("pages/evaluate.py", label="Evaluate it", query_params={"model": model.id})


def _show_log(model: SavedModel) -> None:
    path = model.folder / "log.txt"
    if path.exists():
        with st.expander("Log"):
            st.code(
                "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]), language=None
            )
