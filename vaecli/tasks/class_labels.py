"""The labels of images as a conditional model takes them, by the names of the classes, and their priors."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vaecli.choices import PriorName
from vaecli.data.images import ImageSet
from vaecli.latent.priors import Prior
from vaecli.modelfile.metadata import ModelInfo
from vaecli.runtime.labels import NO_LABEL
from vaecli.runtime.model import Model

_LISTED = 5  # classes in a message


def class_labels(
    info: ModelInfo, data: ImageSet, warn: Callable[[str], None] = lambda _message: None
) -> npt.NDArray[np.int64] | None:
    """Return the number, in a conditional model, of each image's class, (N,), -1 for a class that it does not know.

    None for a model that takes no labels, and for images without labels, which a note names.
    """
    if not info.is_conditional:
        return None
    if data.labels is None:
        warn(f"{data.name} has no labels: the model works without them.")
        return None
    counts = info.data.get("class_counts") or [1] * len(info.class_names)
    known = {name: number for number, name in enumerate(info.class_names) if counts[number]}
    names = data.class_names
    numbers = np.array([known.get(name, NO_LABEL) for name in names], np.int64)
    used = np.unique(data.labels)
    unknown = [names[label] for label in used if numbers[label] == NO_LABEL]
    if unknown:
        listed = ", ".join(unknown[:_LISTED]) + (", ..." if len(unknown) > _LISTED else "")
        warn(f"Without labels, since the model has seen no images of these classes: {listed}.")
    return numbers[data.labels]


def class_priors(
    model: Model, labels: npt.NDArray[np.int64] | None, prior: PriorName
) -> Callable[[int], Prior] | None:
    """Return number of a class -> the prior of its latents, of bounds given labels under mixtures; None for others.

    The mixture of all images is one of latents that were encoded without labels.
    """
    return model.priors.of_number if labels is not None and prior == "mixture" else None
