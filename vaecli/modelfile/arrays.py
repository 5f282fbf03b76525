"""Numeric arrays as JSON values: type, shape, and little-endian bytes in base64."""

import base64
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

MAX_SIZE = 2**18  # of an axis
MAX_AXES = 4
TYPES: Mapping[str, np.dtype[Any]] = {
    "uint8": np.dtype("u1"),
    "int64": np.dtype("<i8"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}


def pack(array: np.ndarray) -> dict[str, Any]:
    """Encode an array of one of the `TYPES`.

    Raises:
        KeyError: another type.
    """
    kind = array.dtype.name
    content = np.ascontiguousarray(array, TYPES[kind]).tobytes()
    return {"dtype": kind, "shape": list(array.shape), "data": base64.b64encode(content).decode("ascii")}


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """Decode an array; it is read-only.

    Raises:
        ValueError, TypeError, KeyError: the value does not describe an array of finite numbers.
    """
    content = base64.b64decode(packed["data"], validate=True)
    shape = check_shape(packed["shape"])
    kind = TYPES[packed["dtype"]]
    if math.prod(shape) * kind.itemsize != len(content):
        raise ValueError(f"an array of the shape {shape} must have {math.prod(shape):,} values")
    array: np.ndarray = np.frombuffer(content, kind).reshape(shape)
    if not np.isfinite(array).all():
        raise ValueError("an array holds NaN or infinity")
    return array


def check_shape(sizes: Any) -> tuple[int, ...]:
    """Return the sizes as a shape of 1 to 4 axes, none of them empty.

    Raises:
        ValueError: they are no such shape.
    """
    shape = tuple(sizes)
    if (
        not all(type(size) is int and 0 < size <= MAX_SIZE for size in shape)
        or not 1 <= len(shape) <= MAX_AXES
    ):
        raise ValueError(f"an array has the shape {shape}")
    return shape
