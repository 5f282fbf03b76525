"""The latents of `vaecli interpolate`; with a conditional model, labels go along, kept or crossed over."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.choices import LineKind, PathKind
from vaecli.errors import OptionError
from vaecli.latent.even import Way, distances, evenness, way
from vaecli.latent.grids import between
from vaecli.latent.paths import through
from vaecli.modelfile.metadata import LABEL
from vaecli.pixels import Pixels
from vaecli.runtime.labels import label_input
from vaecli.runtime.model import Model

Float32 = npt.NDArray[np.float32]


class Points(NamedTuple):
    """Encoded pictures: latents (P, D), and behind each the weights of its K classes; K is 0 without labels."""

    rows: Float32
    latent_dim: int

    def split(self, rows: Float32) -> tuple[Float32, Float32 | None]:
        """Return the latents (N, D) of rows between the points, and their labels (N, K) if there are any."""
        size = self.latent_dim
        return rows[:, :size], rows[:, size:] if self.rows.shape[1] > size else None


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


def encode(model: Model, images: Pixels, labels: Sequence[str | None]) -> Points:
    """Encode pictures (P, H, W, C), with their labels if there are any."""
    if not labels:
        return Points(model.encode(images)[0], model.latent_dim)
    rows = label_input(model.info, list(labels), len(images))[LABEL]
    z_mean, _ = model.encode(images, rows)
    return Points(np.concatenate([z_mean, rows], axis=1), model.latent_dim)


def path_between(
    model: Model, points: Points, steps: int, path: PathKind, *, chunk: int, most: int
) -> tuple[Way, float]:
    """Return the path through all points, as `latent.even.way` makes it, and how even it is.

    Labels go straight from one to the next, also where latents go on a circle.
    """

    def decode(rows: Float32) -> Float32:
        return model.decode(*points.split(rows))

    size = points.latent_dim
    if path == "spherical":
        round_trip = way(points.rows[:, :size], steps, path, decode, chunk=chunk, most=most)
        track = Way(np.concatenate([round_trip.z, _straight(points, steps)], axis=1), round_trip.stops)
    else:
        track = way(points.rows, steps, path, decode, chunk=chunk, most=most)
    return track, evenness(distances(track.z, decode, chunk=chunk))


def grid_between(points: Points, steps: int, line: LineKind) -> Way:
    """Return the grid between four points; labels change in equal steps."""
    size = points.latent_dim
    latents, labels = between(points.rows[:, :size], steps, line), between(points.rows[:, size:], steps)
    return Way(np.concatenate([latents, labels], axis=1), ())


def _straight(points: Points, steps: int) -> Float32:
    """Return the labels (N, K) on straight lines through those of the points; K may be 0."""
    return through(points.rows[:, points.latent_dim :], steps)
