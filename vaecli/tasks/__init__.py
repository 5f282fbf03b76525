"""One library function a command: train, evaluate, sample, interpolate, export. Heavy stages load when they run."""
