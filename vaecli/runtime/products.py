"""The shape and the cost of each operator that multiplies: matrix products and convolutions.

Semantics from https://onnx.ai/onnx/operators/ .
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from vaecli.runtime.layout import Attributes, Inputs, Result, Rule, Shape, one


def _matrix_product(second: int) -> Rule:
    def rule(inputs: Inputs, _: Attributes) -> Result:
        a, b = inputs[0].shape, inputs[second].shape
        if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
            raise ValueError(f"{a} times {b}")
        shape = (*np.broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1])
        return one(shape, products=math.prod(shape) * a[-1])

    return rule


def _gemm(inputs: Inputs, attributes: Attributes) -> Result:
    (rows, inner), (second, columns) = (
        value.shape[::-1] if attributes.get(name) else value.shape
        for value, name in zip(inputs, ("transA", "transB"), strict=False)
    )
    if inner != second:
        raise ValueError(f"{inner} columns times {second} rows")
    return one((rows, columns), products=rows * inner * columns)


def _convolution(kernel_at: int) -> Rule:
    def rule(inputs: Inputs, attributes: Attributes) -> Result:
        (n, channels, *area), (filters, depth, *taps) = inputs[0].shape, inputs[kernel_at].shape
        if depth * attributes.get("group", 1) != channels:
            raise ValueError(f"{channels} channels, {depth} expected")
        strides, reach, pads, same = _window(taps, attributes)
        out = [
            -(-size // stride) if same else (size + pad - wide) // stride + 1
            for size, stride, wide, pad in zip(area, strides, reach, pads, strict=True)
        ]
        columns = n * math.prod(taps) * math.prod(out)
        return one((n, filters, *out), scratch=columns * channels, products=columns * depth * filters)

    return rule


def _transposed_convolution(inputs: Inputs, attributes: Attributes) -> Result:
    (n, channels, *area), (depth, filters, *taps) = inputs[0].shape, inputs[1].shape
    if depth != channels or attributes.get("group", 1) != 1 or "output_shape" in attributes:
        raise ValueError(f"{channels} channels, {depth} expected, in one group")
    strides, reach, pads, same = _window(taps, attributes)
    extra = attributes.get("output_padding", (0,) * len(area))
    if min(extra, default=0) < 0:
        raise ValueError("negative padding")
    out = [
        size * stride if same else (size - 1) * stride + wide + more - pad
        for size, stride, wide, more, pad in zip(area, strides, reach, extra, pads, strict=True)
    ]
    scratch = n * filters * math.prod(taps) * math.prod(area)
    return one((n, filters, *out), scratch=scratch, products=scratch * channels)


def _window(taps: Sequence[int], attributes: Attributes) -> tuple[Shape, Shape, Shape, bool]:
    """Strides, pixels a dilated kernel covers, padding of both ends together, and whether padding is SAME."""
    count = len(taps)
    strides, dilations = (attributes.get(name, (1,) * count) for name in ("strides", "dilations"))
    pads = attributes.get("pads", (0,) * (2 * count))
    if (
        min((*strides, *dilations, *taps), default=1) < 1
        or min(pads, default=0) < 0
        or len(pads) != 2 * count
    ):
        raise ValueError("a stride, dilation, kernel or padding out of its range")
    if tuple(attributes.get("kernel_shape", taps)) != tuple(taps):
        raise ValueError(f"kernel_shape {attributes['kernel_shape']} for a kernel {tuple(taps)}")
    reach = tuple((tap - 1) * dilation + 1 for tap, dilation in zip(taps, dilations, strict=True))
    same = attributes.get("auto_pad", "NOTSET").startswith("SAME")
    return tuple(strides), reach, tuple(pads[i] + pads[i + count] for i in range(count)), same


PRODUCTS: Mapping[str, Rule] = {
    "Conv": _convolution(1),
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "MatMul": _matrix_product(1),
    "MatMulInteger": _matrix_product(1),
    "QLinearConv": _convolution(3),
    "QLinearMatMul": _matrix_product(3),
}
