"""Squared Euclidean distances between the rows of two sets, in blocks of bounded memory."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

BLOCK_BYTES = 2**25  # of the distances of a block
SLACK = 1e-10  # of squared norms: distances of equal rows are rounding errors, and count as equal


def blocks(
    x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]
) -> Iterator[tuple[slice, npt.NDArray[np.floating], npt.NDArray[np.floating]]]:
    """Yield the squared distances from all rows of x (N, F) to those of y (M, F), a block of rows of x at a time.

    Yields:
        The rows of x; the distances (n, M), not negative; and the rounding error that they may have, (n, 1).
    """
    squares = np.einsum("ij,ij->i", y, y)
    length = max(1, BLOCK_BYTES // (len(y) * x.dtype.itemsize))
    largest = squares.max(initial=0.0)
    for first in range(0, len(x), length):
        rows = slice(first, min(first + length, len(x)))
        own = np.einsum("ij,ij->i", x[rows], x[rows])[:, None]
        distances = x[rows] @ y.T
        distances *= -2.0
        distances += own
        distances += squares
        np.maximum(distances, 0.0, out=distances)
        yield rows, distances, SLACK * (own + largest)
