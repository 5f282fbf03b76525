"""Paths between encoded images; with a conditional model, labels go along, kept or crossed over."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.choices import PathKind
from vaecli.latent.even import Way, way
from vaecli.latent.paths import through
from vaecli.modelfile.metadata import LABEL
from vaecli.runtime.labels import Labels, label_input

if TYPE_CHECKING:
    from vaecli.runtime.model import Model

Float32 = npt.NDArray[np.float32]


class Points(NamedTuple):
    """Encoded images: latents (P, D), and behind each the weights of its K classes; K is 0 without labels.

    Attributes:
        rows: (P, D + K).
        latent_dim: D.
    """

    rows: Float32
    latent_dim: int

    def split(self, rows: Float32) -> tuple[Float32, Float32 | None]:
        """Return the latents (N, D) of rows between the points, and their labels (N, K) if there are any."""
        size = self.latent_dim
        return rows[:, :size], rows[:, size:] if self.rows.shape[1] > size else None

    def decoder(self, model: "Model") -> Callable[[Float32], Float32]:
        """Return the function that decodes rows between the points, (N, D + K), to images (N, H, W, C)."""
        return lambda rows: model.decode(*self.split(rows))


def encode(model: "Model", images: npt.ArrayLike, labels: Labels) -> Points:
    """Encode images (P, H, W, C) with their labels, which may be None; raise as `Model.encode` does."""
    z_mean, _ = model.encode(images, labels)
    rows = label_input(model.info, labels, len(z_mean)).get(LABEL)
    parts = [z_mean] if labels is None or rows is None else [z_mean, rows]
    return Points(np.concatenate(parts, axis=1), model.latent_dim)


def path_between(
    model: "Model", points: Points, steps: int, path: PathKind, *, chunk: int, most: int | None = None
) -> Way:
    """Return the path through all points, as `latent.even.way` makes it.

    Labels go straight from one to the next, also where latents go on a circle.
    """
    size, decode = points.latent_dim, points.decoder(model)
    if path != "spherical":
        return way(points.rows, steps, path, decode, chunk=chunk, most=most)
    round_trip = way(points.rows[:, :size], steps, path, decode, chunk=chunk, most=most)
    labels = through(points.rows[:, size:], steps)  # (N, K); K may be 0
    return Way(np.concatenate([round_trip.z, labels], axis=1), round_trip.stops)
