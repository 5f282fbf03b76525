"""The labels of `vaecli interpolate`, and the grid between four pictures."""

from collections.abc import Sequence

import numpy as np

from vaecli.choices import LineKind
from vaecli.errors import OptionError
from vaecli.latent.even import Way
from vaecli.latent.grids import between
from vaecli.runtime.model import Model
from vaecli.runtime.track import Points


def picture_labels(
    model: Model, labels: Sequence[str], known: Sequence[str | None]
) -> tuple[str | None, ...]:
    """Return the class of each of P pictures for a conditional model; () for another one.

    Args:
        model: the model.
        labels: what --label names: one class for all pictures, or one for each.
        known: the class of each picture where it has one; used without `labels`, if the model has seen that class.

    Raises:
        OptionError: labels for a model that takes none, an unknown class, or another number of labels.
    """
    count, info = len(known), model.info
    if not info.is_conditional:
        if labels:
            raise OptionError(
                "--label must be left out: the model is not conditional.",
                option="--label",
                hint="Train one with --conditional.",
            )
        return ()
    if not labels:
        names = info.class_names
        return tuple(
            label if label in names and model.priors.can_draw(names.index(label)) else None for label in known
        )
    if len(labels) not in (1, count):
        raise OptionError(
            f"--label must be given once, or once for each of {count} pictures, got {len(labels)} times.",
            option="--label",
        )
    numbers = [model.priors.label(label) for label in labels]
    for number in numbers:
        model.priors.require_class(number)
    own = tuple(info.class_names[number] for number in numbers)
    return own * count if len(own) == 1 else own


def grid_between(points: Points, steps: int, line: LineKind) -> Way:
    """Return the grid between four points; labels change in equal steps."""
    size = points.latent_dim
    latents, labels = between(points.rows[:, :size], steps, line), between(points.rows[:, size:], steps)
    return Way(np.concatenate([latents, labels], axis=1), ())
