"""The posteriors of the images of a run, from which the mixtures of its prior are fitted."""

import dataclasses
from typing import cast

import numpy as np
import numpy.typing as npt

from vaecli.data.binarise import as_modelled
from vaecli.data.images import Images
from vaecli.data.parts import of_trained_classes
from vaecli.latent.posterior_fit import Posteriors
from vaecli.latent.prior_sizes import to_encode
from vaecli.metrics.labelled import Conditional, Labelled
from vaecli.metrics.protocol import Autoencoder
from vaecli.pixels import chunk_length, to_float32

GRANULE = 2000  # images encoded at a time, at most


@dataclasses.dataclass(frozen=True, eq=False)
class Encoded:
    """The posteriors of N images.

    Attributes:
        posteriors: without labels.
        labels: (N,), None if there are none.
        by_class: from which mixtures of classes are fitted: given the labels, for a conditional model.
    """

    posteriors: Posteriors
    labels: npt.NDArray[np.integer] | None
    by_class: Posteriors


@dataclasses.dataclass(frozen=True, eq=False)
class EncodedRun:
    """The posteriors of training images and of validation images."""

    training: Encoded
    validation: Encoded


def encode(
    model: Autoencoder,
    images: Images,
    held_out: npt.NDArray[np.bool_],
    labels: npt.NDArray[np.integer] | None,
    *,
    seed: int,
    conditional: bool = False,
) -> EncodedRun:
    """Encode the images of a run, at most 60,000 for training and as many for validation, fewer of large ones.

    Args:
        model: an exported model.
        images: (N, H, W, C) uint8, all that the model was trained with.
        held_out: (N,) true for the validation images.
        labels: (N,).
        seed: of the noise of their samples.
        conditional: whether the model takes labels; the posteriors for the classes' mixtures are then given them.
    """

    known = None if labels is None else of_trained_classes(np.asarray(labels), held_out)

    def encoded(positions: npt.NDArray[np.integer], number: int) -> Encoded:
        encoded_positions = to_encode(positions, model.image_shape, model.latent_dim)
        posteriors = _posteriors(model, images, encoded_positions, seed=seed + number)
        if labels is None or known is None:
            return Encoded(posteriors, None, posteriors)
        own = np.asarray(labels)[encoded_positions]
        given = (
            _posteriors(model, images, encoded_positions, seed=seed + number, labels=known[encoded_positions])
            if conditional
            else posteriors
        )
        return Encoded(posteriors, own, given)

    return EncodedRun(encoded(np.flatnonzero(~held_out), 0), encoded(np.flatnonzero(held_out), 1))


def _posteriors(
    model: Autoencoder,
    images: Images,
    positions: npt.NDArray[np.integer],
    *,
    seed: int,
    labels: npt.NDArray[np.integer] | None = None,
) -> Posteriors:
    """Encode the images at `positions` (N,), with their labels (N,) if there are any; binary for binary pixels."""
    granule = chunk_length(model.image_shape, most=GRANULE)
    shape = (len(positions), model.latent_dim)
    mean, deviation = np.empty(shape, np.float32), np.empty(shape, np.float32)
    parts = [slice(start, start + granule) for start in range(0, len(positions), granule)]
    batches = (images[positions[rows]] for rows in parts)
    for rows, pixels in zip(parts, as_modelled(batches, binary=model.likelihood.binarised), strict=True):
        given = model if labels is None else Labelled(cast("Conditional", model), labels[rows])
        mean[rows], log_var = given.encode(to_float32(pixels))
        deviation[rows] = np.exp(0.5 * log_var)
    return Posteriors(mean, deviation, seed)
