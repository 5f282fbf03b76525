"""Float numbers as bytes: ranges of activations, weights that no processor saturates on.

Activations are uint8 with zero point 0, which is also the ReLU; weights are int8, one scale a column.

On x86 with AVX2 and no VNNI, onnxruntime multiplies unsigned by signed bytes with `vpmaddubsw`, which adds two
neighbouring products into 16 bits and saturates. 255 (|w_k| + |w_k+1|) stays below 2**15 if |w_k| + |w_k+1| <= 128;
then the sums are exact there as everywhere.

Letters: K numbers are summed (the reduction), into each of M columns.
"""

import itertools
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.float32]
Double: TypeAlias = npt.NDArray[np.float64]
Int8: TypeAlias = npt.NDArray[np.int8]
Neighbours: TypeAlias = list[list[int]]  # for each of the K places, those that share a pair with it

LARGEST_WEIGHT = 127
LARGEST_PAIR = 128
LARGEST_BIAS = 2**30
LEVELS = 255  # of an activation above zero

_CLIPS = np.linspace(0.20, 1.0, 33)
_MOST_VALUES = 20_000


def channel_scales(values: Float, weights: Float) -> Float:
    """The step of each channel's uint8 range 0 to 255, the one that loses the least: (C,).

    A bare maximum would spend the levels on a few outliers, or on values that no pixel depends on. A channel
    that is never above zero gets the median of the others.

    Args:
        values: (R, C), what is below zero being lost to the ReLU anyway.
        weights: (R, C), how much the square of an error counts.
    """
    every = max(1, len(values) // _MOST_VALUES)
    scales = np.array(
        [_least(column, counts) for column, counts in zip(values[::every].T, weights[::every].T, strict=True)]
    )
    alive = scales > 0
    scales[~alive] = np.median(scales[alive]) if alive.any() else 1.0 / LEVELS
    result: Float = scales.astype(np.float32)
    return result


def _least(values: Float, weights: Float) -> float:
    steps = _CLIPS * float(values.max(initial=0.0)) / LEVELS
    if not steps[-1] > 0.0:
        return 0.0
    losses = [
        np.mean(weights * np.square(values - levels(values, np.float32(step)) * step)) for step in steps
    ]
    return float(steps[int(np.argmin(losses))])


def levels(values: Float, scale: "Float | np.float32") -> Float:
    """Values over their step, as the whole numbers 0 to 255 of a uint8."""
    whole: Float = np.clip(np.rint(values / scale), 0, LEVELS)
    return whole


def whole_bias(bias: Float, scale: Float) -> npt.NDArray[np.int32]:
    """A bias in whole steps of its column's scale, as int32 sums take it."""
    whole: Float = np.clip(np.rint(bias / scale), -LARGEST_BIAS, LARGEST_BIAS)
    return whole.astype(np.int32)


def reductions(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A kernel (kh, kw, C_in, C_out) as matrices (K, C_out), K in the order channels last and channels first.

    onnxruntime works channels last; a runtime that works channels first sums in the other order.
    """
    channels = kernel.shape[-1]
    return kernel.reshape(-1, channels), kernel.transpose(2, 0, 1, 3).reshape(-1, channels)


def kernel_neighbours(shape: tuple[int, int, int]) -> Neighbours:
    """The pairs of a kernel (kh, kw, C_in), in both orders of `reductions`; places in the order channels last."""
    places = np.arange(int(np.prod(shape))).reshape(*shape, 1)
    return neighbours(places.size, *(order[:, 0] for order in reductions(places)))


def neighbours(size: int, *orders: npt.NDArray[np.int64]) -> Neighbours:
    """Who stands beside whom in one or more orders of some of the places 0 to `size` - 1."""
    found: list[set[int]] = [set() for _ in range(size)]
    for order in orders:
        for one, other in itertools.pairwise(order.tolist()):
            found[one].add(other)
            found[other].add(one)
    return [sorted(beside) for beside in found]


def column_scales(weights: Double, pairs: Neighbours) -> Double:
    """The finest scale of each column of weights (K, M) that keeps all pairs, (M,).

    It allows a pair 127 before rounding, which adds at most 1.
    """
    size = np.abs(weights)
    needed = size.max(axis=0)
    for place, beside in enumerate(pairs):
        for other in beside:
            needed = np.maximum(needed, size[place] + size[other])
    return np.where(needed > 0, needed / LARGEST_WEIGHT, 1.0)
