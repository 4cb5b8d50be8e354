"""What a visitor wants to look at people for, asked once a session before the first photo or video of theirs."""

import streamlit as st

ALLOWED = (
    "Pictures of myself, or of people who agreed to this",
    "Research into how such models see, or teaching about them",
    "Published pictures or film of actors, art or history",
)
REFUSED = {
    "People at work, or who apply for work": (
        "Expressions say nothing reliable about a person's fitness, honesty or mood, and inferring emotions at work "
        "is prohibited in the European Union (AI Act, Article 5 (1) f)."
    ),
    "Pupils or students, at a school or an examination": (
        "Expressions say nothing reliable about attention, learning or honesty, and inferring emotions in education is "
        "prohibited in the European Union (AI Act, Article 5 (1) f)."
    ),
    "People who don't know that they are looked at": (
        "People have to be told before software classifies their expressions, in the European Union by the AI Act "
        "(Article 50 (3)) and by data protection law. Ask them first."
    ),
}
"""Purpose → the reason for which it is refused."""
KEEPING = "Pictures stay in the memory of this session: nothing of them is written to a disk, a log or a shared cache."

_STATED = "purpose"  # in the session's state


def stated() -> bool:
    """Whether the visitor has stated a purpose that isn't refused; draws the question, or the answer, either way."""
    purpose = st.session_state.get(_STATED)
    if purpose in ALLOWED:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/verified_user: {purpose}.", width="content")
            st.button("Change the purpose", key="purpose_change", on_click=_state, args=[None], type="tertiary")
        return True
    with st.container(border=True):
        chosen = st.radio("Whom do you want to look at, and what for?", [*ALLOWED, *REFUSED], None, key="purpose_asked")
        st.caption("Asked once, and kept for this session only.")
        if chosen in REFUSED:
            st.error(f"**Not with this.** {REFUSED[chosen]}", icon=":material/block:")
        st.button(
            "Continue",
            key="purpose_state",
            on_click=_state,
            args=[chosen],
            type="primary",
            disabled=chosen not in ALLOWED,
        )
    return False


def _state(purpose: str | None) -> None:
    st.session_state[_STATED] = purpose
