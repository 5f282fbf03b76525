"""Options to try against a fault, which follow from those of the training."""

from vaecli.report.signs import Signs

RELU_NETWORKS = {"classic", "dense"}  # with ReLU in the encoder


def has_dying_units(signs: Signs) -> bool:
    """Return whether the encoder has ReLU, whose units can die."""
    return signs.training.get("network") in RELU_NETWORKS


def free_bits(signs: Signs) -> list[str]:
    """Return an option that keeps dimensions in use; none for a run with mixture epochs, which refuse it."""
    return [] if signs.training.get("mixture_epochs") else ["--free-bits 0.1"]


def changed(signs: Signs, name: str, factor: float) -> list[str]:
    """Return the option of the training times `factor`; whole numbers stay whole; none if it is not known."""
    value = signs.training.get(name)
    if isinstance(value, int) and value * factor >= 1:
        changed = f"{int(value * factor)}"
    elif isinstance(value, float):
        changed = f"{value * factor:g}"
    else:
        return []
    return [f"--{name.replace('_', '-')} {changed}"]
