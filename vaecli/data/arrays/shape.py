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

    Rows of pixels (N, H * W) are grey images if `size`, rows and columns, is given: of that size, or square where
    their number of pixels is another. Without it they could be one picture as well.

    Raises:
        DataError: it is another shape; the hint says how to change it.
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
    """Return whether three axes are (H, W, C) of one picture; images of 4 columns have few rows."""
    return shape[2] in _COLOURS or (shape[2] == 4 and shape[1] > _MOST_ROWS_OF_4)


def grey_sides(count: int, size: tuple[int, int] | None, source: str) -> tuple[int, int]:
    """Return rows and columns of images of `count` grey pixels: `size` if it fits, else square ones.

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
    """Return whether `count` pixels are an image of `size`, or a square one."""
    return count > 0 and (math.isqrt(count) ** 2 == count or (size is not None and math.prod(size) == count))


def _change(shape: tuple[int, ...]) -> str:
    """Return what to do with an array of another shape."""
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
