"""Evaluate and Compare: models scored on the chosen dataset where that is another than their own."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from fer_core.data import FaceDataset, default_source
from fer_core.data.class_names import ClassNamesError
from fer_core.errors import DatasetError
from fer_core.evaluation import elsewhere
from fer_core.store import SavedModel
from pages._ui import cached, frame, pickers

_HELP = "chosen: the one in the sidebar. own: the one with which the model was saved."


def ask(models: Sequence[SavedModel]) -> list[SavedModel]:
    """`models` as they were saved, or as scored on the chosen dataset; offers to score them on it.

    Where its class names are unknown, the page asks for them first.
    """
    try:
        dataset = cached.dataset(frame.chosen_source())
    except ClassNamesError:
        raise
    except DatasetError:
        return list(models)  # whoever needs the faces says what is wrong
    if all(_is_own(model, dataset) for model in models):
        return list(models)
    known = [model if _is_own(model, dataset) else _known(model, dataset) for model in models]
    missing = [model for model, as_scored in zip(models, known, strict=True) if as_scored is None]
    if any(model.trained for model in missing) or len(missing) == len(models):
        _offer(missing, dataset)
        return list(models)
    # of whom the answers alone are here nobody can ask more
    scored = [as_scored or model for model, as_scored in zip(models, known, strict=True)]
    if pickers.choice("Dataset of the scores", ("chosen", "own"), "scored_on", help=_HELP) == "own":
        return list(models)
    _explain(scored, dataset)
    return scored


def _is_own(model: SavedModel, dataset: FaceDataset) -> bool:
    return model.record["dataset"]["fingerprint"] == dataset.fingerprint


def _known(model: SavedModel, dataset: FaceDataset) -> SavedModel | None:
    """`model` as scored before, with what can be known about leaks by now."""
    scored = elsewhere.open_scored(model, dataset)
    if scored and not scored.record["dataset"]["leaks_known"] and (learned := _learned(model)):
        return elsewhere.score(model, dataset, learned)
    return scored


def _learned(model: SavedModel) -> FaceDataset | None:
    return elsewhere.find_learned(model, cached.dataset, default_source())


def _offer(missing: Sequence[SavedModel], dataset: FaceDataset) -> None:
    """A button that asks the networks of `missing`."""
    name = Path(dataset.source).name
    with st.container(border=True):
        st.markdown(
            f"**{name}** is not the dataset on which {' and '.join(model.id for model in missing)} "
            f"{'was' if len(missing) == 1 else 'were'} scored. The numbers below are from the predictions that "
            "were saved then, and need nothing more."
        )
        if without := [model.id for model in missing if not model.trained]:
            st.caption(f"Of {', '.join(without)} only the answers are here, and no network that could be asked.")
        askable = [model for model in missing if model.trained]
        if askable and st.button(
            f"Score {'it' if len(askable) == 1 else 'them'} on {name}",
            "score_elsewhere",
            icon=":material/network_intelligence:",
        ):
            for model in askable:
                _score(model, dataset)
            st.rerun()


def _score(model: SavedModel, dataset: FaceDataset) -> None:
    bar = st.progress(0.0, f"Asking {model.id} about {len(dataset):,} faces. The first time it wakes up, for seconds.")
    elsewhere.score(
        model, dataset, _learned(model), lambda share: bar.progress(share, f"Asking {model.id}: {share:.0%}")
    )


def _explain(models: Sequence[SavedModel], dataset: FaceDataset) -> None:
    said = [sentence for model in models if model.elsewhere for sentence in elsewhere.sentences(model)]
    st.info("  \n".join(dict.fromkeys(said)), icon=":material/dataset:")
    frame.show_notes(dataset)
