"""Choose, start, watch and stop a training run."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.store import list_models, open_model
from fer_core.training import runs
from fer_core.training.config import PRESETS, TrainConfig
from fer_core.training.settings import as_command
from fer_core.training.standing import runs_table, settings
from fer_core.training.tuning import create
from pages._ui import errors, frame, pickers, training, tuning, words
from pages._ui.settings import ask

PRESET_WORDS = {
    "quick": "a small network for the drawn faces: under a minute",
    "baseline": "the first network of the study behind this workbench: two convolutions",
    "study": "the study's last network: twelve convolutions, as it was trained there; half a day and more on two cores",
    "compact": "our small network: a quarter of an hour to an hour on two cores",
    "fast": "our small network to the study's score: five to ten minutes on two cores",
    "flagship": "the small network, half as wide again, with stronger augmentation: half an hour to hours on two cores",
}


def show_form(dataset: FaceDataset) -> None:
    """The settings of a new run, how long it will take, and the button that starts it."""
    with st.container(border=True):
        name, base = choose_preset(dataset)
        config = ask(base, name, dataset)
        configs = possible(tuning.ask(config), dataset) if config else []
        with st.container(horizontal=True, vertical_alignment="bottom"):
            model_name = pickers.new_name("Name", "name", "the network's name and a number")
            started = st.button(
                f"Start {len(configs)} runs" if len(configs) > 1 else "Start training",
                "start",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not configs,
            )
        st.caption("One run at a time; a second one waits for the first.")
        if not configs:
            return
        with errors.box():
            if started:
                start(configs, dataset, model_name)
            training.show_estimate(dataset, configs)
            with st.expander("The same on the command line"):
                command = as_command(configs, frame.chosen_source(), model_name)
                st.code(command, "bash", wrap_lines=True)


def possible(configs: Sequence[TrainConfig], dataset: FaceDataset) -> list[TrainConfig]:
    """`configs`, as wide as their starts; none, and a line that says why, where one of these runs can't be."""
    with errors.box():
        for config in configs:
            runs.new_record(config, dataset)
        return [runs.as_wide_as_its_start(config) for config in configs]
    return []


def start(configs: Sequence[TrainConfig], dataset: FaceDataset, name: str | None) -> None:
    """One run, or one for each of the values that are tried."""
    several = len(configs) > 1
    made = create(configs, dataset, name) if several else [runs.create_run_once(configs[0], dataset, name)]
    pickers.name_taken("name")
    training.start(*made)


def choose_preset(dataset: FaceDataset) -> tuple[str, TrainConfig]:
    """A preset, or the settings of a run that is to be run again with changes: its name and its settings."""
    options = {name: f"{name}: {said}." for name, said in PRESET_WORDS.items()}
    training.keep_turned("preset")
    asked = st.session_state.get("preset") or st.query_params.get("preset", "")
    changed = asked.removeprefix("run ")
    if changed != asked and changed in {model.id for model in pickers.known_models() if model.record.get("settings")}:
        options[asked] = f"The settings of {changed}, to be changed."
    first = "quick" if dataset.drawn else "compact"
    default: str | None = first
    if "preset" in st.session_state:
        default = None  # a button may have chosen another one, beside which Streamlit wants no default
    name = st.segmented_control(
        "Preset", list(options), default=default, required=True, key="preset", bind="query-params"
    )
    name = name or first  # the run whose settings were chosen is gone
    if asked and asked not in options:
        st.warning(
            f"There is no {words.code(asked)} to begin with here; `{name}` is shown.", icon=":material/link_off:"
        )
    st.caption(options[name])
    if name in PRESETS:
        return name, PRESETS[name]
    run = open_model(changed)
    if (learned := run.record["dataset"])["fingerprint"] != dataset.fingerprint:
        st.warning(
            f"{run.id} learned from other faces, {words.code(learned['source'])}; the new run will from those of "
            f"{words.code(dataset.source)}.",
            icon=":material/face:",
        )
    return name, settings(run)


def show_runs(dataset: FaceDataset | None) -> None:
    """The table of all runs, and the chosen one; every second while one is at work. They need no dataset."""
    models = list_models()
    busy = [model.id for model in models if model.busy]
    table = runs_table(models)
    if table.empty:
        st.info("No run yet. Choose a preset above and start one.", icon=":material/model_training:")
        return
    chosen = choose_run(table)
    with errors.box():
        model = next(model for model in models if model.id == chosen)
        training.show(model, dataset, models)
        tuning.show(model, models)
        training.show_log(model, dataset)
    before = st.session_state.get("busy", busy)
    st.session_state["busy"] = busy
    if busy != before:  # at the end, so that no click is lost
        st.rerun()  # all of the page, which decides how often this part runs


def choose_run(table: pd.DataFrame) -> str:
    """The run to look at, at first the newest; a click on the table chooses what the box below it holds."""
    ids = list(table["run"])
    training.keep_turned("run")
    pickers.table_above(
        "run",
        ids,
        words.runs(table),
        "runs",
        placeholder="–",
        alt=f"All {len(ids)} runs, newest first",
        column_config={
            "Started (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Best recall while training": st.column_config.NumberColumn(
                format=words.PERCENT,
                help="Macro recall, the mean of the classes' recalls, of one look at each validation face after an "
                "epoch. The saved network may look twice, or be corrected: Evaluate has its score.",
            ),
        },
    )
    return pickers.one_here("Run", ids, "run")


frame.start(__file__, "Train", "Train a network on the loaded faces. The run goes on when you close this page.")
# the server's own button, which would stop drawing this page and no training
st.html("<style>[data-testid=stStatusWidget] button { display: none }</style>")
dataset = None
with errors.box():
    dataset = frame.dataset()
    st.fragment(errors.boxed(show_form))(dataset)
st.subheader("Runs", anchor=False)
st.fragment(errors.boxed(show_runs), run_every=1 if any(model.busy for model in list_models()) else None)(dataset)
