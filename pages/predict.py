"""Which expressions a saved model sees in a photo."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from fer_core.data import FaceDataset
from fer_core.errors import PhotoError
from fer_core.evaluation.decision import Decision, read_decision
from fer_core.evaluation.figures import probability_bars
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.predict import UNSURE, FaceResult, PhotoResult, annotate, classify_photo
from fer_core.labels import COLOURS, EMOTIONS
from fer_core.store import SavedModel
from pages._ui import cached, charts, frame, pickers

ORIGINS = ("Upload", "Camera", "Example")
ENLARGED = 144  # pixels: three times what the network sees


def ask_photos(model: SavedModel) -> dict[str, bytes]:
    """The photos to look at: name → encoded bytes. They stay in memory."""
    origin = pickers.choice("Photo from", ORIGINS, "from")
    if origin == "Upload":
        files = st.file_uploader("Photos (JPEG, PNG or WEBP)", accept_multiple_files=True, key="photos")
        return {f"{number}. {file.name}": file.getvalue() for number, file in enumerate(files, 1)}
    if origin == "Camera":
        taken = st.camera_input("A picture of your face, taken now", key="camera")
        return {"Camera": taken.getvalue()} if taken else {}
    return example(frame.dataset(), model)


def example(dataset: FaceDataset, model: SavedModel) -> dict[str, bytes]:
    """One face of the dataset's test split, chosen by a row number that stands in the URL."""
    rows = np.flatnonzero(dataset.usage == "PublicTest")
    if not len(rows):
        return {}
    if dataset.drawn and not model.record["dataset"].get("drawn"):
        st.caption(f"{model.id} learned from photographs: what it says of a drawn face means little.")
    number = st.number_input("Test face", 1, len(rows), key="example", bind="query-params", width=160)
    row = rows[number - 1]
    encoded = io.BytesIO()
    Image.fromarray(np.asarray(dataset.images[row])).save(encoded, "PNG")
    return {f"Row {row}, labelled {EMOTIONS[dataset.emotion[row]]}": encoded.getvalue()}


def show_photo(name: str, data: bytes, classifier: Classifier, decision: Decision) -> None:
    """One photo: its faces boxed, then each of them; or in one line why it cannot be used."""
    st.subheader(name, anchor=False, divider=True)
    try:
        with st.spinner("Looking for faces", show_time=False):
            result = classify_photo(data, classifier, get_detector(), decision=decision)
            if not result.faces and st.toggle("No face was found. Use the whole picture instead.", key=f"whole-{name}"):
                result = classify_photo(data, classifier, get_detector(), whole=True, decision=decision)
    except PhotoError as error:
        st.error(str(error), icon=":material/error:")
        return
    picture, faces = st.columns([2, 3])
    with picture:
        show_picture(result)
    with faces:
        for number, face in enumerate(result.faces, 1):
            show_face(number, face, f"{name}-{number}")


def show_picture(result: PhotoResult) -> None:
    boxed = annotate(result.photo, result.faces, COLOURS)
    enlarged = boxed.width < ENLARGED
    found = f"{len(result.faces)} face{'' if len(result.faces) == 1 else 's'}"
    st.image(boxed, caption=found, width=ENLARGED if enlarged else "stretch", alt=f"The photo with {found} boxed")


def show_face(number: int, face: FaceResult, key: str) -> None:
    """What the network saw and what it says."""
    left, right = st.columns([1, 3])
    with left:
        seen = Image.fromarray(face.crop).resize((ENLARGED, ENLARGED), Image.Resampling.NEAREST)
        st.image(seen, caption=f"Face {number} as the network sees it", alt=f"Face {number}, 48 by 48 grey pixels")
    with right:
        st.markdown(f"#### {face.label or 'Unsure'}")
        if face.label is None:
            others = f" other than {' and '.join(face.point.group)}" if face.point else ""
            st.caption(f"No expression{others} reaches a probability of {UNSURE:.0%}.")
        elif face.label != face.most_probable:
            st.caption(f"By the operating point; the most probable is {face.most_probable}.")
        charts.show(probability_bars(face.probabilities), key, height=280)


frame.start(__file__, "Predict", "See which expression a saved model finds in each face of a photo.")
if model := pickers.predicting_model():
    photos = ask_photos(model)
    st.caption(
        "A label names the expression on one picture, as people who search for pictures use the word; "
        "it doesn't tell what a person feels. Photos stay in memory and are gone when you leave."
    )
    decision = read_decision(model)
    if decision.sentences:
        st.info(" ".join(decision.sentences), icon=":material/tune:")
    if photos:
        classifier = cached.classifier(model)
        for name, data in photos.items():
            show_photo(name, data, classifier, decision)
    else:
        st.info("Choose a photo above, or look at an example.", icon=":material/add_a_photo:")
