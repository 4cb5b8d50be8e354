"""Expression over pictures in order."""

import re

import streamlit as st

from fer_core.errors import PhotoError
from fer_core.evaluation.decision import Decision, read_decision
from fer_core.evaluation.figures import timeline_lines
from fer_core.inference.classifier import Classifier
from fer_core.inference.detectors import get_detector
from fer_core.inference.predict import PhotoResult, classify_photo
from fer_core.inference.timeline import timeline_frame
from pages._ui import cached, charts, frame, pickers


def natural(name: str) -> list[tuple[str, int]]:
    """A key that sorts `frame2` before `frame10`."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]


def look(files: list, classifier: Classifier, decision: Decision) -> dict[str, PhotoResult]:
    """The pictures that can be used, in order of their names; the others are told of in one line each."""
    results = {}
    ordered = sorted(files, key=lambda file: natural(file.name))
    bar = st.progress(0.0, "Looking at the pictures")
    for number, file in enumerate(ordered, 1):
        try:
            data = file.getvalue()
            results[f"{number}. {file.name}"] = classify_photo(data, classifier, get_detector(), decision=decision)
        except PhotoError as error:
            st.error(f"{file.name}: {error}", icon=":material/error:")
        bar.progress(number / len(ordered), f"{number} of {len(ordered)} pictures")
    bar.empty()
    return results


frame.start(__file__, "Timeline", "Follow the expression of a face over pictures that were taken one after another.")
if model := pickers.predicting_model():
    files = st.file_uploader("Pictures, in the order of their names", accept_multiple_files=True, key="pictures")
    if not files:
        st.info("Choose two or more pictures, for example frames of a film saved as JPEG.", icon=":material/timeline:")
    elif results := look(files, cached.classifier(model), read_decision(model)):
        table = timeline_frame(results, model.labels)
        charts.show(timeline_lines(table), "lines")
        st.caption("The largest face of each picture. A gap is a picture without a face.")
        st.download_button(
            "Table as CSV", table.to_csv(index=False), "timeline.csv", "text/csv", icon=":material/download:"
        )
