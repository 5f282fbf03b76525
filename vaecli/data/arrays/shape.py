"""The shape (N, H, W, C) of the images in an array, or why it has none."""

import math

from vaecli.errors import DataError

_COLOURS = (1, 3)
_MOST_ROWS_OF_4 = 16
_EXPECTED = "(N, H, W), (N, H, W, 1) or (N, H, W, 3)"


def image_shape(
    shape: tuple[int, ...], size: tuple[int, int] | None, source: str
) -> tuple[int, int, int, int]:
    """Return the shape (N, H, W, C) of the images in an array of `shape`.

    An array (N, H * W) is N flattened grey images if `size`, rows and columns, is given: of that size, or square if
    `size` has another number of pixels. Without `size` it is refused: it could be one picture as well.

    Raises:
        DataError: `shape` is none of those; the hint says how to change the array.
    """
    if 0 in shape:
        raise DataError(f"{source} must hold images {_EXPECTED}, got none: its shape is {shape}.")
    if len(shape) == 2 and size:
        return shape[0], *grey_sides(shape[1], size, source), 1
    if len(shape) == 3 and not _is_one_picture(shape):
        return shape[0], shape[1], shape[2], 1
    if len(shape) == 4 and shape[-1] in _COLOURS:
        return shape[0], shape[1], shape[2], shape[3]
    raise DataError(f"{source} must hold images {_EXPECTED}, got the shape {shape}.", hint=_change(shape))


def _is_one_picture(shape: tuple[int, ...]) -> bool:
    """Return whether a shape of three axes is (H, W, C) of one picture, not (N, H, W) of grey images.

    A last axis of 4 means channels only if the axis before it is above `_MOST_ROWS_OF_4`.
    """
    return shape[2] in _COLOURS or (shape[2] == 4 and shape[1] > _MOST_ROWS_OF_4)


def grey_sides(count: int, size: tuple[int, int] | None, source: str) -> tuple[int, int]:
    """Return the rows and columns of a grey image of `count` pixels: `size` if its area is `count`, else a square.

    Raises:
        DataError: neither fits.
    """
    if is_grey_image(count, size):
        return size if size and math.prod(size) == count else (math.isqrt(count), math.isqrt(count))
    got = f", which is not --image-size {size[0]}x{size[1]} either" if size else ""
    raise DataError(
        f"{source} must have a square number of pixels in each image, such as 784, got {count:,}{got}.",
        hint="Give rows and columns of grey images: --image-size HEIGHTxWIDTH.",
    )


def is_grey_image(count: int, size: tuple[int, int] | None) -> bool:
    """Return whether a grey image of `count` pixels can be of `size`, or square."""
    return count > 0 and (math.isqrt(count) ** 2 == count or (size is not None and math.prod(size) == count))


def _change(shape: tuple[int, ...]) -> str:
    """Return a hint how to change an array of a shape that is not accepted."""
    if len(shape) == 2:
        side = math.isqrt(shape[1])
        size = str(side) if side**2 == shape[1] else "HEIGHTxWIDTH"
        return (
            f"If each of {shape[0]:,} rows is an image, add --image-size {size}; "
            "if it is one picture, put it and others into one array: np.stack(pictures)."
        )
    if len(shape) == 3:
        return "If it is one picture, put it and others into one array: np.stack(pictures)."
    if len(shape) == 4 and shape[1] in _COLOURS:
        return "If its second axis is colour, save np.moveaxis(images, 1, -1)."
    if len(shape) == 4 and shape[-1] in (2, 4):
        return f"Save the colours without the alpha: images[..., :{shape[-1] - 1}]."
    return "Reshape it so that the first axis counts the images: images.reshape(N, H, W)."
