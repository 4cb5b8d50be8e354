"""The settings of a new run: a table of controls, and the widgets that it becomes.

What stands in a control at first is the preset's; each choice stands in the URL.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from fer_core.data import FaceDataset
from fer_core.data.versions import list_versions
from fer_core.labels import SCHEMES, get_scheme
from fer_core.training import config as known
from fer_core.training.combine import STAGES
from fer_core.training.config import TrainConfig
from fer_core.training.preview import Chance, augmented
from pages._ui import cached, errors, frame, pickers, words

COLUMNS = 3
PREVIEW_FACES, PREVIEW_ROWS, PREVIEW_SIDE = 8, 4, 72
UNSET = ("minutes", "width")
"""Numbers that may be None."""
SIDES = ((48,), (32, 48), (32, 40, 48), (32, 32, 40, 48), (24, 32, 32, 40))


@dataclass(frozen=True)
class Control:
    """One setting as it is asked for: a number by its `step`, a choice among `options`, else a switch.

    `options` may depend on what was chosen in the controls before; in the others `chosen` holds the preset's values.
    """

    field: str
    label: str
    help: str
    step: float | None = None
    options: Sequence | Callable[[dict], Sequence] = ()


def _starts(chosen: dict) -> list[str]:
    imagenet = [known.IMAGENET] if chosen["network"] in known.FROM_IMAGENET else []
    named = [chosen["start"]] if chosen["start"] != known.IMAGENET else []
    return ["", *imagenet, *(model.id for model in pickers.trained_models()), *named]


def _versions(chosen: dict) -> list[str]:
    dataset = cached.dataset(frame.chosen_source())
    return ["", *(version.name for version in list_versions(dataset)), chosen["version"]]


def _sides(chosen: dict) -> list[tuple[int, ...]]:
    return [(48,)] if chosen["network"] in known.FIXED_SIDE else [*SIDES, chosen["sides"]]


def _teachers(chosen: dict) -> list[str]:
    fitting = [model.id for model in pickers.trained_models() if model.record["scheme"] == chosen["scheme"]]
    return [*fitting, *chosen["teachers"]]


FIRST = (
    Control("scheme", "Classes", "Which expressions are told apart.", options=tuple(SCHEMES)),
    Control(
        "version",
        "Labels",
        "Of the training faces: the dataset's own, or those of a version made in Audit.",
        options=_versions,
    ),
    Control("rows", "Faces", "`clean`: no blanks, no copies, none of a validation or test face.", options=known.ROWS),
    Control("epochs", "Epochs, at most", "Passes over all training faces.", 1),
    Control("minutes", "Minutes, at most", "No epoch begins after so many minutes of training. 0: no limit.", 1.0),
)
GROUPS = {
    "Network": (
        Control(
            "network", "Network", "`mobilenet` and `efficientnet` can start from ImageNet.", options=known.NETWORKS
        ),
        Control("width", "Width", "Filters of the first layer. 0: the network's own, or the start's.", 1),
        Control("start", "Start from", "The weights at the start: random, or a trained model's.", options=_starts),
        Control("frozen_epochs", "Frozen epochs", "At the start, in which only the last layer learns.", 1),
        Control("sides", "Size of the faces", "In pixels; each an equal share of the epochs.", options=_sides),
        Control(
            "mirror",
            "Average with the mirror image",
            "That is seen closer; to predict takes twice the time.",
        ),
    ),
    "Optimisation": (
        Control("optimizer", "Optimizer", "`sgd` is with Nesterov's momentum of 0.9.", options=known.OPTIMIZERS),
        Control("learning_rate", "Learning rate", "Its peak, where it follows a schedule.", 0.001),
        Control("schedule", "Schedule", "`cosine` falls to 0 at the end.", options=known.SCHEDULES),
        Control("warmup", "Warm-up", "Share of the run in which the rate rises to its peak.", 0.01),
        Control("weight_decay", "Weight decay", "Pulls weights towards 0; not those of normalisation.", 0.001),
        Control("batch_size", "Batch", "Faces in a step; even for mixup.", 16),
        Control("parts", "Parts of a batch", "Each is normalised by itself, and has cores of its own.", 1),
        Control(
            "sharpness", "Flatness", "Radius in which the loss is kept low (SAM); a quarter more time. 0: none.", 0.01
        ),
        Control("averaging", "Averaging", "Decay of the averaged weights in a step; 0: no averaging.", 0.001),
        Control("patience", "Early stopping", "After so many epochs without a better recall; 0: never.", 1),
        Control("precision", "Precision", "`auto`: the faster one, by a self-test.", options=known.PRECISIONS),
        Control("seed", "Seed", "The same seed and settings give the same run on the same machine.", 1),
    ),
    "Targets": (
        Control("class_balance", "Class weighting", "0: each face counts alike; 1: each class counts alike.", 0.1),
        Control("label_smoothing", "Label smoothing", "Share of the target given to all classes alike.", 0.01),
        Control("votes_weight", "Weight of the votes", "Of what ten annotators said, where the data has it.", 0.1),
        Control("teachers", "Teachers", "Trained models whose answers are learned beside labels.", options=_teachers),
        Control(
            "teaching",
            "Teachers answer",
            "`unseen`: once, to faces that they weren't trained on. `consistent`: in each step, to all.",
            options=known.TEACHINGS,
        ),
        Control("distillation", "Teachers' share", "In the target, where there is a teacher.", 0.1),
        Control(
            "votes_taught",
            "Teachers hear the votes",
            "Teachers know what ten annotators chose as well; without teachers the votes teach alone. 0: off.",
            0.1,
        ),
        Control("prior_correction", "Make up for rare classes", "In the saved model, fitted on validation faces."),
    ),
    "Augmentation": (
        Control("flip", "Mirror", "Half of the faces, left and right."),
        Control("rotation", "Turn, degrees", "At most, either way.", 1.0),
        Control("shift", "Shift", "Share of the side, at most, each way.", 0.01),
        Control("zoom", "Zoom", "Share, at most, in and out.", 0.01),
        Control("erasing", "Erase", "Share of the faces of which a rectangle is greyed.", 0.05),
        Control("mixup", "Mixup", "How strongly pairs of faces are blended (alpha); 0: never.", 0.1),
    ),
    "Run": (
        Control("folds", "Folds", "Parts the training faces are dealt into, copies together; one is left out.", 1),
        Control("fold", "Fold left out", "From 0.", 1),
        Control("tensorboard", "Write TensorBoard files", "Look at them with `tensorboard --logdir models`."),
    ),
}
_WORDS = {
    ("start", ""): "random weights",
    ("start", known.IMAGENET): "ImageNet",
    ("version", ""): "unchanged",
}


def ask(base: TrainConfig, name: str, dataset: FaceDataset) -> TrainConfig | None:
    """The settings that the user wants, at first those of `base`; None, and a line that says why, where they clash.

    `name` tells the widgets of one base from those of another.
    """
    chosen, gone = asdict(base), st.container()
    _ask_group(FIRST, chosen, base, name, gone, len(FIRST))
    st.caption(f"Classes: {', '.join(get_scheme(chosen['scheme']).labels)}.")
    if chosen["scheme"] in STAGES:
        st.caption(
            f"A specialist: three of them, of {', '.join(STAGES)}, become one model of six classes on the page Models, "
            "or by `python -m fer_core combine VALENCE NEGATIVE POSITIVE`."
        )
    with st.expander("All settings"):
        for (title, controls), tab in zip(GROUPS.items(), st.tabs(list(GROUPS)), strict=True):
            with tab:
                _ask_group(controls, chosen, base, name, gone)
                if title == "Augmentation":
                    preview = st.container()
    try:
        config = replace(base, **chosen)
    except ValueError as error:
        errors.show(str(error))
        return None
    with preview:
        show_preview(dataset, config)
    return config


def show_preview(dataset: FaceDataset, config: TrainConfig) -> None:
    """Some Training faces, and below each how the run might see it."""
    images = dataset.images[_examples(dataset, config.scheme)]
    if not len(images):
        return
    draws = st.session_state.get("draws", 0)
    seen = [augmented(images, Chance(draws * PREVIEW_ROWS + row, len(images)), config) for row in range(PREVIEW_ROWS)]
    wall = np.pad(np.stack([images, *seen]), ((0, 0), (0, 0), (1, 1), (1, 1)))  # (rows, faces, 50, 50)
    wall = wall.transpose(0, 2, 1, 3).reshape(wall.shape[0] * wall.shape[2], -1)
    st.container(width=len(images) * PREVIEW_SIDE).image(  # which is as narrow as the page where that is narrower
        wall,
        f"Training faces, n = {len(images)}: as they are in the first row, below as the run might see them",
        width="stretch",
        alt=f"{len(images)} training faces, each as it is and below {PREVIEW_ROWS} times augmented by these settings",
    )
    st.button("Draw again", "draw", icon=":material/shuffle:", on_click=_draw_again)


def _ask_group(
    controls: Sequence[Control], chosen: dict, base: TrainConfig, name: str, gone, columns: int = COLUMNS
) -> None:
    """Put the answers into `chosen`; what a link asks for and isn't here is told in `gone`, a container."""
    for start in range(0, len(controls), columns):
        for control, column in zip(
            controls[start : start + columns], st.columns(columns, vertical_alignment="bottom"), strict=False
        ):
            with column:
                value = getattr(base, control.field)
                chosen[control.field] = _ask(control, value, chosen, f"{control.field}-{name}", gone)


