"""The shape that each operator gives, from the shapes that it takes: those that move elements or treat each alone.

Semantics from https://onnx.ai/onnx/operators/ .

A rule takes the inputs, `None` for one that is left out, and the attributes. It may raise whatever indexing and
arithmetic raise where they do not fit: its caller makes one error of it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

INTEGERS: Mapping[int, np.dtype[Any]] = {6: np.dtype("<i4"), 7: np.dtype("<i8")}  # of TensorProto.data_type
FEW = 64  # integers that may say a shape

Shape = tuple[int, ...]
Inputs = Sequence[Any]  # of Value or None
Attributes = Mapping[str, Any]


class Value(NamedTuple):
    """An array on paper: its shape, and its numbers where they are a few known integers."""

    shape: Shape
    numbers: np.ndarray | None = None


class Result(NamedTuple):
    """What an operator gives: outputs, elements of scratch space, multiplications."""

    outputs: tuple[Value, ...]
    scratch: int = 0
    products: int = 0


Rule = Callable[[Inputs, Attributes], Result]


def one(shape: Sequence[int], numbers: np.ndarray | None = None, **cost: int) -> Result:
    """The result that is a single array."""
    return Result((Value(tuple(int(size) for size in shape), numbers),), **cost)


def known(numbers: np.ndarray) -> Result:
    """The result that is an array of known integers; as many as say no shape are forgotten."""
    return one(numbers.shape, numbers if numbers.size <= FEW else None)


def _integers(value: Value) -> list[int]:
    if value.numbers is None:
        raise ValueError("a shape that is not known beforehand")
    return [int(number) for number in value.numbers.ravel()]


def _optional(inputs: Inputs, place: int, default: list[int]) -> list[int]:
    given = inputs[place] if place < len(inputs) else None
    return default if given is None else _integers(given)


def _same(inputs: Inputs, _: Attributes) -> Result:
    return one(inputs[0].shape)


def _cast(inputs: Inputs, attributes: Attributes) -> Result:
    numbers = inputs[0].numbers
    kept = numbers is not None and attributes["to"] in INTEGERS and bool((abs(numbers) < 2**31).all())
    return one(inputs[0].shape, numbers if kept else None)


def _broadcast(inputs: Inputs, _: Attributes) -> Result:
    return one(np.broadcast_shapes(*(value.shape for value in inputs)))


def _reshape(inputs: Inputs, attributes: Attributes) -> Result:
    old, new = inputs[0].shape, _integers(inputs[1])
    if not attributes.get("allowzero"):
        new = [old[i] if size == 0 else size for i, size in enumerate(new)]
    known = math.prod(size for size in new if size != -1)
    if new.count(-1) == 1:
        new[new.index(-1)] = math.prod(old) // known
    return _reshaped(inputs[0], new)


def _flatten(inputs: Inputs, attributes: Attributes) -> Result:
    shape, axis = inputs[0].shape, attributes.get("axis", 1)
    return one((math.prod(shape[:axis]), math.prod(shape[axis:])))


def _transpose(inputs: Inputs, attributes: Attributes) -> Result:
    shape = inputs[0].shape
    order = attributes.get("perm") or tuple(reversed(range(len(shape))))
    if sorted(order) != list(range(len(shape))):
        raise ValueError(f"order {order}")
    return one([shape[axis] for axis in order])


def _slice(inputs: Inputs, _: Attributes) -> Result:
    starts, ends = _integers(inputs[1]), _integers(inputs[2])
    axes = _optional(inputs, 3, list(range(len(starts))))
    steps = _optional(inputs, 4, [1] * len(starts))
    cuts = [slice(None)] * len(inputs[0].shape)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step < 1:
            raise ValueError("a step below 1")
        cuts[axis] = slice(start, end, step)
    if inputs[0].numbers is not None:
        return known(inputs[0].numbers[tuple(cuts)])
    return one([len(range(*cut.indices(size))) for cut, size in zip(cuts, inputs[0].shape, strict=True)])


def _concat(inputs: Inputs, attributes: Attributes) -> Result:
    axis = attributes["axis"]
    if all(value.numbers is not None for value in inputs):
        return known(np.concatenate([value.numbers for value in inputs], axis))
    shapes = [list(value.shape) for value in inputs]
    total = sum(shape.pop(axis) for shape in shapes)
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("unequal shapes")
    shapes[0].insert(axis % (len(shapes[0]) + 1), total)
    return one(shapes[0])


def _split(inputs: Inputs, attributes: Attributes) -> Result:
    shape, axis, sizes = list(inputs[0].shape), attributes.get("axis", 0), _integers(inputs[1])
    if min(sizes) < 0 or sum(sizes) != shape[axis]:
        raise ValueError(f"{shape[axis]} in parts of {sizes}")
    axis %= len(shape)
    return Result(tuple(Value((*shape[:axis], size, *shape[axis + 1 :])) for size in sizes))


def _shape(inputs: Inputs, attributes: Attributes) -> Result:
    return known(np.array(inputs[0].shape[attributes.get("start", 0) : attributes.get("end")], np.int64))


def _gather(inputs: Inputs, attributes: Attributes) -> Result:
    axis = attributes.get("axis", 0)
    if inputs[0].numbers is not None:
        return known(np.asarray(np.take(inputs[0].numbers, inputs[1].numbers, axis)))
    shape = list(inputs[0].shape)
    shape[axis : axis + 1 or None] = inputs[1].shape
    return one(shape)


def _squeeze(inputs: Inputs, _: Attributes) -> Result:
    shape = inputs[0].shape
    axes = {axis % len(shape) for axis in _optional(inputs, 1, [i for i, n in enumerate(shape) if n == 1])}
    return _reshaped(inputs[0], [size for i, size in enumerate(shape) if i not in axes])


def _unsqueeze(inputs: Inputs, _: Attributes) -> Result:
    shape, axes = list(inputs[0].shape), _integers(inputs[1])
    for axis in sorted(axis % (len(shape) + len(axes)) for axis in axes):
        shape.insert(axis, 1)
    return _reshaped(inputs[0], shape)


def _reshaped(value: Value, shape: list[int]) -> Result:
    if math.prod(shape) != math.prod(value.shape):
        raise ValueError(f"{value.shape} as {tuple(shape)}")
    return one(shape, None if value.numbers is None else value.numbers.reshape(shape))


def _pad(inputs: Inputs, _: Attributes) -> Result:
    shape, pads = list(inputs[0].shape), _integers(inputs[1])
    axes = _optional(inputs, 3, list(range(len(shape))))
    if min(pads) < 0 or len(pads) != 2 * len(axes):
        raise ValueError(f"padding {pads}")
    for i, axis in enumerate(axes):
        shape[axis] += pads[i] + pads[i + len(axes)]
    return one(shape)


def _depth_to_space(inputs: Inputs, attributes: Attributes) -> Result:
    (n, channels, height, width), block = inputs[0].shape, attributes["blocksize"]
    if block < 1 or channels % block**2:
        raise ValueError(f"{channels} channels in blocks of {block}")
    return one((n, channels // block**2, height * block, width * block))


LAYOUT: Mapping[str, Rule] = (
    dict.fromkeys(("Clip", "DequantizeLinear", "Identity", "QuantizeLinear", "Relu", "Sigmoid"), _same)
    | dict.fromkeys(("Add", "Div", "Mul", "Sub"), _broadcast)
    | {
        "Cast": _cast,
        "Concat": _concat,
        "DepthToSpace": _depth_to_space,
        "Flatten": _flatten,
        "Gather": _gather,
        "Pad": _pad,
        "Reshape": _reshape,
        "Shape": _shape,
        "Slice": _slice,
        "Split": _split,
        "Squeeze": _squeeze,
        "Transpose": _transpose,
        "Unsqueeze": _unsqueeze,
    }
)
