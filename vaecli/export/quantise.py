"""Float numbers as bytes: ranges of activations, weights that no processor saturates on.

Activations are uint8 with zero point 0, which is also the ReLU; weights are int8, one scale a channel.

On x86 with AVX2 and no VNNI, onnxruntime multiplies unsigned by signed bytes with `vpmaddubsw`, which adds two
neighbouring products into 16 bits and saturates. 255 (|w_k| + |w_k+1|) stays below 2**15 if |w_k| + |w_k+1| <= 128;
then the sums are exact there as everywhere.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float32]
Int8 = npt.NDArray[np.int8]

LARGEST_WEIGHT = 127
LARGEST_PAIR = 128
LEVELS = 255  # of an activation above zero

_CLIPS = np.linspace(0.30, 1.0, 71)
_MOST_VALUES = 500_000


def activation_scale(values: Float) -> float:
    """The step of a uint8 range 0 to 255 that loses the least of `values`, in mean squared error.

    A bare maximum would spend the levels on a few outliers. What is below zero is lost to the ReLU anyway.
    """
    flat = np.maximum(values, 0).ravel()
    top = float(flat.max(initial=0.0))
    if not top > 0.0:
        return 1.0 / LEVELS  # a layer that is dead on all of them
    sample = flat[:: max(1, flat.size // _MOST_VALUES)]
    steps = _CLIPS * top / LEVELS
    losses = [np.square(sample - np.clip(np.rint(sample / step), 0, LEVELS) * step).mean() for step in steps]
    return float(steps[int(np.argmin(losses))])


def quantised_kernel(kernel: Float) -> tuple[Int8, Float]:
    """A kernel (kh, kw, C_in, C_out) as int8, and the scale of each output channel (C_out,).

    Neighbours along the reduction keep |w_k| + |w_k+1| <= 128 in the order (kh, kw, C_in) of a runtime that works
    channels last, as onnxruntime does, and in the order (C_in, kh, kw) of one that works channels first.
    """
    scale = column_scales(*reductions(kernel))
    return rounded(kernel, scale), scale


def reductions(kernel: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A kernel (kh, kw, C_in, C_out) as matrices (K, C_out), K in the order channels last and channels first."""
    channels = kernel.shape[-1]
    return kernel.reshape(-1, channels), kernel.transpose(2, 0, 1, 3).reshape(-1, channels)


def column_scales(*orders: Float) -> Float:
    """The finest scale of each column (M,) that keeps all pairs, of the same weights (K, M) in one or more orders.

    It allows a pair 127 before rounding, which adds at most 1.
    """
    needed = np.stack([np.maximum(np.abs(rows).max(axis=0), largest_pairs(rows)) for rows in orders]).max(
        axis=0
    )
    scales: Float = np.where(needed > 0, needed / LARGEST_WEIGHT, 1).astype(np.float32)
    return scales


def rounded(weights: Float, scale: Float) -> Int8:
    """Weights (..., M) over scales (M,), as int8."""
    steps: Int8 = np.clip(np.rint(weights / scale), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)
    return steps


def largest_pairs(rows: npt.NDArray[Any]) -> Float:
    """The largest |w_k| + |w_k+1| of each column (M,) of weights (K, M)."""
    size = np.abs(rows.astype(np.float32))
    pairs: Float = (size[1:] + size[:-1]).max(axis=0, initial=0.0)
    return pairs
