"""Weights rounded so that their errors cancel on what the layer really sees.

A layer's float weights are not what its int8 form should round to: its inputs have been rounded, too. So the layer
is fitted anew, by least squares from the bytes that come in to the sums that should come out. Then the weights are
rounded one after the other, each error passed on to those that are still free (Frantar et al. 2023,
arXiv:2210.17323), and gone over again one at a time while that helps. A free bias takes what is left of the mean.

Letters: R rows of examples, K inputs, M columns.
"""

import dataclasses

import numpy as np

from vaecli.export.int8.ranges import (
    LARGEST_PAIR,
    LARGEST_WEIGHT,
    Double,
    Float,
    Int8,
    Neighbours,
    column_scales,
)

RIDGE = 1e-2  # of the mean square of an input: how strongly the fit is held to the float weights
SWEEPS = 3


@dataclasses.dataclass(frozen=True)
class Fitted:
    """Columns in bytes: the sum is `scale` (inputs @ `weights`) + `bias`; (K, M), (M,) and (M,)."""

    weights: Int8
    scale: Float
    bias: Float


def fitted(
    inputs: Float,
    wanted: Float,
    counts: Float,
    start: Float,
    pairs: Neighbours,
    *,
    bias: Float | None = None,
) -> Fitted:
    """Columns that turn inputs (R, K) into sums (R, M), as near as bytes can.

    Args:
        inputs: whole numbers 0 to 255.
        wanted: (R, M).
        counts: (R,), how much the square of a row's error counts, some of them above zero.
        start: the float weights (K, M); inputs that say nothing keep theirs.
        pairs: that have to keep |w_k| + |w_other| <= 128.
        bias: (M,), if it is not free.
    """
    share = (counts / counts.sum(dtype=np.float64)).astype(np.float32)
    # a free bias takes the means; with another, they count as all that is left does
    middle, mean = (share @ inputs, share @ wanted) if bias is None else (np.zeros_like(inputs[0]), bias)
    moved = inputs - middle
    weighted = (share[:, None] * moved).T
    gram, cross = (weighted @ moved).astype(np.float64), (weighted @ (wanted - mean)).astype(np.float64)
    size = float(np.trace(gram)) / len(gram)
    ridge = RIDGE * size if size > 0 else 1.0
    gram[np.diag_indices_from(gram)] += ridge
    ideal = np.linalg.solve(gram, cross + ridge * start)
    scale = column_scales(ideal, pairs)
    weights = _rounded(gram, ideal / scale, pairs)
    rest = mean - middle.astype(np.float64) @ (weights * scale)
    return Fitted(weights.astype(np.int8), scale.astype(np.float32), rest.astype(np.float32))


def _rounded(gram: Double, ideal: Double, pairs: Neighbours) -> Double:
    """Whole numbers (K, M) near to `ideal`, in the metric of the Gram matrix (K, K)."""
    order = np.argsort(
        -np.diag(gram), kind="stable"
    )  # what counts most first, while the most can make up for it
    inverse = np.linalg.inv(gram[np.ix_(order, order)])
    spread = np.linalg.cholesky(inverse).T  # row i: how the error of weight i moves those after it
    left, whole = ideal[order], np.zeros_like(ideal)
    for i, (k, row) in enumerate(zip(order, spread, strict=True)):
        whole[k] = _allowed(whole, left[i], pairs[k])
        left[i:] -= np.outer(row[i:] / row[i], left[i] - whole[k])
    slope = gram @ (whole - ideal)
    for k in [*range(len(gram))] * SWEEPS:
        better = _allowed(whole, whole[k] - slope[k] / gram[k, k], pairs[k])
        slope += np.outer(gram[k], better - whole[k])
        whole[k] = better
    return whole


def _allowed(whole: Double, value: Double, beside: list[int]) -> Double:
    """A row of weights as whole numbers that keep the pairs with the rows beside it; those not yet set are 0."""
    taken = np.abs(whole[beside]).max(axis=0, initial=0.0)
    limit = np.minimum(LARGEST_WEIGHT, LARGEST_PAIR - taken)
    return np.clip(np.rint(value), -limit, limit)
