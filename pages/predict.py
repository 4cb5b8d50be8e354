from pages._ui import frame

frame.start(__file__, "Predict", "Comes soon.")
