"""How well a saved model does: predictions of a split, metrics as frames, comparison, figures that draw the frames."""
