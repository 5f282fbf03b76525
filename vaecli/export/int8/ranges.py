"""Scales of activations and weights, and the limit on weights that keeps every processor's sums exact.

An activation is uint8 with zero point 0, so that its lower limit is also the ReLU. Its values are called
levels: whole numbers from 0 to 255, kept in float32 arrays here. One level stands for `scale`. Weights are
int8, with one scale for each column (output channel).

The pair limit. On x86 with AVX2 and without VNNI, onnxruntime multiplies uint8 by int8 with `vpmaddubsw`, which
adds two neighbouring products in 16 bits and saturates. 255 (|w_k| + |w_k+1|) stays below 2**15 if
|w_k| + |w_k+1| <= 128. With that limit the sums are exact on those processors, too.

Letters: a reduction sums K products; there are M columns, each a reduction of its own.
"""

import itertools
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.float32]
Double: TypeAlias = npt.NDArray[np.float64]
Int8: TypeAlias = npt.NDArray[np.int8]
Neighbours: TypeAlias = list[list[int]]  # for each of the K weights, those that it shares a pair with

LARGEST_WEIGHT = 127
LARGEST_PAIR = 128
LARGEST_BIAS = 2**30
LEVELS = 255  # levels of an activation above zero

_RANGES = np.linspace(0.20, 1.0, 33)  # the ranges that are tried, as fractions of the largest value
_MAX_VALUES = 20_000  # about as many values of a channel, evenly spaced, decide its scale


def channel_scales(values: Float, sensitivity: Float) -> Float:
    """Return for each channel the scale that gives the smallest weighted squared quantisation error: (C,).

    A range up to the largest value would spend levels on a few outliers, or on values that no pixel depends on. A
    channel that is never above zero gets the median scale of the others.

    Args:
        values: (R, C), the activations, before or after ReLU.
        sensitivity: (R, C), the sensitivity weights, by which the squared errors are multiplied.
    """
    every = max(1, len(values) // _MAX_VALUES)
    columns = zip(values[::every].T, sensitivity[::every].T, strict=True)
    scales = np.array([_best_scale(*column) for column in columns])
    active = scales > 0
    scales[~active] = np.median(scales[active]) if active.any() else 1.0 / LEVELS
    result: Float = scales.astype(np.float32)
    return result


def _best_scale(values: Float, sensitivity: Float) -> float:
    """Return the scale of one channel (R,) with the smallest weighted squared error; 0 if no value is positive."""
    scales = _RANGES * float(values.max(initial=0.0)) / LEVELS
    if not scales[-1] > 0.0:
        return 0.0
    errors = [
        np.mean(sensitivity * np.square(values - quantise(values, np.float32(scale)) * scale))
        for scale in scales
    ]
    return float(scales[int(np.argmin(errors))])


def quantise(values: Float, scale: "Float | np.float32") -> Float:
    """Divide values by `scale`, round, and clip to levels: whole numbers from 0 to 255, as float32."""
    levels: Float = np.clip(np.rint(values / scale), 0, LEVELS)
    return levels


def quantise_bias(bias: Float, scale: Float) -> npt.NDArray[np.int32]:
    """Return each bias in whole multiples of its column's scale, (M,) int32, at most 2**30 in size."""
    multiples: Float = np.clip(np.rint(bias / scale), -LARGEST_BIAS, LARGEST_BIAS)
    return multiples.astype(np.int32)


def reductions(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Flatten a kernel (kh, kw, C_in, C_out) to two matrices (K, C_out): channels last, and channels first.

    onnxruntime reduces channels last; other runtimes reduce channels first. The pair limit holds in both orders.
    """
    channels = kernel.shape[-1]
    return kernel.reshape(-1, channels), kernel.transpose(2, 0, 1, 3).reshape(-1, channels)


def kernel_neighbours(shape: tuple[int, int, int]) -> Neighbours:
    """Return, for each of K weights (kh, kw, C_in), the weights next to it in either matrix of `reductions`.

    Weights are numbered channels last.
    """
    indices = np.arange(int(np.prod(shape))).reshape(*shape, 1)
    return neighbours(indices.size, *(order[:, 0] for order in reductions(indices)))


def neighbours(size: int, *orders: npt.NDArray[np.int64]) -> Neighbours:
    """Return, for each index below `size`, the indices directly before or after it in any of `orders`."""
    adjacent: list[set[int]] = [set() for _ in range(size)]
    for order in orders:
        for first, second in itertools.pairwise(order.tolist()):
            adjacent[first].add(second)
            adjacent[second].add(first)
    return [sorted(indices) for indices in adjacent]


def column_scales(weights: Double, pairs: Neighbours) -> Double:
    """Return, for each column of weights (K, M), a scale that keeps the rounded weights within both limits: (M,).

    The limits are 127 for the size of a weight and 128 for the summed sizes of a pair of neighbours. A
    pair is scaled to at most 127, since rounding its two weights adds at most 1.
    """
    size = np.abs(weights)
    largest = size.max(axis=0)
    for index, adjacent in enumerate(pairs):
        for neighbour in adjacent:
            largest = np.maximum(largest, size[index] + size[neighbour])
    return np.where(largest > 0, largest / LARGEST_WEIGHT, 1.0)
