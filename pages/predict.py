"""Which expressions a saved model sees in pictures."""

from collections.abc import Mapping, Sequence

import streamlit as st

from fer_core.inference.answers import Answered
from fer_core.labels import MEANING
from fer_core.store import SavedModel
from pages._ui import (
    decisions,
    errors,
    faces,
    frame,
    pickers,
    predict_exports,
    predict_faces,
    predict_models,
    predict_pictures,
    purpose,
    wake,
    words,
)
from pages._ui.predict_faces import ALIKE, LOOKED
from pages._ui.predict_models import Answerer
from pages._ui.predict_pictures import Picture, Seen

PAGE = 3
"""Pictures on one page."""


def answer(pictures: Sequence[Picture], model: SavedModel, beside: Sequence[SavedModel], also: Sequence[str]) -> None:
    """All that is said of the pictures by `model` and those beside it; `also` is what is shown on demand."""
    answerers = predict_models.wake([model, *beside])
    if not answerers or answerers[0].model is not model:
        return
    seen = predict_pictures.look(pictures)
    show_problems(pictures, seen)
    whole = offer_whole(pictures, seen)
    answers = [
        Answered(picture.name, {one.model.id: one.answer(its, whole) for one in answerers}, its.problem)
        for picture in pictures
        for its in [seen[picture.key]]
    ]
    predict_exports.show_table(answers, answerers)
    predict_models.show_rules(answerers[1:])
    show_pictures([each for each in zip(pictures, answers, strict=True) if not each[1].error], seen, answerers[0], also)


def show_problems(pictures: Sequence[Picture], seen: Mapping[str, Seen]) -> None:
    """A line for each picture that can't be used."""
    problems = [f"{picture.name}: {problem}" for picture in pictures if (problem := seen[picture.key].problem)]
    if len(problems) == 1:
        st.error(words.literal(problems[0]), icon=":material/error:")
    elif problems:
        st.error(f"{len(problems)} of {len(pictures)} files can't be used.", icon=":material/error:")
        st.code("\n".join(problems), language=None, wrap_lines=True)


def offer_whole(pictures: Sequence[Picture], seen: Mapping[str, Seen]) -> bool:
    """Whether pictures without a face are to be taken as a whole; names them."""
    without = [each.name for each in pictures if not seen[each.key].problem and not seen[each.key].boxes]
    if not without:
        return False
    st.warning(f"No face was found in {words.literal(', '.join(without))}.", icon=":material/face_retouching_off:")
    return st.toggle("Use the whole picture where no face was found", key="whole")


def show_pictures(
    answered: Sequence[tuple[Picture, Answered]], seen: Mapping[str, Seen], first: Answerer, also: Sequence[str]
) -> None:
    """The pictures that can be used, a few at a time, with what the `first` model says of them."""
    model = first.model
    if ALIKE in also:
        predict_faces.follow_measuring(model)
    shown = [picture.key for picture, _ in answered]
    if st.session_state.get("pictures_shown") != shown:
        st.session_state.update(pictures_shown=shown, pictures_page=1)
    for picture, its in answered[faces.turned(len(answered), PAGE, "pictures_page")]:
        st.subheader(words.literal(picture.name), anchor=False, divider="gray")
        predict_faces.show(picture, seen[picture.key], its.faces, model, also)
        if its.faces[model.id]:
            predict_exports.offer_annotated(picture.name, picture.read, its.faces[model.id], first)


frame.start(__file__, "Predict", "See which expression a saved model finds in each face of your pictures.")
wake.early()
if model := pickers.predicting_model():
    left, right = st.columns(2)
    with left:
        beside = predict_models.ask_beside(model)
    with right:
        also = st.pills("Show also", (LOOKED, ALIKE), selection_mode="multi", key="also", bind="query-params")
        decisions.ask_calibrated(model)
    pictures = predict_pictures.ask(model)
    with errors.box():
        predict_models.show_rule(model)
    st.caption(f"{MEANING} {purpose.KEEPING}")
    if pictures:
        answer(pictures, model, beside, also)
    else:
        predict_pictures.look([])  # forgets what was shown before
        st.info("Choose a picture, or look at an example.", icon=":material/add_a_photo:")
