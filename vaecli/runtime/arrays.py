"""Arrays from callers: type, shape, range and NaN checked, then converted to what a graph takes."""

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import OptionError
from vaecli.pixels import to_float32

SLACK = 1e-3  # beyond [0, 1], for rounding and for resizing filters that overshoot
LARGEST_Z = 1e6  # of a latent; much larger ones overflow inside a decoder, which then gives NaN


def image_batch(
    images: npt.ArrayLike, shape: tuple[int, int, int], *, name: str = "images"
) -> npt.NDArray[np.float32]:
    """Convert images (N, H, W, C), uint8 or floats in [0, 1], to contiguous float32 in [0, 1].

    Args:
        images: array or nested lists.
        shape: (H, W, C) of the model.
        name: name of the argument, for messages.

    Raises:
        OptionError: another type, shape or range, masked values, NaN or infinity.
    """
    array = _as_array(images, name)
    if array.shape[1:] != shape:
        raise _wrong_shape(array, (None, *shape), name, "N, H, W, C")
    if array.dtype != np.uint8:
        if array.dtype.kind != "f":
            raise OptionError(
                f"{name} must be uint8, or floats in [0, 1], got {array.dtype}.",
                hint="Convert 0..255 with .astype(np.uint8), true and false with .astype(np.float32).",
            )
        _require_unit_range(array, name)
    return np.ascontiguousarray(to_float32(array))


def single_image(image: npt.ArrayLike, shape: tuple[int, int, int], *, name: str) -> npt.NDArray[np.float32]:
    """Convert one image (H, W, C) to a batch (1, H, W, C), as `image_batch` does.

    Raises:
        OptionError: another type, shape or range, masked values, NaN or infinity.
    """
    array = _as_array(image, name)
    if array.shape != shape:
        raise _wrong_shape(array, shape, name, "H, W, C")
    return image_batch(array[np.newaxis], shape, name=name)


def latent_batch(z: npt.ArrayLike, latent_dim: int) -> npt.NDArray[np.float32]:
    """Convert latents (N, D), integers or floats, to contiguous float32.

    Raises:
        OptionError: another type or shape, masked values, NaN, or a number beyond 1e6.
    """
    array = _as_array(z, "z")
    if array.shape[1:] != (latent_dim,):
        raise _wrong_shape(array, (None, latent_dim), "z", "N, D")
    if array.dtype.kind not in "iuf":
        raise OptionError(
            f"z must be numbers, got {array.dtype}.", hint="Convert z with .astype(np.float32)."
        )
    low, high = _extremes(array)
    if not -LARGEST_Z <= low <= high <= LARGEST_Z:
        raise OptionError(f"z must be within {-LARGEST_Z:.0e} and {LARGEST_Z:.0e}, got {_range(low, high)}.")
    return np.ascontiguousarray(array, dtype=np.float32)


def _as_array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    masked = sys.modules.get("numpy.ma")  # without it there is no masked array; importing it costs 15 ms
    if masked and isinstance(values, masked.MaskedArray) and masked.is_masked(values):
        raise OptionError(f"{name} must not have masked values.", hint=f"Fill them: {name}.filled(0).")
    try:
        return np.asarray(values)
    except MemoryError:
        raise
    except Exception as error:  # rows of unequal length; a tensor of another library raises what it likes
        raise OptionError(f"{name} must be one array of numbers: {str(error)[:200].rstrip('.')}.") from error


def _wrong_shape(array: npt.NDArray[Any], shape: tuple[int | None, ...], name: str, axes: str) -> OptionError:
    """Return the error for an array whose shape is not `shape`, where None stands for any size."""
    sizes = ", ".join("N" if size is None else str(size) for size in shape)
    return OptionError(
        f"{name} must have the shape ({axes}) = ({sizes}), got {array.shape}.",
        hint=_shape_hint(array.shape, shape, name),
    )


def _shape_hint(actual: tuple[int, ...], shape: tuple[int | None, ...], name: str) -> str:
    """Return a hint with the expression that repairs a common wrong shape; empty for other shapes."""
    first = 1 if shape[0] is None else 0  # the place of the first axis of an item
    item_shape = shape[first:]
    if first and actual == item_shape:
        return f"Add the first axis: {name}[None]."
    if len(item_shape) != 3:
        return ""
    *area, channels = item_shape
    if channels == 1 and actual == tuple(area):
        return f"Add the missing axes: {name}[{'None, ' * first}..., None]."
    if channels == 1 and actual[first:] == tuple(area):
        return f"Add the channels: {name}[..., None]."
    if actual[first:] == (channels, *area):
        return f"Put the channels last: np.moveaxis({name}, {first}, -1)."
    return ""


def _require_unit_range(array: npt.NDArray[Any], name: str) -> None:
    low, high = _extremes(array)
    if -SLACK <= low <= high <= 1 + SLACK:
        return
    hint = "Divide by 255, or pass uint8." if low >= -SLACK else "Scale them, such as (x + 1) / 2 for -1..1."
    is_finite = np.isfinite(low) and np.isfinite(high)
    raise OptionError(
        f"{name} must be uint8, or floats in [0, 1], got {_range(low, high)}.", hint=hint if is_finite else ""
    )


def _extremes(array: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the least and the greatest value; both are NaN if any value is NaN, and 0 for an empty array.

    `argmin` and `argmax` take 0.4 us each for one image, `min` and `max` 3 us.
    """
    if array.size == 0:
        return 0.0, 0.0
    values = array.reshape(-1)
    return values.item(values.argmin()), values.item(values.argmax())


def _range(low: float, high: float) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return "NaN or infinity"
    return f"{low:.4g} to {high:.4g}"
