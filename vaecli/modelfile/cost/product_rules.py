"""The shape and the cost of each operator that multiplies: matrix products and convolutions.

Semantics from https://onnx.ai/onnx/operators/ , of opsets 13 to 18. What onnxruntime reads along with the
products, biases, scales and zero points, has to be as long as it takes them to be: version 1.18 does not look.
"""

import math
from collections.abc import Mapping, Sequence

from vaecli.modelfile.cost.values import Attributes, Inputs, Result, Rule, Shape, Value, filled_up, images

MAX_TAPS = 16  # along a side of a kernel


def _require(value: Value, *shapes: Shape) -> None:
    if value.shape not in shapes:
        raise ValueError(f"{value.shape} where {' or '.join(map(str, shapes))} was expected")


def _product(a: Value, b: Value) -> Result:
    (*outer, inner), (rows, columns) = a.inner, b.inner
    if inner != rows:
        raise ValueError(f"{a.shape} times {b.shape}")
    packed = rows * filled_up(columns)
    return images(a, (*outer, columns), products=math.prod(outer) * inner * columns, packed=packed)


def _matrix_product(inputs: Inputs, _: Attributes) -> Result:
    return _product(inputs[0], inputs[1])


def _integer_product(inputs: Inputs, _: Attributes) -> Result:
    for zero_point in inputs[2:]:
        _require(zero_point, ())
    return _product(inputs[0], inputs[1])


def _gemm(inputs: Inputs, _: Attributes) -> Result:
    if len(inputs[0].shape) != 2:
        raise ValueError(f"{inputs[0].shape} as rows")
    for bias in inputs[2:]:
        _require(bias, inputs[1].inner[1:])
    return _product(inputs[0], inputs[1])


def _quantise(inputs: Inputs, _: Attributes) -> Result:
    for number in inputs[1:]:
        _require(number, ())
    return images(inputs[0], inputs[0].inner)


def _convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, kernel, *bias = inputs
    return _convolved(x, kernel, bias, attributes)


def _quantised_convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, x_scale, x_zero, kernel, scale, zero, y_scale, y_zero, *bias = inputs
    for number in (x_scale, x_zero, y_scale, y_zero):
        _require(number, ())
    for number in (scale, zero):
        _require(number, (), kernel.inner[:1])
    return _convolved(x, kernel, bias, attributes)


def _convolved(x: Value, kernel: Value, bias: Sequence[Value], attributes: Attributes) -> Result:
    (channels, *area), (filters, depth, *taps) = x.inner, kernel.inner
    _require_fit(depth, channels, filters, bias)
    strides, pads = _window(taps, attributes)
    out = [
        (size + pad - tap) // stride + 1
        for size, stride, tap, pad in zip(area, strides, taps, pads, strict=True)
    ]
    columns = math.prod(taps) * math.prod(out)
    cost = {"scratch": columns * channels, "products": columns * channels * filters}
    return images(x, (filters, *out), packed=_packed(kernel), **cost)


def _transposed_convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, kernel, *bias = inputs
    (channels, *area), (depth, filters, *taps) = x.inner, kernel.inner
    _require_fit(depth, channels, filters, bias)
    strides, pads = _window(taps, attributes)
    out = [
        (size - 1) * stride + tap - pad
        for size, stride, tap, pad in zip(area, strides, taps, pads, strict=True)
    ]
    scratch = filters * math.prod(taps) * math.prod(area)
    return images(x, (filters, *out), scratch=scratch, products=scratch * channels, packed=_packed(kernel))


def _packed(kernel: Value) -> int:
    """Either of a kernel's channels filled up."""
    one, other, *taps = kernel.inner
    return filled_up(one) * filled_up(other) * math.prod(taps)


def _require_fit(depth: int, channels: int, filters: int, bias: Sequence[Value]) -> None:
    if depth != channels:
        raise ValueError(f"{channels} channels, {depth} expected")
    for entry in bias:
        _require(entry, (filters,))


def _window(taps: Sequence[int], attributes: Attributes) -> tuple[Shape, Shape]:
    """Strides, and the padding of both ends together, of a kernel over two axes."""
    count = len(taps)
    pads = attributes.get("pads", (0,) * 2 * count)
    ends = [*zip(pads[:count], taps, strict=True), *zip(pads[count:], taps, strict=True)]
    if count != 2 or max(taps) > MAX_TAPS or any(pad >= tap for pad, tap in ends if pad):
        raise ValueError(f"padding {pads} around a kernel {tuple(taps)}")
    if attributes.get("kernel_shape", tuple(taps)) != tuple(taps):
        raise ValueError(f"kernel_shape {attributes['kernel_shape']} for a kernel {tuple(taps)}")
    return attributes.get("strides", (1,) * count), tuple(pads[i] + pads[i + count] for i in range(count))


PRODUCTS: Mapping[str, Rule] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "MatMul": _matrix_product,
    "MatMulInteger": _integer_product,
    "QLinearConv": _quantised_convolution,
    "QuantizeLinear": _quantise,
}
