"""Labels from callers: class numbers, names or one-hot rows, as the input of a conditional model."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vaecli.errors import OptionError
from vaecli.labels import find_label
from vaecli.modelfile.metadata import LABEL, ModelInfo
from vaecli.runtime.arrays import image_batch, latent_batch

Labels: TypeAlias = str | int | Sequence[str | int | None] | npt.NDArray[np.generic] | None
"""One class for all images or one for each: its number, or its name or a unique part of it; -1 or None for
no label.

Or rows (N, K) of weights of the K classes, such as (1 - t) and t of two classes on the way between them.
"""

NO_LABEL = -1
_SLACK = 1e-3  # of weights beyond 0 and 1


def encoder_inputs(
    info: ModelInfo, images: npt.ArrayLike, labels: Labels
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the inputs of an encoder for images (N, H, W, C); raise as `image_batch` and `label_input` do."""
    batch = image_batch(images, info.image_shape)
    return {"image": batch} | label_input(info, labels, len(batch))


def decoder_inputs(info: ModelInfo, z: npt.ArrayLike, labels: Labels) -> dict[str, npt.NDArray[np.float32]]:
    """Return the inputs of a decoder for latents (N, D); raise as `latent_batch` and `label_input` do."""
    batch = latent_batch(z, info.latent_dim)
    return {"z": batch} | label_input(info, labels, len(batch))


def label_input(info: ModelInfo, labels: Labels, count: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return the input `label` (count, K) of a conditional model; nothing for a model without it.

    Args:
        info: description of the model.
        labels: None for no label.
        count: number of images or latents.

    Raises:
        OptionError: labels for a model that takes none, an unknown class, one without training images, or another
            number of labels.
    """
    if not info.is_conditional:
        if labels is not None:
            raise OptionError(
                "labels must be left out: the model is not conditional.",
                option="labels",
                hint="Train one with --conditional.",
            )
        return {}
    rows = np.zeros((count, len(info.class_names)), np.float32)
    if labels is None:
        return {LABEL: rows}
    if isinstance(labels, np.ndarray) and labels.ndim == 2:
        return {LABEL: _weights(labels, rows.shape)}
    numbers = class_numbers(info, labels, count)
    labelled = np.flatnonzero(numbers != NO_LABEL)
    rows[labelled, numbers[labelled]] = 1.0
    return {LABEL: rows}


def class_numbers(info: ModelInfo, labels: Labels, count: int) -> npt.NDArray[np.int64]:
    """Return the class number of each of `count` images, -1 for no label; raise as `label_input` does."""
    if labels is None or isinstance(labels, str | int | np.integer):
        return np.full(count, _number(info, labels))
    distinct: dict[str | int | None, int] = {}
    values = np.asarray(labels, object) if not isinstance(labels, np.ndarray) else labels
    if values.shape != (count,):
        raise OptionError(
            f"labels must be one for each of {count} images, or one for all, got {values.shape}.",
            option="labels",
        )
    for value in values.tolist():
        if value not in distinct:
            distinct[value] = _number(info, value)
    return np.array([distinct[value] for value in values.tolist()], np.int64)


def _number(info: ModelInfo, label: object) -> int:
    """Return the number of the class that a label names."""
    if label is None:
        return NO_LABEL
    number = label if isinstance(label, int | np.integer) and not isinstance(label, bool) else None
    if number is None:
        if not isinstance(label, str):
            raise OptionError(
                f"labels must be numbers or names of classes, got {type(label).__name__}.", option="labels"
            )
        number = find_label(label, info.class_names, option="labels")
    count = len(info.class_names)
    if not NO_LABEL <= number < count:
        raise OptionError(f"labels must be -1, or from 0 to {count - 1}, got {number}.", option="labels")
    require_trained(info, int(number))
    return int(number)


def require_trained(info: ModelInfo, number: int, *, option: str = "labels") -> None:
    """Refuse a class of which the model has seen no image: its input was never trained.

    Raises:
        OptionError: it is such a class.
    """
    counts = info.data.get("class_counts")
    if number != NO_LABEL and counts is not None and not counts[number]:
        raise OptionError(
            f"{option} must name a class with training images; the model has seen none of "
            f"{info.class_names[number]!r}.",
            option=option,
        )


def _weights(labels: npt.NDArray[np.generic], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Check rows of weights of the classes."""
    if labels.shape != shape or labels.dtype.kind not in "fiu":
        raise OptionError(
            f"labels as rows of weights must be numbers of the shape {shape}, got {labels.dtype} of "
            f"{labels.shape}.",
            option="labels",
        )
    if labels.size and not -_SLACK <= labels.min() <= labels.max() <= 1 + _SLACK:
        raise OptionError("labels as rows of weights must be within 0 and 1.", option="labels")
    return np.ascontiguousarray(labels, np.float32)
