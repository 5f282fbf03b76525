"""The warning of other commands that a picture is unlike the training images."""

from collections.abc import Callable, Sequence

from vaecli.commands import command
from vaecli.errors import ModelError
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.score.options import THRESHOLD


def warn_of_strange(model: Model, names: Sequence[str], images: Pixels, warn: Callable[[str], None]) -> None:
    """Warn of each of images (N, H, W, C) whose score is at or above the 99th percentile.

    A model without figures for scores warns of none.
    """
    try:
        percentiles = model.score(images).percentile
    except ModelError:
        return
    for name, percentile in zip(names, percentiles, strict=True):
        if percentile >= THRESHOLD:
            warn(warning_of(name))


def warning_of(name: str) -> str:
    """Return the warning of a picture at or above the 99th percentile."""
    return (
        f"{name} is less like the training images than {THRESHOLD:.0f} % of the validation images are, "
        f"so the result may mean little. More: {command('score', name)}"
    )
