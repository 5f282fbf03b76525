"""The latents nearest to one, and the distance that tells classes apart best."""

import numpy as np
import numpy.typing as npt

from vaecli.sample_size import FEWEST_IMAGES

NEIGHBOURS = 5
_MOST_QUERIES, _MOST_LATENTS = 500, 4000  # of a comparison of distances, after each epoch
_CHUNK = 100  # queries at a time

Float64 = npt.NDArray[np.float64]


class Nearest:
    """Keeps the `count` latents that are nearest to one of any number, which come in chunks.

    Args:
        z_mean: (D,) the latent.
        count: how many are kept.
        scale: (D,) what differences are divided by; None for plain distances.

    Attributes:
        indices: (n,) int64, positions among all latents so far, the nearest first; of equal ones the first first.
        distances: (n,) their distances.
        latents: (n, D) float32.
        total: number of latents so far.
    """

    def __init__(self, z_mean: npt.ArrayLike, count: int, scale: npt.ArrayLike | None = None) -> None:
        self._z_mean, self._count = np.asarray(z_mean, np.float64), count
        self._scale = np.ones_like(self._z_mean) if scale is None else np.asarray(scale, np.float64)
        self.indices, self.distances = np.empty(0, np.int64), np.empty(0)
        self.latents = np.empty((0, len(self._z_mean)), np.float32)
        self.total = 0

    def add(self, latents: npt.NDArray[np.floating], *, without: frozenset[int] = frozenset()) -> None:
        """Take the next latents (m, D); those with NaN, and the positions `without` among all, are never kept."""
        distances = np.linalg.norm((latents.astype(np.float64) - self._z_mean) / self._scale, axis=1)
        indices = np.arange(self.total, self.total + len(latents))
        self.total += len(latents)
        is_wanted = np.isfinite(distances) & ~np.isin(indices, list(without))
        if len(self.distances) == self._count:
            is_wanted &= distances < self.distances[-1]
        rows = np.flatnonzero(is_wanted)
        all_distances = np.concatenate([self.distances, distances[rows]])
        all_indices = np.concatenate([self.indices, indices[rows]])
        all_latents = np.concatenate([self.latents, latents[rows].astype(np.float32)])
        order = np.lexsort((all_indices, all_distances))[: self._count]
        self.distances, self.indices = all_distances[order], all_indices[order]
        self.latents = all_latents[order]


def better_scale(
    z_mean: npt.NDArray[np.floating], labels: npt.NDArray[np.integer] | None, deviation: Float64
) -> Float64 | None:
    """Return `deviation` if distances in its units tell the classes of images apart better than plain ones.

    Each image is given the class of its 5 nearest others; the distance with which more classes are right is better.

    Args:
        z_mean: (N, D) posterior means.
        labels: (N,) classes; negative for none.
        deviation: (D,) standard deviation of the posterior.

    Returns:
        None for plain distances, also where fewer than 100 images have a class.
    """
    if labels is None:
        return None
    known = np.flatnonzero(labels >= 0)
    if len(known) < FEWEST_IMAGES:
        return None
    chosen = known[np.linspace(0, len(known) - 1, min(len(known), _MOST_LATENTS)).astype(np.int64)]
    latents, classes = z_mean[chosen].astype(np.float64), labels[chosen]
    return deviation if accuracy(latents / deviation, classes) > accuracy(latents, classes) else None


def accuracy(latents: Float64, labels: npt.NDArray[np.integer]) -> float:
    """Return the share of latents (N, D) whose 5 nearest others have mostly their class, of at most 500."""
    queries = np.linspace(0, len(latents) - 1, min(len(latents), _MOST_QUERIES)).astype(np.int64)
    squares = (latents**2).sum(axis=1)
    right = 0
    for start in range(0, len(queries), _CHUNK):
        part = queries[start : start + _CHUNK]
        distances = squares - 2 * latents[part] @ latents.T
        distances[np.arange(len(part)), part] = np.inf
        nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1)
        right += int((vote(labels[np.take_along_axis(nearest, order, axis=1)]) == labels[part]).sum())
    return right / len(queries)


def vote(classes: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """Return the class that most of the neighbours (N, n), the nearest first, have; of equal ones the nearest's."""
    counts = (classes[:, :, np.newaxis] == classes[:, np.newaxis, :]).sum(axis=2)
    winners: npt.NDArray[np.integer] = classes[np.arange(len(classes)), counts.argmax(axis=1)]
    return winners