def _ask(control: Control, value: Any, chosen: dict, key: str, gone) -> Any:
    common: dict[str, Any] = {"key": key, "help": control.help, "bind": "query-params"}
    if control.step is not None:
        return _ask_number(control, value, common)
    if not control.options:
        return st.toggle(control.label, value, **common)
    options = list(dict.fromkeys(control.options(chosen) if callable(control.options) else control.options))
    with gone:  # the control may be folded away
        _say_gone(control, options, key)
    if control.field == "teachers":
        return tuple(st.multiselect(control.label, options, value, **common))
    index = options.index(value) if value in options else 0
    return st.selectbox(control.label, options, index, format_func=partial(_words, control.field), **common)


def _ask_number(control: Control, value: float | None, common: dict) -> float | None:
    kind = type(control.step)
    form = "%d" if kind is int else "%g"
    # without limits: beyond them the browser would keep its number, and the page not hear of it; `TrainConfig` says so
    number = st.number_input(control.label, None, None, kind(value or 0), control.step, form, **common)
    # 0 stands for None: a box with a preset's value in it springs back to that when it is emptied
    return number or None if control.field in UNSET else number


def _say_gone(control: Control, options: Sequence, key: str) -> None:
    """Say what a link asks for that is not among `options`: the box drops it without a word."""
    known = {_words(control.field, option) for option in options}
    if gone := [words.code(name) for name in st.query_params.get_all(key) if name not in known]:
        st.warning(f"{control.label}: there is no {', '.join(gone)} here.", icon=":material/link_off:")


def _words(field: str, option: Any) -> str:
    if isinstance(option, tuple):
        return " → ".join(map(str, option))
    return _WORDS.get((field, option), option)


def _examples(dataset: FaceDataset, scheme_name: str) -> np.ndarray:
    """Rows of some Training faces, an even number, of as many classes as there are."""
    scheme = get_scheme(scheme_name)
    rows = np.random.default_rng(0).permutation(dataset.rows("train", scheme))
    first = np.unique(scheme.classes(dataset.emotion[rows]), return_index=True)[1]
    chosen = np.concatenate([rows[first], np.delete(rows, first)])[:PREVIEW_FACES]
    return chosen[: len(chosen) // 2 * 2]


def _draw_again() -> None:
    st.session_state["draws"] = st.session_state.get("draws", 0) + 1
