"""The labels of a run: what a conditional model needs, and the number of images of each class."""

import numpy as np

from vaecli.data.images import ImageSet
from vaecli.errors import OptionError
from vaecli.modelfile.metadata_checks import MAX_LABELS
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher

_LISTED = 5  # classes in a message


def counts(data: ImageSet, held_out: np.ndarray) -> list[int] | None:
    """Return the number of training images of each class; None without labels.

    Args:
        data: all images but those of the test part.
        held_out: (N,) bool, true for the validation images.
    """
    if data.labels is None:
        return None
    numbers: list[int] = np.bincount(data.labels[~held_out], minlength=len(data.class_names)).tolist()
    return numbers


def require_usable(data: ImageSet, held_out: np.ndarray, options: TrainOptions, watch: Watcher) -> None:
    """Check that the labels serve --conditional, where it is given; note classes without training images.

    Raises:
        OptionError: no labels, or too many classes.
    """
    numbers = counts(data, held_out)
    if not options.conditional:
        return
    if numbers is None or not data.class_names:
        raise OptionError(
            f"--conditional needs labelled images; those of {data.name} have no labels.",
            option="--conditional",
            hint="Put the pictures of each class in a folder of its own, or leave --conditional out.",
        )
    if len(numbers) > MAX_LABELS:
        raise OptionError(
            f"--conditional must have at most {MAX_LABELS:,} classes, got {len(numbers):,}.",
            option="--conditional",
            hint="Leave it out, or train on fewer classes.",
        )
    missing = [name for name, number in zip(data.class_names, numbers, strict=True) if not number]
    if missing:
        names = ", ".join(missing[:_LISTED]) + (" ..." if len(missing) > _LISTED else "")
        watch.note(f"Without training images, so that they cannot be sampled by label: {names}.")
