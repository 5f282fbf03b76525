"""Standard errors of precision, recall, density and coverage, from random halves of both sets.

Each of 64 cuts divides both sets into halves A and B. Those are independent, and the variance of the metrics is in
inverse proportion to the number of images, so that for each metric T

    Var T(all) = Var T(A) / 2 = E (T(A) - T(B))^2 / 4.

So the error is for the choice of both sets: of the images that are counted, and of those that make the balls.
Images of a half are farther apart: where the value of an image varies less in halves than among all, the variance
is larger by that factor. A jackknife would be too large by a third and more, as an image that is left out changes
the balls of others. Paired sets, where image i of one is made from image i of the other, are divided by the same
cuts, so that each pair stays together.

All cuts take one pass over the distances: a word of 64 bits tells the half of an image in each cut.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from vaecli.metrics.samples.distances import blocks
from vaecli.metrics.samples.features import Float64

CUTS = 64
COUNTED_CUTS = 4  # whose halves tell how much the density of a sample varies
ROWS = 64  # reference images whose pairs with samples are in memory together
REAL, DRAWN = 0, 1  # streams of random numbers
Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


class Balls:
    """The balls around the images of a set that reach to their k-th nearest neighbour, in all of it and in halves.

    In a half the k-th neighbour is another one: of the 4 k + 4 nearest of all images, at least k are in the same
    half with a probability of 99.9 %. If they are not, the ball reaches to the last of them.

    Args:
        features: (N, F)
        counts: each k.
        stream: number of the stream of random cuts; sets of one size have the same cuts by the same stream.

    Attributes:
        distances: (K, N) squared distances to the K nearest other images, the nearest first.
        cuts: (N,) the half of each image, a bit a cut.
        within: k -> (K + 1, N) whether a point that lies beyond the first 0 to K neighbours is in the ball of the
            image's half, a bit a cut.
    """

    def __init__(self, features: Float64, counts: Sequence[int], stream: int) -> None:
        most = min(4 * max(counts) + 4, len(features) - 1)
        self.distances, neighbours = nearest_of(features, most)
        self.cuts = _random_cuts(len(features), stream)
        self.within = _within(self.cuts, neighbours, counts)

    def radii(self, k: int) -> Float64:
        """Return the squared radii (N,) in the set of all images."""
        return np.asarray(self.distances[k - 1])

    @property
    def reach(self) -> Float64:
        """The largest squared radius that is known of each image, (N,)."""
        return np.asarray(self.distances[-1])

    def ranks(self, images: Places, distances: Float64) -> Places:
        """Return how many neighbours of images (n,) are closer to them than points at squared distances (n,)."""
        ranks = np.zeros(len(images), np.int64)
        for of_neighbours in self.distances:
            ranks += of_neighbours[images] < distances
        return ranks


def nearest_of(features: Float64, count: int) -> tuple[Float64, Places]:
    """Return the squared distances (count, N) of each row to its nearest other rows, and the places of these.

    A row is left out by its place, so that equal rows are neighbours at the distance 0.
    """
    squared, places = np.empty((count, len(features))), np.empty((count, len(features)), np.int64)
    for rows, distances, _ in blocks(features, features):
        inside = np.arange(rows.stop - rows.start)
        distances[inside, rows.start + inside] = np.inf
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(distances, nearest, axis=1)
        order = np.argsort(values, axis=1, kind="stable")
        squared[:, rows] = np.take_along_axis(values, order, axis=1).T
        places[:, rows] = np.take_along_axis(nearest, order, axis=1).T
    return squared, places


def _random_cuts(count: int, stream: int) -> Words:
    """Return the half of each image, (count,): half of the images have a 1 in each bit, at random."""
    generator = np.random.Philox(key=np.array([stream, count], np.uint64))
    words = np.zeros(count, np.uint64)
    for cut in range(CUTS):
        keys = generator.random_raw(count)  # raw words: numpy promises no stream beyond them
        words[np.argsort(keys, kind="stable")[: count // 2]] |= np.uint64(1 << cut)
    return words


def _within(cuts: Words, neighbours: Places, counts: Sequence[int]) -> dict[int, Words]:
    """Return for each k where fewer than k of the first 0 to K neighbours are in the half of the image."""
    at_least = np.zeros(
        (max(counts) + 1, len(cuts)), np.uint64
    )  # j -> whether j of the neighbours so far are
    at_least[0] = ~np.uint64(0)
    within = {k: np.zeros((len(neighbours) + 1, len(cuts)), np.uint64) for k in counts}
    for rank, places in enumerate(neighbours):
        for k in counts:
            within[k][rank] = ~at_least[k]
        same = ~(cuts ^ cuts[places])
        for j in range(len(at_least) - 1, 0, -1):
            at_least[j] |= at_least[j - 1] & same
    return within


class Halves:
    """The metrics of all halves, a block of distances at a time.

    Args:
        real: balls of the reference.
        drawn: balls of the samples.
        k_precision: number of neighbours in the balls of precision and recall.
        k_density: number of neighbours in the balls of density and coverage.
    """

    def __init__(self, real: Balls, drawn: Balls, k_precision: int, k_density: int) -> None:
        self._real, self._drawn, self._k_precision, self._k_density = real, drawn, k_precision, k_density
        self._precise = np.zeros(len(drawn.cuts), np.uint64)
        self._recalled, self._covered = np.zeros((2, len(real.cuts)), np.uint64)
        self._inside = np.zeros((2, CUTS))  # pairs of a sample and a ball that it is in
        self._counts = np.zeros((COUNTED_CUTS, len(drawn.cuts)))  # balls of its half that each sample is in

    def add(self, rows: slice, distances: Float64) -> None:
        """Count the pairs of reference images `rows` and all samples, with their squared distances (n, M)."""
        for first in range(0, len(distances), ROWS):
            part = distances[first : first + ROWS]
            images = np.arange(rows.start + first, rows.start + first + len(part))
            self._add_real(images, part)
            self._add_drawn(images, part)

    def _add_real(self, images: Places, distances: Float64) -> None:
        """Count samples in balls of reference images."""
        near, samples = np.nonzero(distances <= self._real.reach[images, None])
        owners = images[near]
        ranks = self._real.ranks(owners, distances[near, samples])
        same = ~(self._real.cuts[owners] ^ self._drawn.cuts[samples])
        inside = self._real.within[self._k_density][ranks, owners] & same
        np.bitwise_or.at(self._covered, owners, inside)
        self._inside += _by_half(inside, self._real.cuts[owners])
        for cut in range(COUNTED_CUTS):
            hits = samples[_has_bit(inside, cut)]
            self._counts[cut] += np.bincount(hits, minlength=self._counts.shape[1])
        inside = self._real.within[self._k_precision][ranks, owners] & same
        np.bitwise_or.at(self._precise, samples, inside)

    def _add_drawn(self, images: Places, distances: Float64) -> None:
        """Count reference images in balls of samples."""
        near, owners = np.nonzero(distances <= self._drawn.reach)
        ranks = self._drawn.ranks(owners, distances[near, owners])
        same = ~(self._real.cuts[images[near]] ^ self._drawn.cuts[owners])
        inside = self._drawn.within[self._k_precision][ranks, owners] & same
        np.bitwise_or.at(self._recalled, images[near], inside)

    def errors(self, variances: Mapping[str, float]) -> dict[str, float]:
        """Return the standard error of each metric.

        Args:
            variances: name of each metric -> variance of the values of all images.
        """
        real, drawn = (_by_half(_all_bits(cuts), cuts) for cuts in (self._real.cuts, self._drawn.cuts))
        shares = {
            "precision": _by_half(self._precise, self._drawn.cuts) / drawn,
            "recall": _by_half(self._recalled, self._real.cuts) / real,
            "coverage": _by_half(self._covered, self._real.cuts) / real,
        }
        of_halves = {name: float((values * (1 - values)).mean()) for name, values in shares.items()}
        of_halves["density"] = self._density_variance()
        values = shares | {"density": self._inside / (self._k_density * drawn)}
        return {name: _error(values[name], variances[name], of_halves[name]) for name in variances}

    def _density_variance(self) -> float:
        """Return the variance of the densities of the samples of a half, in the mean."""
        halves = [_has_bit(self._drawn.cuts, cut) for cut in range(COUNTED_CUTS)]
        pairs = zip(self._counts / self._k_density, halves, strict=True)
        return float(np.mean([[values[half].var(), values[~half].var()] for values, half in pairs]))


def _error(values: Float64, variance: float, of_halves: float) -> float:
    """Return a standard error from the values of the halves (2, CUTS), and the variances of an image's value."""
    factor = max(1.0, variance / of_halves) if of_halves else 1.0
    return float(np.sqrt(factor * np.square(values[0] - values[1]).mean()) / 2)


def _has_bit(words: Words, cut: int) -> npt.NDArray[np.bool_]:
    return np.asarray((words >> np.uint64(cut)) & np.uint64(1) == 1)


def _all_bits(words: Words) -> Words:
    return np.full_like(words, ~np.uint64(0))


def _by_half(words: Words, cuts: Words) -> Float64:
    """Return how many of words (n,) have each bit, those of images of either half apart, (2, CUTS)."""
    return np.array([_bit_counts(words & cuts), _bit_counts(words & ~cuts)], np.float64)


def _bit_counts(words: Words) -> Places:
    as_bytes = words.astype("<u8").view(np.uint8).reshape(-1, 8)
    return np.asarray(np.unpackbits(as_bytes, axis=1, bitorder="little").sum(axis=0, dtype=np.int64))
