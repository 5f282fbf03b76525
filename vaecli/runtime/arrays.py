"""Arrays that users pass in: type, shape, range and NaN checked, and converted to what a graph takes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import OptionError
from vaecli.pixels import to_float32

SLACK = 1e-3  # beyond [0, 1], for interpolating resizers and rounding


def image_batch(images: npt.ArrayLike, shape: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    """Images (N, H, W, C), uint8 or floats in [0, 1], as contiguous float32 in [0, 1].

    Args:
        images: of the caller.
        shape: (H, W, C) of the model.

    Raises:
        OptionError: another type, shape or range, NaN or infinity.
    """
    array = _as_array(images, "images")
    _require_shape(array, shape, "images", "H, W, C")
    if array.dtype != np.uint8:
        if array.dtype.kind != "f":
            raise OptionError(
                f"images must be uint8, or floats in [0, 1], got {array.dtype}.",
                hint="Convert 0..255 with .astype(np.uint8), true and false with .astype(np.float32).",
            )
        _require_unit_range(array)
    return np.ascontiguousarray(to_float32(array))


def latent_batch(z: npt.ArrayLike, latent_dim: int) -> npt.NDArray[np.float32]:
    """Latents (N, D), whole numbers or floats, as contiguous float32.

    Raises:
        OptionError: another type or shape, NaN or infinity.
    """
    array = _as_array(z, "z")
    _require_shape(array, (latent_dim,), "z", "D")
    if array.dtype.kind not in "iuf":
        raise OptionError(f"z must be floats, got {array.dtype}.")
    with np.errstate(over="ignore"):  # float64 beyond float32 becomes infinity, which is refused below
        latents = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(latents).all():
        raise OptionError("z must be finite, got NaN or infinity.")
    return latents


def _as_array(values: npt.ArrayLike, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(values)
    except (ValueError, TypeError) as error:  # rows of unequal length
        raise OptionError(f"{name} must be one array of numbers: {error}.") from error


def _require_shape(array: npt.NDArray[Any], shape: tuple[int, ...], name: str, letters: str) -> None:
    if array.ndim == len(shape) + 1 and array.shape[1:] == shape:
        return
    raise OptionError(
        f"{name} must have the shape (N, {letters}) = (N, {', '.join(map(str, shape))}), got {array.shape}.",
        hint=_shape_hint(array.shape, shape, name),
    )


def _shape_hint(given: tuple[int, ...], shape: tuple[int, ...], name: str) -> str:
    """The expression that repairs a usual mistake; empty where none is recognised."""
    if given == shape:
        return f"Add the first axis: {name}[None]."
    if shape[-1] == 1 and given[1:] == shape[:-1]:
        return f"Add the channels: {name}[..., None]."
    if len(shape) == 3 and given[1:] == (shape[2], *shape[:2]):
        return f"Put the channels last: np.moveaxis({name}, 1, -1)."
    return ""


def _require_unit_range(array: npt.NDArray[Any]) -> None:
    if array.size == 0:
        return
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise OptionError("images must be finite floats in [0, 1], got NaN or infinity.")
    if low < -SLACK or high > 1 + SLACK:
        hint = (
            "Divide by 255, or pass uint8." if low >= -SLACK else "Scale them, such as (x + 1) / 2 for -1..1."
        )
        raise OptionError(
            f"images must be uint8, or floats in [0, 1], got {low:.4g} to {high:.4g}.", hint=hint
        )
