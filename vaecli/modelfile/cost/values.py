"""Arrays on paper: what is known of a value of a graph before anything is computed."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

ELEMENT_TYPES = {  # TensorProto.data_type -> name, bytes; those that `export` writes
    1: ("float32", 4),
    2: ("uint8", 1),
    3: ("int8", 1),
    6: ("int32", 4),
    7: ("int64", 8),
    10: ("float16", 2),
}
BLOCK = 16  # onnxruntime fills channels, and columns of matrices, up to a multiple of it
FEW = 64  # integers that may say a shape

Shape = tuple[int, ...]
FreeShape = tuple[int | None, ...]  # None is the batch axis, N; it may come first alone
Numbers = tuple[int | None, ...]  # None is N


class Value(NamedTuple):
    """An array of a graph.

    Attributes:
        element_type: its name.
        shape: beginning with None if there is one such array an image.
        numbers: of one that says a shape, in a row; None where they are not known.
    """

    element_type: str
    shape: FreeShape
    numbers: Numbers | None = None

    @property
    def of_images(self) -> bool:
        """Whether its first axis is N."""
        return self.shape[:1] == (None,)

    @property
    def inner(self) -> Shape:
        """The shape without N: of one image."""
        return tuple(size for size in self.shape if size is not None)

    @property
    def size(self) -> int:
        """Elements, of one image if there is one an image."""
        return math.prod(self.inner)


class Result(NamedTuple):
    """What an operator gives and takes.

    Attributes:
        output: that it gives.
        scratch: elements of scratch space, of one image.
        products: multiplications, of one image.
        packed: elements of its own copy of the weights, in the order in which they are multiplied: it holds them
            from the moment that a file is opened.
    """

    output: Value
    scratch: int = 0
    products: int = 0
    packed: int = 0


Inputs = Sequence[Value]
Attributes = Mapping[str, Any]
Rule = Callable[[Inputs, Attributes], Result]


def filled_up(count: int) -> int:
    """As many channels or columns as onnxruntime makes of these."""
    return -(-count // BLOCK) * BLOCK


def images(like: Value, inner: Sequence[int], **cost: int) -> Result:
    """The result that is one array an image, of the element type of another."""
    return Result(Value(like.element_type, (None, *inner)), **cost)


def known(like: Value, numbers: Numbers) -> Result:
    """The result that is a row of known integers.

    Raises:
        ValueError: none, or more than say a shape.
    """
    if not 0 < len(numbers) <= FEW:
        raise ValueError(f"a shape of {len(numbers)} numbers")
    return Result(Value(like.element_type, (len(numbers),), numbers))


def row(value: Value) -> Numbers:
    """The numbers of a row of integers, None for N.

    Raises:
        ValueError: it is no row, or its numbers are not known.
    """
    if value.numbers is None or len(value.shape) != 1:
        raise ValueError("a shape that is not known beforehand")
    return value.numbers


def integers(value: Value) -> list[int]:
    """The numbers of a row, none of which depends on N.

    Raises:
        ValueError: they are not known, or one does.
    """
    numbers = row(value)
    found = [number for number in numbers if number is not None]
    if len(found) != len(numbers):
        raise ValueError("the number of images where it should not count")
    return found
