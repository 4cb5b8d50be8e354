from pages._ui import frame

frame.start(__file__, "Explore", "Comes soon.")
frame.dataset()
