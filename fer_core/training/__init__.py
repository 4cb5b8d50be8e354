"""Training: settings, the engine, the loop, and the process of a run."""
