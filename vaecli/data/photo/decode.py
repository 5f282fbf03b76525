"""Open a user's picture, of any common kind, as grey or RGB in 8 bits, with its alpha."""

import dataclasses
import pathlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops, ImageOps

from vaecli.data.photo.opening import opening
from vaecli.data.photo.photo_options import AUTO_RANGE, Range
from vaecli.errors import DataError

TRANSPARENT = "transparent parts taken as background"
_ORIENTATION = 0x0112
_ENOUGH = 750  # pixels of a side of a user's JPEG that are decoded, at least: a quarter of 4000 x 3000
_BITS = (8, 10, 12, 14, 16)  # of the pixels of cameras and scanners
_FAINT = 16  # of 255: a picture without larger values is black to the eye


@dataclasses.dataclass(frozen=True)
class Opened:
    """A picture in 8 bits.

    Attributes:
        image: of mode L, LA, RGB or RGBA, upright.
        size: (width, height) in the file.
        mode: Pillow's, in the file.
        steps: what was done to it, in short phrases.
    """

    image: Image.Image
    size: tuple[int, int]
    mode: str
    steps: tuple[str, ...]


def open_picture(path: pathlib.Path, *, value_range: Range = AUTO_RANGE) -> Opened:
    """Open a picture and bring it to 8 bits, upright; one nearly black is scaled.

    A JPEG with many pixels is decoded at a half, a quarter or an eighth of its size.

    Raises:
        DataError: missing, a folder, empty, no picture, too large, of an unknown kind, or damaged.
    """
    with opening(path, reduced=True) as image:
        return decode(image, value_range=value_range, reduced=True)


def decode(
    image: Image.Image, *, brighten: bool = True, value_range: Range = AUTO_RANGE, reduced: bool = False
) -> Opened:
    """Decode a picture of `opening` to its end, to 8 bits and upright.

    Args:
        image: not decoded yet.
        brighten: scale a picture that is black to the eye; pictures of a training set stay as they are.
        value_range: the values that are black and white.
        reduced: decode a large JPEG at a part of its size.
    """
    size, mode, steps = image.size, image.mode, []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        steps.append(f"first of {frames} frames")
        image.seek(0)
    is_turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    if is_turned:
        steps.append("turned upright by its EXIF tag")
    if reduced and image.format in ("JPEG", "MPO") and image.draft(None, (_ENOUGH, _ENOUGH)):
        part = round(size[0] / image.size[0])
        steps += [f"read at 1/{part} of its size"] if part > 1 else []
    image.load()
    # the call copies a picture that is upright already; one of several frames may be decoded again without a copy
    upright = ImageOps.exif_transpose(image) if is_turned or frames > 1 else image
    eight_bits, scaled = _to_eight_bits(upright, image.format or "", value_range)
    plain = _to_plain_mode(eight_bits)
    if not scaled and isinstance(value_range, tuple):
        plain, scaled = _stretch(plain, *value_range)
    visible, brightened = _brighten(plain) if brighten and value_range == "auto" else (plain, [])
    return Opened(visible, size, mode, (*steps, *scaled, *brightened))


def decoded_pixels(image: Image.Image) -> int:
    """Return the pixels of an opened picture that `decode` with `reduced` decodes: fewer than it has, of a JPEG."""
    factor = 1
    if image.format in ("JPEG", "MPO"):
        factor = min(8, max(1, min(image.size) // _ENOUGH))
        factor = 1 << (factor.bit_length() - 1)  # Pillow's decoder knows 1, 2, 4 and 8
    return image.width * image.height // factor**2


def separate(image: Image.Image, channels: int) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """Split a picture of mode L, LA, RGB or RGBA into pixels of mode L or RGB, alpha or None, and the steps."""
    steps = []
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None and alpha.getextrema()[0] == 255:
        alpha = None
    opaque = image.convert(image.mode.removesuffix("A")) if image.mode in ("LA", "RGBA") else image
    if channels == 1 and opaque.mode == "RGB" and not _is_grey(opaque):
        steps.append("grey from colour")
    if channels == 3 and opaque.mode == "L":
        steps.append("RGB from grey")
    if alpha is not None:
        steps.append(TRANSPARENT)
    return opaque, alpha, steps


def _stretch(image: Image.Image, low: float, high: float) -> tuple[Image.Image, list[str]]:
    """Scale the values of a picture of 8 bits; its alpha stays."""
    levels = [min(255, max(0, round((value - low) * 255 / (high - low)))) for value in range(256)]
    bands = [
        band if name == "A" else band.point(levels)
        for name, band in zip(image.getbands(), image.split(), strict=True)
    ]
    return Image.merge(image.mode, bands), [f"scaled from {low:g} to {high:g}"]


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """Convert to L or RGB, with A if something in the file is transparent."""
    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode in ("LA", "La"):
        return image.convert("LA")
    if image.mode == "P" and isinstance(image.info.get("transparency"), bytes):
        return image.convert("RGBA")  # its palette has an alpha for each colour
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _brighten(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Scale a picture that is black to the eye: a mask, or 12 bits in 16 of which Pillow keeps the upper 8."""
    if image.mode not in ("L", "RGB"):
        return image, []
    high = max(np.ravel(image.getextrema()))
    if not 0 < high <= _FAINT:
        return image, []
    levels = [min(255, round(value * 255 / high)) for value in range(256)]
    return image.point(levels * len(image.getbands())), [f"scaled from 0 to {high}"]


def _to_eight_bits(image: Image.Image, file_format: str, value_range: Range) -> tuple[Image.Image, list[str]]:
    """Scale whole numbers of more than 8 bits, and floating point, to 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image, []
    values = np.asarray(image).astype(np.float32)
    low, high, step = _range(values, image.mode, file_format, value_range)
    scaled = np.nan_to_num((values - low) / (high - low) * 255, nan=0.0, posinf=255.0, neginf=0.0)
    return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8)), [step] if step else []


def _range(
    values: npt.NDArray[np.float32], mode: str, file_format: str, value_range: Range
) -> tuple[float, float, str]:
    """Return the values that stand for black and white, and what to say of it.

    16-bit files often hold the 10, 12 or 14 bits of a camera, and modes I and F do not give their range at all: the
    smallest usual number of bits that holds all values is taken, else the range of the values themselves.
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise DataError("No pixel of the picture is a finite number.")
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1 and mode == "F":
        return 0.0, 1.0, "scaled from 0 to 1"
    if isinstance(value_range, tuple):
        return (*value_range, f"scaled from {value_range[0]:g} to {value_range[1]:g}")
    of_16 = mode.startswith("I;16") or (mode == "I" and file_format in ("PNG", "PPM"))
    if low >= 0 and high < 2**16:
        bits = 16 if of_16 and value_range == "full" else next(bits for bits in _BITS if high < 2**bits)
        if bits == 8 and not of_16:
            return 0.0, 255.0, ""
        return 0.0, 2.0**bits - 1, f"scaled from {bits} bits{' of 16' if bits < 16 and of_16 else ''}"
    return low, max(high, low + 1), f"scaled from {low:g} to {high:g}"


def has_one_colour(image: Image.Image) -> bool:
    """Say whether all pixels of a picture of mode L or RGB are equal."""
    low, high = np.reshape(image.getextrema(), (-1, 2)).T
    return bool((low == high).all())


def _is_grey(image: Image.Image) -> bool:
    """Say whether the three channels are equal everywhere."""
    red, green, blue = image.split()
    return all(ImageChops.difference(green, plane).getbbox() is None for plane in (red, blue))
