from pages._ui import frame

frame.start(__file__, "Audit", "Comes soon.")
frame.dataset()
