"""Arrays as JSON values in the metadata: type, shape, and little-endian bytes in base64."""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

MAX_SIZE = 2**18  # of an axis
MAX_AXES = 4
MAX_PARTS = 10_000  # objects, lists and values of an entry
# what a malformed entry raises, wherever it is read
MALFORMED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
TYPES: Mapping[str, np.dtype[Any]] = {
    "uint8": np.dtype("u1"),
    "int64": np.dtype("<i8"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}


def pack(array: np.ndarray) -> dict[str, Any]:
    """Encode an array of one of the `TYPES` as a JSON value.

    Raises:
        KeyError: the array has another type.
        ValueError: `unpack` would refuse the array.
    """
    kind = array.dtype.name
    stored = np.ascontiguousarray(array, TYPES[kind])
    _require_finite(stored)
    check_shape(array.shape)  # `stored` has at least one axis
    return {
        "dtype": kind,
        "shape": list(array.shape),
        "data": base64.b64encode(stored.tobytes()).decode("ascii"),
    }


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """Decode an array from its JSON value; the array is read-only.

    Raises:
        ValueError, TypeError, LookupError: the value does not describe an array of finite numbers.
    """
    content = base64.b64decode(packed["data"], validate=True)
    shape = check_shape(packed["shape"])
    kind = TYPES[packed["dtype"]]
    if math.prod(shape) * kind.itemsize != len(content):
        raise ValueError(
            f"an array of {shape} must have {math.prod(shape) * kind.itemsize:,} bytes, got {len(content):,}"
        )
    array: np.ndarray = np.frombuffer(content, kind).reshape(shape)
    _require_finite(array)
    return array


def load(text: str) -> Any:
    """Parse the JSON of a metadata entry.

    Raises:
        ValueError, RecursionError: not JSON, or more than 10,000 objects, lists and values, which would take too
            much memory.
    """
    if sum(text.count(mark) for mark in "[{,") > MAX_PARTS:
        raise ValueError(f"their JSON must have at most {MAX_PARTS:,} objects, lists and values, got more")
    return json.loads(text)


def check_shape(sizes: Any) -> tuple[int, ...]:
    """Return `sizes` as a tuple, if they are a shape of 1 to 4 axes with at least one element each.

    Raises:
        ValueError: `sizes` are not such a shape, or an axis has more than 2**18 elements.
    """
    shape = tuple(sizes)
    fits = all(type(size) is int and 0 < size <= MAX_SIZE for size in shape)
    if not fits or not 1 <= len(shape) <= MAX_AXES:
        raise ValueError(
            f"a shape must have 1 to {MAX_AXES} sizes of 1 to {MAX_SIZE:,}, got {str(shape)[:80]}"
        )
    return shape


def _require_finite(array: np.ndarray) -> None:
    if not np.isfinite(array).all():
        raise ValueError("an array must be finite, got NaN or infinity")
