"""A model from elsewhere: a `.keras` file or a folder, uploaded or by its path."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from fer_core import store
from fer_core.errors import ModelError
from fer_core.inference.importing import LARGEST, import_file, import_folder
from fer_core.labels import SCHEMES
from fer_core.store import SavedModel
from pages._ui import cached, frame, models_manage, pickers

ORIGINS = ("File", "Folder", "Path")


def show() -> None:
    st.caption(
        "The network is looked at in a process of its own, with limited memory: stock layers of Keras only, raw grey "
        "pixels (n, 48, 48, 1) from 0 to 255 in, probabilities out. It is scored on the chosen dataset, then listed."
    )
    origin = pickers.choice("From", ORIGINS, "import_from")
    with given(origin) as path:
        folder = path is not None and path.is_dir()
        name = st.text_input("Name of the new model", placeholder=f"{free(path)}", key="import_name", width=320)
        scheme = "study"
        if not folder:
            scheme = st.selectbox(
                "Its outputs, in this order", list(SCHEMES), format_func=classes, key="import_scheme", width=520
            )
        if st.button("Import", "import", icon=":material/upload:", disabled=path is None):
            with st.spinner("Loading it in a process of its own, and asking it about the faces"):
                model = bring_in(path, name.strip() or free(path), scheme)
            models_manage.done(f"Imported {model.id}.", model.id)


def bring_in(path: Path, name: str, scheme: str) -> SavedModel:
    dataset = cached.dataset(frame.chosen_source())
    return import_folder(path, name, dataset) if path.is_dir() else import_file(path, name, scheme, dataset)


@contextmanager
def given(origin: str) -> Iterator[Path | None]:
    """The file or folder to import, None while there is none; an upload lies on disk only meanwhile."""
    if origin == "Path":
        typed = st.text_input("Path of a .keras file or of a model's folder, on this machine", key="import_path")
        path = Path(typed).expanduser() if typed else None
        if path and not path.exists():
            raise ModelError(f"{typed}: expected the path of a .keras file or of a model's folder, found none")
        yield path
        return
    with TemporaryDirectory() as folder:
        yield uploaded_file(Path(folder)) if origin == "File" else uploaded_folder(Path(folder))


def uploaded_file(folder: Path) -> Path | None:
    file = st.file_uploader("A .keras file", type=["keras"], key="import_file")
    if file is None:
        return None
    path = folder / Path(file.name).name
    path.write_bytes(file.getbuffer())
    return path


def uploaded_folder(folder: Path) -> Path | None:
    files = st.file_uploader("The folder of a saved model", accept_multiple_files="directory", key="import_folder")
    for file in files:
        if (name := Path(file.name).name) in LARGEST:
            (folder / name).write_bytes(file.getbuffer())
    return folder if files else None


def free(path: Path | None) -> str:
    """A name that no model has: the file's or folder's own, where it may be one."""
    stem = path.stem if path else ""
    taken = {model.id for model in store.list_models()}
    return stem if store.NAME.fullmatch(stem) and stem not in taken else store.free_name("imported")


def classes(scheme: str) -> str:
    return f"{scheme}: {', '.join(SCHEMES[scheme].labels)}"
