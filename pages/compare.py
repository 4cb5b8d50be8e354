from pages._ui import frame

frame.start(__file__, "Compare", "Comes soon.")
frame.dataset()
