"""How well a representation tells classes apart: k nearest neighbours, and a linear probe.

The linear probe is ridge regression on one-hot labels; its penalty has the smallest leave-one-out error on the
labelled images, so that no test image chooses it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.metrics.samples.distances import blocks
from vaecli.metrics.shares import share_error

NEIGHBOURS = 5
COUNTS = (100, 600, 1000, 3000)  # labelled images, beside all
METHODS = {
    "nearest": f"share of images that get their class from the {NEIGHBOURS} nearest labelled images",
    "linear": "share of images that get their class from a linear probe",
}
PENALTIES = 10.0 ** np.arange(-7, 1)  # relative to the largest eigenvalue of the Gram matrix
PASSES = 3  # of a linear probe over the training vectors
ROWS = 4096  # images at a time
_CLOSER = 1e-3  # weight of the order among neighbours: it decides between classes with as many votes

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]


def probe_metric(method: str, labels: int | None = None) -> str:
    """Return the name of a metric of latents with some labelled images, or with all, such as `nearest_100`."""
    return method if labels is None else f"{method}_{labels}"


PROBE_METRICS: dict[str, str] = {  # metric of latents -> its meaning
    probe_metric(method, labels): f"{meaning}, with {labels or 'all'} labels"
    for labels in (None, *COUNTS)
    for method, meaning in METHODS.items()
}


class Share(NamedTuple):
    """A share of test images whose class was found, and its standard error."""

    value: float
    error: float


class Pca(NamedTuple):
    """Mean (d,) and the first directions (d, D) of images as vectors."""

    mean: Float32
    directions: Float32

    def apply(self, vectors: Float32) -> Float32:
        """Project vectors (N, d) to (N, D)."""
        return np.asarray((vectors - self.mean) @ self.directions, np.float32)


def share(correct: npt.NDArray[np.bool_]) -> Share:
    """Return the share of (N,) that is true, and its standard error, which is not 0 for a share of 0 or 1."""
    return Share(float(correct.mean()), float(share_error(correct.sum(), len(correct))))


def fit_pca(vectors: Float32, count: int) -> Pca:
    """Fit the first `count` principal directions of vectors (N, d), d at most a few thousand."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(_gram(vectors, mean))
    return Pca(mean.astype(np.float32), directions[:, ::-1][:, :count].astype(np.float32))


def require_neighbours(count: int, k: int = NEIGHBOURS) -> None:
    """Refuse fewer labelled images than neighbours.

    Raises:
        DataError: fewer than `k`.
    """
    if count < k:
        raise DataError(f"There must be at least {k} labelled images, got {count}.")


def nearest_neighbours(
    training: Float32,
    labels: Labels,
    test: Float32,
    *,
    k: int = NEIGHBOURS,
    advance: Callable[[int], None] = lambda _rows: None,
) -> npt.NDArray[np.int64]:
    """Return the class (M,) of test vectors (M, d) by the vote of their `k` nearest training vectors (N, d).

    Where classes have as many votes, the nearest neighbour among them decides. `advance` is called with the number
    of test vectors of each block.

    Raises:
        DataError: fewer training vectors than neighbours.
    """
    require_neighbours(len(training), k)
    mean = training.mean(axis=0)
    near, far = test - mean, training - mean
    count, classes = int(labels.max()) + 1, np.empty(len(test), np.int64)
    weights = 1 + _CLOSER * 0.5 ** np.arange(k)
    for rows, distances, _ in blocks(near, far):
        places = np.argpartition(distances, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(distances, places, axis=1), axis=1, kind="stable")
        votes_for = labels[np.take_along_axis(places, order, axis=1)]
        votes = np.zeros((len(places), count))
        for rank in range(k):
            votes[np.arange(len(places)), votes_for[:, rank]] += weights[rank]
        classes[rows] = votes.argmax(axis=1)
        advance(rows.stop - rows.start)
    return classes


def linear_probe(
    training: Float32, labels: Labels, test: Float32, *, advance: Callable[[int], None] = lambda _rows: None
) -> npt.NDArray[np.int64]:
    """Return the class (M,) of test vectors (M, d) by ridge regression on training vectors (N, d).

    `advance` is called with the number of rows of each block of `PASSES` passes over the training vectors.

    Raises:
        DataError: one training vector.
    """
    if len(training) < 2:
        raise DataError(f"A linear probe needs at least 2 labelled images, got {len(training)}.")
    mean = training.mean(axis=0, dtype=np.float64)
    eigenvalues, directions = np.linalg.eigh(_gram(training, mean, advance))
    eigenvalues = np.maximum(eigenvalues, 0.0)
    one_hot = np.eye(int(labels.max()) + 1)[labels]
    centre = one_hot.mean(axis=0)
    products = np.zeros((training.shape[1], one_hot.shape[1]))
    for rows in _slices(len(training)):
        products += ((training[rows] - mean) @ directions).T @ (one_hot[rows] - centre)
        advance(rows.stop - rows.start)
    penalties = PENALTIES * (float(eigenvalues[-1]) or 1.0)
    shrunk = [products / (eigenvalues + penalty)[:, None] for penalty in penalties]
    errors = np.zeros(len(penalties))
    for rows in _slices(len(training)):
        scores = (training[rows] - mean) @ directions
        for place, (penalty, weights) in enumerate(zip(penalties, shrunk, strict=True)):
            leverage = np.square(scores) @ (1 / (eigenvalues + penalty)) + 1 / len(training)
            residuals = one_hot[rows] - centre - scores @ weights
            errors[place] += np.square(residuals / np.maximum(1 - leverage, 1e-6)[:, None]).sum()
        advance(rows.stop - rows.start)
    weights = directions @ shrunk[int(errors.argmin())]
    classes: npt.NDArray[np.int64] = ((test - mean) @ weights + centre).argmax(axis=1)
    return classes


def labelled_subset(labels: Labels, count: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return the positions of `count` images, as many of each class as of the others, as far as there are.

    Where a class has too few, the others make up for them in equal parts. The draw follows from the seed and the
    labels.
    """
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, count], np.uint64)))
    keys = generator.bit_generator.random_raw(len(labels))  # raw words: numpy promises no stream beyond them
    names, sizes = np.unique(labels, return_counts=True)
    parts = []
    for name, most in zip(names, _shared(count, sizes), strict=True):
        members = np.flatnonzero(labels == name)
        parts.append(members[np.argsort(keys[members], kind="stable")[:most]])
    return np.sort(np.concatenate(parts))


def _shared(count: int, sizes: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Divide `count` among classes of some sizes, none of which gives more than it has: as equally as possible."""
    shares = np.zeros(len(sizes), np.int64)
    left = min(count, int(sizes.sum()))
    while left:
        open_ = np.flatnonzero(shares < sizes)
        ends = np.linspace(0, left, len(open_) + 1).astype(np.int64)
        shares[open_] = np.minimum(shares[open_] + np.diff(ends), sizes[open_])
        left = min(count, int(sizes.sum())) - int(shares.sum())
    return shares


def _gram(vectors: Float32, mean: Float64, advance: Callable[[int], None] = lambda _rows: None) -> Float64:
    """Return the sum of outer products of centred vectors, (d, d)."""
    gram = np.zeros((vectors.shape[1],) * 2)
    for rows in _slices(len(vectors)):
        centred = vectors[rows] - mean
        gram += centred.T @ centred
        advance(rows.stop - rows.start)
    return gram


def _slices(total: int) -> list[slice]:
    return [slice(first, min(first + ROWS, total)) for first in range(0, total, ROWS)]
