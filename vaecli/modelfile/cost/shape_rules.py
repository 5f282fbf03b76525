"""The shape that each operator gives, from the shapes that it takes: those that move elements or treat each alone.

Semantics from https://onnx.ai/onnx/operators/ , of opsets 13 to 18.

N is not a number here. A rule leaves the first axis of an array of images alone and gives the same for every N, or
refuses: what fits a batch of 37 and not one of 1, or the other way about, does not come through. A rule may raise
whatever indexing and arithmetic raise where things do not fit: its caller makes one error of it.
"""

import math
from collections.abc import Mapping, Sequence

from vaecli.modelfile.cost.values import (
    Attributes,
    Inputs,
    Result,
    Rule,
    Shape,
    Value,
    images,
    integers,
    known,
    row,
)

TO_THE_END = 2**31 - 1  # what a Slice writes for an end that lies behind every axis


def _same(inputs: Inputs, _: Attributes) -> Result:
    return Result(inputs[0])


def _broadcast(inputs: Inputs, _: Attributes) -> Result:
    """Images and a constant that is spread over them: nothing grows."""
    one, other = inputs
    spread = (1, *one.inner)[-len(other.inner) :] if other.inner else ()
    if len(other.inner) > len(one.shape) or any(
        size not in (1, wide) for size, wide in zip(other.inner, spread, strict=True)
    ):
        raise ValueError(f"{one.shape} and {other.shape}")
    return images(one, one.inner)


def _cast(inputs: Inputs, _: Attributes) -> Result:
    numbers = inputs[0].numbers or ()
    if any(number is not None and abs(number) >= 2**31 for number in numbers):
        raise ValueError("a number beyond 32 bits")
    return Result(inputs[0])


def _shape(inputs: Inputs, _: Attributes) -> Result:
    return known(inputs[0], inputs[0].shape)


def _gather(inputs: Inputs, _: Attributes) -> Result:
    numbers, places = row(inputs[0]), integers(inputs[1])
    if min(places) < 0:
        raise ValueError(f"places {places}")
    return known(inputs[0], tuple(numbers[place] for place in places))


def _reshape(inputs: Inputs, _: Attributes) -> Result:
    old, (first, *rest) = inputs[0].shape, row(inputs[1])
    inner = [old[i] if size == 0 else size for i, size in enumerate(rest, 1)]
    sizes = [size for size in inner if size is not None]
    if first is not None and first not in (0, -1):
        raise ValueError(f"{first} for the number of images")
    if first != -1 and sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = inputs[0].size // -math.prod(sizes)
    if len(sizes) != len(inner) or min(sizes, default=1) < 1 or math.prod(sizes) != inputs[0].size:
        raise ValueError(f"{old} as {inputs[1].numbers}")
    return images(inputs[0], sizes)


def _transpose(inputs: Inputs, attributes: Attributes) -> Result:
    shape, order = inputs[0].shape, attributes["perm"]
    if order[0] != 0 or sorted(order) != list(range(len(shape))):
        raise ValueError(f"order {order}")
    return images(inputs[0], [inputs[0].inner[axis - 1] for axis in order[1:]])


def _inner_axis(value: Value, axis: int) -> int:
    """Where an axis of an array of images, which may be counted from the end, is in its inner shape."""
    place = axis + len(value.shape) if axis < 0 else axis
    if not 1 <= place < len(value.shape):
        raise ValueError(f"axis {axis} of {value.shape}")
    return place - 1


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _concat(inputs: Inputs, attributes: Attributes) -> Result:
    axis = attributes["axis"]
    if not inputs[0].of_images:
        if axis != 0:
            raise ValueError(f"axis {axis} of a row")
        return known(inputs[0], tuple(number for value in inputs for number in row(value)))
    place = _inner_axis(inputs[0], axis)
    total = sum(value.inner[place] for value in inputs)
    found = {_resized(value.inner, place, total) for value in inputs}
    if len(found) != 1:
        raise ValueError("unequal shapes")
    return images(inputs[0], found.pop())


def _slice(inputs: Inputs, _: Attributes) -> Result:
    """Neighbours, in steps of 1; of the images all, whose axis may be named."""
    value, (starts, ends, axes, *steps) = inputs[0], [integers(entry) for entry in inputs[1:]]
    lengths = {len(numbers) for numbers in (starts, ends, axes, *steps)}
    if len(lengths) != 1 or len(set(axes)) != len(axes) or min(axes) < 0 or set().union(*steps) - {1}:
        raise ValueError(f"axes {axes} in steps of {steps}")
    if not value.of_images:
        if axes != [0]:
            raise ValueError(f"axes {axes} of a row")
        return known(value, row(value)[starts[0] : ends[0]])
    inner = list(value.inner)
    for axis, start, end in zip(axes, starts, ends, strict=True):
        if axis or start or end < TO_THE_END:
            place = _inner_axis(value, axis)
            inner[place] = len(range(*slice(start, end).indices(inner[place])))
    return images(value, inner)


def _axes(value: Value, axes: Sequence[int], rank: int) -> set[int]:
    first = 1 if value.of_images else 0
    found = {axis + rank if axis < 0 else axis for axis in axes}
    if len(found) != len(axes) or min(found) < first or max(found) >= rank:
        raise ValueError(f"axes {axes}")
    return found


def _squeeze(inputs: Inputs, _: Attributes) -> Result:
    value = inputs[0]
    axes = _axes(value, integers(inputs[1]), len(value.shape))
    if any(value.shape[axis] != 1 for axis in axes):
        raise ValueError(f"axes {sorted(axes)} of {value.shape}")
    return Result(value._replace(shape=tuple(n for i, n in enumerate(value.shape) if i not in axes)))


def _unsqueeze(inputs: Inputs, _: Attributes) -> Result:
    value, axes = inputs[0], integers(inputs[1])
    shape = list(value.shape)
    for axis in sorted(_axes(value, axes, len(shape) + len(axes))):
        shape.insert(axis, 1)
    return Result(value._replace(shape=tuple(shape)))


LAYOUT: Mapping[str, Rule] = {
    **dict.fromkeys(("Identity", "Relu", "Sigmoid"), _same),
    "Add": _broadcast,
    "Cast": _cast,
    "Concat": _concat,
    "Gather": _gather,
    "Reshape": _reshape,
    "Shape": _shape,
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
