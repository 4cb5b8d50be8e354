"""Expression over time: a video, pictures in order, or several recordings beside each other."""

import streamlit as st

from fer_core.labels import MEANING
from pages._ui import decisions, frame, pickers, purpose, timeline_input, timeline_summary, timeline_view, wake

VIDEO, PICTURES, SEVERAL = "Video", "Pictures in order", "Several recordings"
ASKED = {
    VIDEO: (timeline_input.ask_video, "Choose a video above. A minute of it takes a minute or less to watch."),
    PICTURES: (timeline_input.ask_pictures, "Choose two or more pictures above, for example frames of a film."),
}


def one_recording(origin: str) -> None:
    """What a saved model sees in one recording."""
    if not (model := pickers.predicting_model()):
        return
    decisions.ask_calibrated(model)
    ask, hint = ASKED[origin]
    if recording := ask():
        timeline_view.show(timeline_view.read(recording, model))
    else:
        st.info(hint, icon=":material/timeline:")


def several_recordings() -> None:
    """The summary."""
    if tables := timeline_summary.ask():
        timeline_summary.show(tables)
    else:
        st.info("Export the table of each recording, then choose them here together.", icon=":material/timeline:")


frame.start(__file__, "Timeline", "Follow the expressions of faces through a video, or over pictures in order.")
wake.early()
origin = pickers.choice("Look at", (VIDEO, PICTURES, SEVERAL), "from")
st.caption(f"{MEANING} {purpose.KEEPING}")
if purpose.stated():
    if origin == SEVERAL:
        several_recordings()
    else:
        one_recording(origin)
