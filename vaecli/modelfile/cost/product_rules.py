"""Output shapes and costs of the operators that multiply: matrix products, convolutions, quantisation.

Semantics: https://onnx.ai/onnx/operators/ , opsets 13 to 18. Biases, scales and zero points must have the length
that onnxruntime expects: version 1.18 reads beyond their end without a check.
"""

import math
from collections.abc import Mapping, Sequence

from vaecli.modelfile.cost.values import Attributes, Inputs, Result, Rule, Shape, Value, batched, padded

MAX_KERNEL = 16  # along a side


def _require_shape(value: Value, *shapes: Shape) -> None:
    if value.shape not in shapes:
        raise ValueError(f"a shape must be {' or '.join(map(str, shapes))}, got {value.shape}")


def _product(a: Value, b: Value) -> Result:
    (*outer, length), (rows, columns) = a.item_shape, b.item_shape
    if length != rows:
        raise ValueError(f"{a.shape} cannot be multiplied by {b.shape}")
    macs = math.prod(outer) * length * columns
    return batched(a, (*outer, columns), macs=macs, prepacked=rows * padded(columns))


def _matrix_product(inputs: Inputs, _: Attributes) -> Result:
    return _product(inputs[0], inputs[1])


def _integer_product(inputs: Inputs, _: Attributes) -> Result:
    for zero_point in inputs[2:]:
        _require_shape(zero_point, ())
    return _product(inputs[0], inputs[1])


def _gemm(inputs: Inputs, _: Attributes) -> Result:
    if len(inputs[0].shape) != 2:
        raise ValueError(f"the first matrix must have 2 axes, got {inputs[0].shape}")
    for bias in inputs[2:]:
        _require_shape(bias, inputs[1].item_shape[1:])
    return _product(inputs[0], inputs[1])


def _quantise(inputs: Inputs, _: Attributes) -> Result:
    for scale_or_zero in inputs[1:]:
        _require_shape(scale_or_zero, ())
    return batched(inputs[0], inputs[0].item_shape)


def _convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, kernel, *bias = inputs
    return _convolved(x, kernel, bias, attributes)


def _quantised_convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, x_scale, x_zero, kernel, scale, zero, y_scale, y_zero, *bias = inputs
    for scalar in (x_scale, x_zero, y_scale, y_zero):
        _require_shape(scalar, ())
    for per_filter in (scale, zero):
        _require_shape(per_filter, (), kernel.item_shape[:1])
    return _convolved(x, kernel, bias, attributes)


def _convolved(x: Value, kernel: Value, bias: Sequence[Value], attributes: Attributes) -> Result:
    (channels, *area), (filters, depth, *kernel_size) = x.item_shape, kernel.item_shape
    _require_fit(depth, channels, filters, bias)
    strides, pads = _window(kernel_size, attributes)
    out = [
        (size + pad - length) // stride + 1
        for size, stride, length, pad in zip(area, strides, kernel_size, pads, strict=True)
    ]
    columns = math.prod(kernel_size) * math.prod(out)
    cost = {"scratch": columns * channels, "macs": columns * channels * filters}
    return batched(x, (filters, *out), prepacked=_prepacked(kernel), **cost)


def _transposed_convolution(inputs: Inputs, attributes: Attributes) -> Result:
    x, kernel, *bias = inputs
    (channels, *area), (depth, filters, *kernel_size) = x.item_shape, kernel.item_shape
    _require_fit(depth, channels, filters, bias)
    strides, pads = _window(kernel_size, attributes)
    out = [
        (size - 1) * stride + length - pad
        for size, stride, length, pad in zip(area, strides, kernel_size, pads, strict=True)
    ]
    scratch = filters * math.prod(kernel_size) * math.prod(area)
    return batched(x, (filters, *out), scratch=scratch, macs=scratch * channels, prepacked=_prepacked(kernel))


def _prepacked(kernel: Value) -> int:
    """Return the elements of a kernel with both channel counts padded."""
    first, second, *kernel_size = kernel.item_shape
    return padded(first) * padded(second) * math.prod(kernel_size)


def _require_fit(depth: int, channels: int, filters: int, bias: Sequence[Value]) -> None:
    if depth != channels:
        raise ValueError(f"the input must have {depth} channels, got {channels}")
    for entry in bias:
        _require_shape(entry, (filters,))


def _window(kernel_size: Sequence[int], attributes: Attributes) -> tuple[Shape, Shape]:
    """Return the strides, and the padding of both ends added up, of a kernel over two axes."""
    count, size = len(kernel_size), tuple(kernel_size)
    pads = attributes.get("pads", (0,) * 2 * count)
    ends = [*zip(pads[:count], size, strict=True), *zip(pads[count:], size, strict=True)]
    if count != 2 or max(size) > MAX_KERNEL or any(pad >= length for pad, length in ends if pad):
        raise ValueError(
            f"a kernel {size} must have at most {MAX_KERNEL} on a side and less padding, got {pads}"
        )
    if attributes.get("kernel_shape", size) != size:
        raise ValueError(f"kernel_shape must be {size}, got {attributes['kernel_shape']}")
    return attributes.get("strides", (1,) * count), tuple(pads[i] + pads[i + count] for i in range(count))


PRODUCT_RULES: Mapping[str, Rule] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "MatMul": _matrix_product,
    "MatMulInteger": _integer_product,
    "QLinearConv": _quantised_convolution,
    "QuantizeLinear": _quantise,
}
