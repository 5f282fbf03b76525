"""The values of a graph before anything is computed: element type, shape, and known integers."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

ELEMENT_TYPES = {  # TensorProto.data_type -> (name, bytes), for the types that `export` writes
    1: ("float32", 4),
    2: ("uint8", 1),
    3: ("int8", 1),
    6: ("int32", 4),
    7: ("int64", 8),
    10: ("float16", 2),
}
BLOCK = 16  # onnxruntime pads channels, and columns of matrices, to a multiple of it
MAX_INTEGERS = 64  # the integers of a longer array are not tracked

Shape = tuple[int, ...]
FreeShape = tuple[int | None, ...]  # None is the batch axis N, which is always the first
Numbers = tuple[int | None, ...]  # None is the batch size N


class Value(NamedTuple):
    """An array in a graph, described without computing it.

    Attributes:
        element_type: the name of the type.
        shape: its first axis is None if the array has one item per image.
        numbers: the integers of a one-dimensional array of sizes or indices, None for the batch size N among them;
            `numbers` itself is None if they are not known.
    """

    element_type: str
    shape: FreeShape
    numbers: Numbers | None = None

    @property
    def is_batched(self) -> bool:
        """Whether the first axis is the batch axis N."""
        return self.shape[:1] == (None,)

    @property
    def item_shape(self) -> Shape:
        """The shape without the batch axis."""
        return tuple(size for size in self.shape if size is not None)

    @property
    def size(self) -> int:
        """Number of elements; of one image if the array is batched."""
        return math.prod(self.item_shape)


class Result(NamedTuple):
    """The output of an operator and what the operator costs.

    Attributes:
        output: the output.
        scratch: elements of scratch memory per image.
        macs: multiplications per image.
        prepacked: elements of onnxruntime's reordered copy of the weights, held as long as the file is open.
    """

    output: Value
    scratch: int = 0
    macs: int = 0
    prepacked: int = 0


Inputs = Sequence[Value]
Attributes = Mapping[str, Any]
Rule = Callable[[Inputs, Attributes], Result]


def padded(count: int) -> int:
    """Return a number of channels or columns, padded to a multiple of 16 as onnxruntime does."""
    return -(-count // BLOCK) * BLOCK


def batched(like: Value, item_shape: Sequence[int], **cost: int) -> Result:
    """Return a result with one array of `item_shape` per image, of the element type of `like`."""
    return Result(Value(like.element_type, (None, *item_shape)), **cost)


def known_integers(like: Value, numbers: Numbers) -> Result:
    """Return a one-dimensional result whose integers are known, of the element type of `like`.

    Raises:
        ValueError: there are no integers, or more than 64.
    """
    if not 0 < len(numbers) <= MAX_INTEGERS:
        raise ValueError(f"a shape must have 1 to {MAX_INTEGERS} numbers, got {len(numbers)}")
    return Result(Value(like.element_type, (len(numbers),), numbers))


def numbers_of(value: Value) -> Numbers:
    """Return the integers of a one-dimensional value, None for N.

    Raises:
        ValueError: the value has another number of axes, or its integers are not known.
    """
    if value.numbers is None or len(value.shape) != 1:
        raise ValueError("a shape or index must be known before the graph runs")
    return value.numbers


def integers_of(value: Value) -> list[int]:
    """Return the integers of a one-dimensional value that does not depend on N.

    Raises:
        ValueError: the value has another number of axes, is not known, or depends on N.
    """
    numbers = numbers_of(value)
    integers = [number for number in numbers if number is not None]
    if len(integers) != len(numbers):
        raise ValueError("an index must not depend on the batch size")
    return integers
