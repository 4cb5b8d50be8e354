"""A model from elsewhere: a `.keras` file, a zip, a folder, or a table of answers, uploaded or by its path."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from fer_core import store
from fer_core.errors import ModelError
from fer_core.inference import external, packed
from fer_core.inference.importing import LARGEST, import_file, import_folder
from fer_core.inference.packed import import_zip
from fer_core.labels import SCHEMES
from fer_core.paths import existing
from fer_core.store import SavedModel
from pages._ui import cached, frame, models_manage, pickers


@dataclass(frozen=True)
class Given:
    """What is to be imported: its name, empty for a folder, and its path while it is needed."""

    name: str
    on_disk: Callable[[], AbstractContextManager[Path]]


def show() -> None:
    st.caption(
        "**A network of Keras** is looked at in a process of its own, with limited memory: stock layers only, raw "
        "grey pixels (n, 48, 48, 1) from 0 to 255 in, probabilities out. It is scored on the chosen dataset.  \n"
        "**Of a network of any other framework** its answers are enough to evaluate and compare it: a CSV or Parquet "
        "file with a column `row`, the place of each face in the chosen dataset's CSV from 0 on, and a column of "
        "probabilities for each class, `Angry`, `Fear` and so on; all faces of test, of validation, or of both."
    )
    origin = pickers.choice("From", tuple(ASKED), "import_from")
    given = ASKED[origin]()
    name = pickers.new_name("Name of the new model", "import_name", free(given))
    scheme = "study"
    if given and Path(given.name).suffix.lower() == ".keras":
        scheme = st.selectbox(
            "Its outputs, in this order", list(SCHEMES), format_func=classes, key="import_scheme", width=520
        )
    if st.button("Import", "import", icon=":material/upload:", disabled=given is None):
        with st.spinner("Reading it, and asking it about the faces"), given.on_disk() as path:
            model = bring_in(path, name or free(given), scheme)
        pickers.name_taken("import_name")
        models_manage.done(f"Imported {model.id}.", model.id)


def bring_in(path: Path, name: str, scheme: str) -> SavedModel:
    dataset = cached.dataset(frame.chosen_source())
    if path.is_dir():
        return import_folder(path, name, dataset)
    if path.suffix.lower() in external.SUFFIXES:
        return external.import_answers(path, name, dataset)
    bring = import_zip if path.suffix.lower() == packed.SUFFIX else import_file
    return bring(path, name, scheme, dataset)


_WHAT = "a .keras file, of a zip that was exported, of a table of answers, or of a model's folder"


def typed_path() -> Given | None:
    typed = st.text_input(f"Path of {_WHAT}, on this machine", key="import_path")
    if not typed:
        return None
    path = existing(typed)
    if path is None:
        raise ModelError(f"{typed}: expected the path of {_WHAT}, found none")
    return Given(path.name, lambda: nullcontext(path))


def uploaded_file() -> Given | None:
    kinds = [suffix.removeprefix(".") for suffix in (".keras", packed.SUFFIX, *external.SUFFIXES)]
    file = st.file_uploader(
        "A .keras file, a zip that was exported, or a table of answers", type=kinds, key="import_file"
    )
    return Given(file.name, lambda: unpacked([file], folder=False)) if file else None


def uploaded_folder() -> Given | None:
    files = st.file_uploader("The folder of a saved model", accept_multiple_files="directory", key="import_folder")
    kept = [file for file in files if Path(file.name).name in LARGEST]
    return Given("", lambda: unpacked(kept, folder=True)) if files else None


@contextmanager
def unpacked(files: Sequence, *, folder: bool) -> Iterator[Path]:
    """The path of an uploaded file, or of a folder of such; on disk only meanwhile."""
    with TemporaryDirectory() as place:
        for file in files:
            path = Path(place) / Path(file.name).name
            if path.exists():
                raise ModelError(f"{path.name}: expected one in the folder, found several; choose one model's folder")
            path.write_bytes(file.getbuffer())
        yield Path(place) if folder else Path(place) / Path(files[0].name).name


ASKED = {"File": uploaded_file, "Folder": uploaded_folder, "Path": typed_path}


def free(given: Given | None) -> str:
    """A name that no model has: the file's or folder's own, where it may be one."""
    stem = Path(given.name).stem if given else ""
    taken = {model.id for model in store.list_models()}
    return stem if store.NAME.fullmatch(stem) and stem not in taken else store.free_name("imported")


def classes(scheme: str) -> str:
    return f"{scheme}: {', '.join(SCHEMES[scheme].labels)}"
