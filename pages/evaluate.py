from pages._ui import frame

frame.start(__file__, "Evaluate", "Comes soon.")
frame.dataset()
