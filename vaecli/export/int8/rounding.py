"""Weights rounded so that their errors cancel on the inputs that the layer receives.

Rounding a layer's float32 weights is not best, because its inputs are rounded as well. So the layer is fitted
again by least squares, from its quantised inputs to its exact float32 outputs. The fitted weights are then
rounded one after the other, and each rounding error is passed on to the weights not yet rounded (GPTQ; Frantar
et al. 2023, arXiv:2210.17323). Afterwards each weight is revisited while that lowers the error. A free bias
takes what is left of the mean.

Letters: R example rows, K inputs, M columns (outputs).
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

RIDGE = 1e-2  # pull towards the float32 weights, as a part of the mean square of an input
SWEEPS = 3


@dataclasses.dataclass(frozen=True)
class QuantisedColumns:
    """Quantised columns: output = `scale` * (inputs @ `weights`) + `bias`; shapes (K, M), (M,) and (M,)."""

    weights: Int8
    scale: Float
    bias: Float


def fit_columns(
    inputs: Float,
    targets: Float,
    sensitivity: Float,
    start: Float,
    pairs: Neighbours,
    *,
    bias: Float | None = None,
) -> QuantisedColumns:
    """Fit int8 columns that map inputs (R, K) to targets (R, M) with the smallest weighted squared error.

    Args:
        inputs: (R, K), quantised activations, whole numbers from 0 to 255.
        targets: (R, M), float32 outputs.
        sensitivity: (R,), the weight of each row's squared error; not all zero.
        start: the float32 weights (K, M); a weight whose input is always zero keeps its value, apart from rounding.
        pairs: for each input k, the inputs l whose weights must keep |w_k| + |w_l| <= 128.
        bias: (M,), kept unchanged; if None, a bias is fitted with the weights.
    """
    share = (sensitivity / sensitivity.sum(dtype=np.float64)).astype(np.float32)
    # A free bias absorbs the means. With a fixed bias the means stay in the sums that the weights fit.
    if bias is None:
        input_mean, target_mean = share @ inputs, share @ targets
    else:
        input_mean, target_mean = np.zeros_like(inputs[0]), bias
    centred = inputs - input_mean
    weighted = (share[:, None] * centred).T
    gram = (weighted @ centred).astype(np.float64)
    cross = (weighted @ (targets - target_mean)).astype(np.float64)
    mean_square = float(np.trace(gram)) / len(gram)
    ridge = RIDGE * mean_square if mean_square > 0 else 1.0
    gram[np.diag_indices_from(gram)] += ridge
    ideal = np.linalg.solve(gram, cross + ridge * start)
    scale = column_scales(ideal, pairs)
    weights = _round_columns(gram, ideal / scale, pairs)
    rest = target_mean - input_mean.astype(np.float64) @ (weights * scale)
    return QuantisedColumns(weights.astype(np.int8), scale.astype(np.float32), rest.astype(np.float32))


def _round_columns(gram: Double, ideal: Double, pairs: Neighbours) -> Double:
    """Round `ideal` weights (K, M) to whole numbers within the limits, near to `ideal` in the metric `gram` (K, K).

    The limits are 127 for the size of a weight, and 128 for the summed sizes of two weights in `pairs`.
    """
    # Weights with the largest inputs come first, while most others are still free to make up for their errors.
    order = np.argsort(-np.diag(gram), kind="stable")
    inverse = np.linalg.inv(gram[np.ix_(order, order)])
    spread = np.linalg.cholesky(inverse).T  # row i: how the error of weight i moves the weights after it
    remaining, rounded = ideal[order], np.zeros_like(ideal)
    for i, (k, row) in enumerate(zip(order, spread, strict=True)):
        rounded[k] = _round_row(rounded, remaining[i], pairs[k])
        remaining[i:] -= np.outer(row[i:] / row[i], remaining[i] - rounded[k])
    slope = gram @ (rounded - ideal)
    for k in [*range(len(gram))] * SWEEPS:
        better = _round_row(rounded, rounded[k] - slope[k] / gram[k, k], pairs[k])
        slope += np.outer(gram[k], better - rounded[k])
        rounded[k] = better
    return rounded


def _round_row(rounded: Double, values: Double, adjacent: list[int]) -> Double:
    """Round a row of weights within the limits; `adjacent` are the rows of `rounded` with which it forms pairs.

    Rows that are not rounded yet are zero in `rounded`.
    """
    used = np.abs(rounded[adjacent]).max(axis=0, initial=0.0)
    limit = np.minimum(LARGEST_WEIGHT, LARGEST_PAIR - used)
    return np.clip(np.rint(values), -limit, limit)
