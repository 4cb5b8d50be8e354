"""A model from elsewhere: a `.keras` file or a folder, uploaded or by its path."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from fer_core import store
from fer_core.errors import ModelError
from fer_core.inference.importing import LARGEST, import_file, import_folder
from fer_core.labels import SCHEMES
from fer_core.paths import existing
from fer_core.store import SavedModel
from pages._ui import cached, frame, models_manage, pickers


@dataclass(frozen=True)
class Given:
    """What is to be imported: its name without suffix, whether it is a `folder`, and its path while it is needed."""

    stem: str
    folder: bool
    on_disk: Callable[[], AbstractContextManager[Path]]


def show() -> None:
    st.caption(
        "The network is looked at in a process of its own, with limited memory: stock layers of Keras only, raw grey "
        "pixels (n, 48, 48, 1) from 0 to 255 in, probabilities out. It is scored on the chosen dataset, then listed."
    )
    origin = pickers.choice("From", tuple(ASKED), "import_from")
    given = ASKED[origin]()
    name = st.text_input("Name of the new model", placeholder=f"{free(given)}", key="import_name", width=320)
    scheme = "study"
    if not (given and given.folder):
        scheme = st.selectbox(
            "Its outputs, in this order", list(SCHEMES), format_func=classes, key="import_scheme", width=520
        )
    if st.button("Import", "import", icon=":material/upload:", disabled=given is None):
        with st.spinner("Loading it in a process of its own, and asking it about the faces"), given.on_disk() as path:
            model = bring_in(path, name.strip() or free(given), scheme)
        models_manage.done(f"Imported {model.id}.", model.id)


def bring_in(path: Path, name: str, scheme: str) -> SavedModel:
    dataset = cached.dataset(frame.chosen_source())
    return import_folder(path, name, dataset) if path.is_dir() else import_file(path, name, scheme, dataset)


def typed_path() -> Given | None:
    typed = st.text_input("Path of a .keras file or of a model's folder, on this machine", key="import_path")
    if not typed:
        return None
    path = existing(typed)
    if path is None:
        raise ModelError(f"{typed}: expected the path of a .keras file or of a model's folder, found none")
    return Given(path.stem, path.is_dir(), lambda: nullcontext(path))


def uploaded_file() -> Given | None:
    file = st.file_uploader("A .keras file", type=["keras"], key="import_file")
    return Given(Path(file.name).stem, False, lambda: unpacked([file], folder=False)) if file else None


def uploaded_folder() -> Given | None:
    files = st.file_uploader("The folder of a saved model", accept_multiple_files="directory", key="import_folder")
    kept = [file for file in files if Path(file.name).name in LARGEST]
    return Given("", True, lambda: unpacked(kept, folder=True)) if files else None


@contextmanager
def unpacked(files: Sequence, *, folder: bool) -> Iterator[Path]:
    """The path of an uploaded file, or of a folder of such; on disk only meanwhile."""
    with TemporaryDirectory() as place:
        for file in files:
            (Path(place) / Path(file.name).name).write_bytes(file.getbuffer())
        yield Path(place) if folder else Path(place) / Path(files[0].name).name


ASKED = {"File": uploaded_file, "Folder": uploaded_folder, "Path": typed_path}


def free(given: Given | None) -> str:
    """A name that no model has: the file's or folder's own, where it may be one."""
    stem = given.stem if given else ""
    taken = {model.id for model in store.list_models()}
    return stem if store.NAME.fullmatch(stem) and stem not in taken else store.free_name("imported")


def classes(scheme: str) -> str:
    return f"{scheme}: {', '.join(SCHEMES[scheme].labels)}"
