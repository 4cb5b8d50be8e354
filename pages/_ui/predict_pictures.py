"""Predict: the pictures that a visitor brings, and the faces found in them; in the memory of the session alone."""

import io
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

import numpy as np
import streamlit as st
from PIL import Image

from fer_core.data.dataset import SIDE
from fer_core.errors import PhotoError
from fer_core.inference.crop import whole_picture
from fer_core.inference.detectors import Box, get_detector
from fer_core.inference.photo import HEIC_SUFFIXES, SUFFIXES, read_photo, reads_heic
from fer_core.inference.predict import find_faces
from fer_core.labels import EMOTIONS
from fer_core.store import SavedModel
from pages._ui import errors, frame, pickers, purpose, uploads

ORIGINS = ("Upload", "Camera", "Paste", "Example")
SHOWN = 1280
"""Longer side, in pixels, of what the page shows of a picture."""
QUALITY = 92
"""Of the JPEG that it is kept as."""

T = TypeVar("T")

_SEEN, _PASTED = "predict_seen", "predict_pasted"  # in the session's state


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture called `name`, numbered; `key` is its own in this session, `read` gives its encoded bytes."""

    key: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True, eq=False)
class Seen:
    """What is kept of a picture: `shown`, a JPEG `scale` times as large as the picture, which has the `size` (w, h).

    `boxes` are in pixels of the picture; `crops`, uint8 `(n, 48, 48)`, are its faces as the network sees them, `whole`
    the same of all of it. Or the `problem` for which it can't be used, and nothing else. `told` is what was asked
    about it `once`, and goes with it.
    """

    problem: str = ""
    shown: bytes = b""
    scale: float = 1.0
    size: tuple[int, int] = (0, 0)
    boxes: Sequence[Box] = ()
    crops: np.ndarray = field(default_factory=lambda: np.empty((0, SIDE, SIDE), np.uint8))
    whole: np.ndarray = field(default_factory=lambda: np.empty((SIDE, SIDE), np.uint8))
    told: dict[tuple, object] = field(default_factory=dict)

    def once(self, question: tuple[Hashable, ...], ask: Callable[[], T]) -> T:
        """What `ask` gives, which hangs on the picture and the `question` alone; asked the first time only."""
        if question not in self.told:
            self.told[question] = ask()
        return cast(T, self.told[question])

    def found(self, whole: bool) -> tuple[Sequence[Box], np.ndarray]:
        """The boxes and crops of its faces; where there is none and `whole` is asked for, all of the picture as one."""
        if whole and not self.boxes and not self.problem:
            return [Box(0, 0, *self.size, 0.0)], self.whole[None]
        return self.boxes, self.crops


def ask(model: SavedModel) -> list[Picture]:
    """The pictures to look at; those of a visitor's own only once a purpose is stated."""
    origin = pickers.choice("Pictures from", ORIGINS, "from")
    if origin == "Example":
        return _example(model)
    if not purpose.stated():
        return []
    files = {"Upload": _uploaded, "Camera": _taken, "Paste": _pasted}[origin]()
    return [
        Picture(f"{origin}-{file.file_id}", f"{number}: {file.name}", file.getvalue)
        for number, file in enumerate(files, 1)
    ]


def look(pictures: Sequence[Picture]) -> dict[str, Seen]:
    """Key → what is seen, each picture looked at once a session; what isn't among `pictures` any more is forgotten."""
    known = st.session_state.setdefault(_SEEN, {})
    for key in known.keys() - {picture.key for picture in pictures}:
        del known[key]
    new = [picture for picture in pictures if picture.key not in known]
    bar = st.empty()
    for number, picture in enumerate(new, 1):
        bar.progress(number / (len(new) + 1), f"Looking for faces: picture {number} of {len(new)}")
        known[picture.key] = see(picture.read())
    bar.empty()
    return {picture.key: known[picture.key] for picture in pictures}


def see(data: bytes) -> Seen:
    """Find the faces in an encoded picture."""
    try:
        photo = read_photo(data)
    except PhotoError as error:
        return Seen(str(error))
    height, width, _ = photo.shape
    boxes, crops = find_faces(photo, get_detector())
    small = Image.fromarray(photo)
    small.thumbnail((SHOWN, SHOWN))
    shown = io.BytesIO()
    small.save(shown, "JPEG", quality=QUALITY, subsampling=0)
    return Seen("", shown.getvalue(), small.width / width, (width, height), boxes, crops, whole_picture(photo))


def _uploaded() -> list:
    formats = "JPEG, PNG, WEBP or HEIC" if reads_heic() else "JPEG, PNG or WEBP"
    return uploads.ask(f"Photos ({formats}, up to 25 megapixels)", "photos")


def _taken() -> list:
    taken = st.camera_input("A picture of your face, taken now", key="camera")
    return [taken] if taken else []


def _pasted() -> list:
    """Pasted pictures come one message at a time; they are kept together until they are forgotten."""
    suffixes = [suffix for suffix in SUFFIXES if reads_heic() or suffix not in HEIC_SUFFIXES]
    with st.container():  # by itself it would stand at the foot of the window
        sent = st.chat_input(
            "Paste a picture here, then press Enter",
            key="paste",
            accept_file="multiple",
            file_type=suffixes,
            on_submit=_keep_pasted,
        )
    if sent and not sent.files:
        told = "expected a picture, found text only: copy the picture itself, not its address"
        errors.show(told)
    pasted = st.session_state.get(_PASTED, [])
    if pasted:
        forget = partial(st.session_state.pop, _PASTED, None)
        st.button("Forget what was pasted", on_click=forget, icon=":material/delete:")
    return pasted


def _keep_pasted() -> None:
    st.session_state[_PASTED] = [*st.session_state.get(_PASTED, []), *st.session_state["paste"].files]


def _example(model: SavedModel) -> list[Picture]:
    """One face of the dataset's test split, chosen by a number that stands in the URL."""
    dataset = frame.dataset()
    rows = np.flatnonzero(dataset.usage == "PublicTest")
    if not len(rows):
        st.info("This dataset has no PublicTest faces to show.", icon=":material/info:")
        return []
    if dataset.drawn and not model.record["dataset"].get("drawn"):
        st.caption(f"{model.id} learned from photographs: what it says of a drawn face means little.")
    number = st.number_input("Test face", 1, len(rows), key="example", bind="query-params", width=160)
    row = rows[number - 1]
    encoded = io.BytesIO()
    Image.fromarray(np.asarray(dataset.images[row])).save(encoded, "PNG")
    name = f"Row {row}, labelled {EMOTIONS[dataset.emotion[row]]}"
    return [Picture(f"Example-{dataset.fingerprint}-{row}", name, encoded.getvalue)]
