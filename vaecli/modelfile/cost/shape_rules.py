"""Output shapes of the operators that move elements or treat each one by itself.

Semantics: https://onnx.ai/onnx/operators/ , opsets 13 to 18.

The batch size N stays symbolic. A rule either works for every batch size or refuses: what would fit a batch of 37
but not a batch of 1 is refused. A rule may raise whatever indexing and arithmetic raise for inputs that do not
fit; its caller turns all of these into one error.
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
    batched,
    integers_of,
    known_integers,
    numbers_of,
)

TO_THE_END = 2**31 - 1  # the end that a Slice writes for "up to the last element"


def _same(inputs: Inputs, _: Attributes) -> Result:
    return Result(inputs[0])


def _broadcast(inputs: Inputs, _: Attributes) -> Result:
    """Combine images with images of the same shape, or with a constant that broadcasts to their shape."""
    images, constant = inputs if inputs[0].is_batched else reversed(inputs)
    if constant.is_batched:
        if constant.item_shape != images.item_shape:
            raise ValueError(f"the shapes must be equal, got {images.shape} and {constant.shape}")
        return batched(images, images.item_shape)
    targets = (1, *images.item_shape)[-len(constant.item_shape) :] if constant.item_shape else ()
    if len(constant.item_shape) > len(images.shape) or any(
        size not in (1, target) for size, target in zip(constant.item_shape, targets, strict=True)
    ):
        raise ValueError(f"{constant.shape} must broadcast to {images.shape}")
    return batched(images, images.item_shape)


def _cast(inputs: Inputs, _: Attributes) -> Result:
    numbers = inputs[0].numbers or ()
    if any(number is not None and abs(number) >= 2**31 for number in numbers):
        raise ValueError("a number must fit in 32 bits")
    return Result(inputs[0])


def _shape(inputs: Inputs, _: Attributes) -> Result:
    return known_integers(inputs[0], inputs[0].shape)


def _gather(inputs: Inputs, _: Attributes) -> Result:
    numbers, indices = numbers_of(inputs[0]), integers_of(inputs[1])
    if min(indices) < 0:
        raise ValueError(f"indices must be at least 0, got {indices}")
    return known_integers(inputs[0], tuple(numbers[index] for index in indices))


def _reshape(inputs: Inputs, _: Attributes) -> Result:
    old, (first, *rest) = inputs[0].shape, numbers_of(inputs[1])
    item_shape = [old[i] if size == 0 else size for i, size in enumerate(rest, 1)]
    sizes = [size for size in item_shape if size is not None]
    if first is not None and first not in (0, -1):
        raise ValueError(f"the batch size must stay free, got {first}")
    if first != -1 and sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = inputs[0].size // -math.prod(sizes)
    if len(sizes) != len(item_shape) or min(sizes, default=1) < 1 or math.prod(sizes) != inputs[0].size:
        raise ValueError(f"{old} cannot be reshaped to {inputs[1].numbers}")
    return batched(inputs[0], sizes)


def _transpose(inputs: Inputs, attributes: Attributes) -> Result:
    shape, order = inputs[0].shape, attributes["perm"]
    if order[0] != 0 or sorted(order) != list(range(len(shape))):
        raise ValueError(f"perm must order the axes after the batch axis, got {order}")
    return batched(inputs[0], [inputs[0].item_shape[axis - 1] for axis in order[1:]])


def _item_axis(value: Value, axis: int) -> int:
    """Return the index in `item_shape` of an axis of `shape`, which may be counted from the end."""
    place = axis + len(value.shape) if axis < 0 else axis
    if not 1 <= place < len(value.shape):
        raise ValueError(f"axis must be 1 to {len(value.shape) - 1}, got {axis}")
    return place - 1


def _resized(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _concat(inputs: Inputs, attributes: Attributes) -> Result:
    axis = attributes["axis"]
    if not inputs[0].is_batched:
        if axis != 0:
            raise ValueError(f"axis of one-dimensional values must be 0, got {axis}")
        return known_integers(inputs[0], tuple(number for value in inputs for number in numbers_of(value)))
    place = _item_axis(inputs[0], axis)
    total = sum(value.item_shape[place] for value in inputs)
    shapes = {_resized(value.item_shape, place, total) for value in inputs}
    if len(shapes) != 1:
        raise ValueError("the other axes must have equal sizes")
    return batched(inputs[0], shapes.pop())


def _slice(inputs: Inputs, _: Attributes) -> Result:
    """Take contiguous elements, in steps of 1. The batch axis may be named, but must be kept complete."""
    value, (starts, ends, axes, *steps) = inputs[0], [integers_of(entry) for entry in inputs[1:]]
    lengths = {len(numbers) for numbers in (starts, ends, axes, *steps)}
    if len(lengths) != 1 or len(set(axes)) != len(axes) or min(axes) < 0 or set().union(*steps) - {1}:
        raise ValueError(f"axes must differ and steps must be 1, got axes {axes} and steps {steps}")
    if not value.is_batched:
        if axes != [0]:
            raise ValueError(f"axes of a one-dimensional value must be [0], got {axes}")
        return known_integers(value, numbers_of(value)[starts[0] : ends[0]])
    item_shape = list(value.item_shape)
    for axis, start, end in zip(axes, starts, ends, strict=True):
        if axis or start or end < TO_THE_END:
            place = _item_axis(value, axis)
            item_shape[place] = len(range(*slice(start, end).indices(item_shape[place])))
    return batched(value, item_shape)


def _axes(value: Value, axes: Sequence[int], rank: int) -> set[int]:
    first = 1 if value.is_batched else 0
    places = {axis + rank if axis < 0 else axis for axis in axes}
    if len(places) != len(axes) or min(places) < first or max(places) >= rank:
        raise ValueError(f"axes must differ and be {first} to {rank - 1}, got {axes}")
    return places


def _squeeze(inputs: Inputs, _: Attributes) -> Result:
    value = inputs[0]
    axes = _axes(value, integers_of(inputs[1]), len(value.shape))
    if any(value.shape[axis] != 1 for axis in axes):
        raise ValueError(f"axes {sorted(axes)} must have the size 1, got the shape {value.shape}")
    return Result(value._replace(shape=tuple(size for i, size in enumerate(value.shape) if i not in axes)))


def _unsqueeze(inputs: Inputs, _: Attributes) -> Result:
    value, axes = inputs[0], integers_of(inputs[1])
    shape = list(value.shape)
    for axis in sorted(_axes(value, axes, len(shape) + len(axes))):
        shape.insert(axis, 1)
    return Result(value._replace(shape=tuple(shape)))


SHAPE_RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("Abs", "Identity", "Reciprocal", "Relu", "Sigmoid", "Tanh"), _same),
    **dict.fromkeys(("Add", "Div", "Max", "Min", "Mul", "Sub"), _broadcast),
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
