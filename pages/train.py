"""Choose, start, watch and stop a training run."""

from dataclasses import replace

import streamlit as st

from fer_core.data import FaceDataset
from fer_core.labels import SCHEMES
from fer_core.store import SavedModel, list_models, open_model
from fer_core.training import runs
from fer_core.training.config import PRESETS, ROWS
from pages._ui import errors, frame, training

PRESET_WORDS = {
    "quick": "a small network for the drawn faces: under a minute",
    "baseline": "the study's first network: two convolutions",
    "study": "the study's last network: twelve convolutions, as it was trained there; days on a CPU",
    "compact": "our small network: about an hour on two cores",
}
ROW_WORDS = {
    "all": "all Training faces",
    "clean": "without blanks, copies, and copies of test faces",
}


def ask_and_start(dataset: FaceDataset) -> None:
    """The settings of a new run, and the button that starts it."""
    names = list(PRESETS)
    preset = st.selectbox(
        "Preset",
        names,
        index=names.index("quick" if dataset.drawn else "compact"),
        format_func=lambda name: f"{name}: {PRESET_WORDS[name]}",
        key="preset",
    )
    config = PRESETS[preset]
    left, middle, right = st.columns(3)
    scheme = left.selectbox(
        "Classes", list(SCHEMES), format_func=lambda name: f"{name}: {', '.join(SCHEMES[name].labels)}", key="scheme"
    )
    rows = middle.selectbox(
        "Faces", ROWS, index=ROWS.index(config.rows), format_func=ROW_WORDS.get, key=f"rows-{preset}"
    )
    epochs = right.number_input("Epochs, at most", 1, 1000, config.epochs, key=f"epochs-{preset}")
    with st.expander("More settings"):
        first, second, third = st.columns(3)
        seed = first.number_input("Seed", 0, 2**31 - 1, config.seed, key=f"seed-{preset}")
        patience = second.number_input(
            "Stop after so many epochs without a better validation recall (0: never)",
            0,
            1000,
            config.patience,
            key=f"patience-{preset}",
        )
        board = third.toggle("Write TensorBoard files", config.tensorboard, key="board")
        name = st.text_input("Name of the model", placeholder="the network's name and a number", key="name")
    st.caption("One run at a time; a second one waits for the first.")
    if st.button("Start training", type="primary", icon=":material/play_arrow:", key="start"):
        chosen = replace(
            config, scheme=scheme, rows=rows, epochs=epochs, seed=seed, patience=patience, tensorboard=board
        )
        with errors.box(), st.spinner("Starting the run"):
            model = runs.create_run(chosen, dataset, name.strip() or None)
            runs.start_run(model)
            st.session_state["run"] = model.id
            st.rerun()


def choose_run(models: list[SavedModel]) -> SavedModel | None:
    """The run to watch, the newest if none was chosen."""
    ids = [model.id for model in models if not model.problem]
    if not ids:
        st.info("No run yet. Choose a preset above and start one.", icon=":material/model_training:")
        return None
    return open_model(st.selectbox("Run", ids, key="run", bind="query-params"))


frame.start(__file__, "Train", "Train a network on the loaded faces. The run goes on when you close this page.")
dataset = frame.dataset()
with st.container(border=True):
    ask_and_start(dataset)
st.subheader("Runs", anchor=False)
if model := choose_run(list_models()):
    st.fragment(training.watch, run_every=1 if model.busy else None)(model.id)
