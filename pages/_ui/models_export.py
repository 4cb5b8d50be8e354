"""One saved model as a zip for another runtime."""

import streamlit as st

from fer_core.data import FaceDataset
from fer_core.errors import DatasetError, FerError
from fer_core.store import SavedModel
from pages._ui import cached, errors, frame, pickers

FORMATS = {
    "keras": "Keras: the file as it was saved, for Python",
    "litert": "LiteRT (TensorFlow Lite): for phones and small devices",
    "onnx": "ONNX: for other runtimes; its library is not part of requirements.txt",
}


def show(model: SavedModel) -> None:
    if not model.trained:
        told = "only its answers were imported" if model.answered else f"it is {model.status}"
        st.info(f"{model.id} has no network to export: {told}.", icon=":material/info:")
        return
    kind = pickers.choice("Format", tuple(FORMATS), "format")
    st.caption(f"{FORMATS[kind]}. In the zip are the file, labels.json, preprocessing.json and the model card.")
    asked = f"{model.id} {kind}"
    if st.button("Make the zip", f"zip-{model.id}", icon=":material/folder_zip:"):
        st.session_state["exported"] = asked
    if st.session_state.get("exported") == asked:
        with errors.box():
            data, sentence = _packed(model, kind)
            st.success(sentence, icon=":material/check:")
            st.download_button(
                f"Download {model.id}-{kind}.zip",
                data,
                f"{model.id}-{kind}.zip",
                "application/zip",
                icon=":material/download:",
                on_click="ignore",
            )


def _packed(model: SavedModel, kind: str) -> tuple[bytes, str]:
    try:
        return cached.export(model, kind, faces())
    except FerError:
        del st.session_state["exported"]  # a click on something else shall not try it again
        raise


def faces() -> FaceDataset:
    """The chosen faces, on which the export is checked; drawn ones where they cannot be read."""
    try:
        return cached.dataset(frame.chosen_source())
    except DatasetError:
        return cached.dataset("demo")
