"""Open a user's picture, of any common kind, as grey or RGB in 8 bits, with its alpha."""

import dataclasses
import pathlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from vaecli.data.photo.opening import opening
from vaecli.errors import DataError

_ORIENTATION = 0x0112
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


def open_picture(path: pathlib.Path) -> Opened:
    """Open a picture of up to `MAX_PIXELS` pixels and bring it to 8 bits, upright; one nearly black is scaled.

    Raises:
        DataError: missing, a folder, empty, no picture, too large, of an unknown kind, or damaged.
    """
    with opening(path) as image:
        return decode(image)


def decode(image: Image.Image, *, brighten: bool = True) -> Opened:
    """Decode a picture of `opening` to its end, to 8 bits and upright.

    Args:
        image: not decoded yet.
        brighten: scale a picture that is black to the eye; pictures of a training set stay as they are.
    """
    size, mode, steps = image.size, image.mode, []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        steps.append(f"first of {frames} frames")
        image.seek(0)
    if image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        steps.append("turned upright by its EXIF tag")
    image.load()
    upright = ImageOps.exif_transpose(image)
    eight_bits, scaled = _to_eight_bits(upright, image.format or "")
    plain = _to_plain_mode(eight_bits)
    visible, brightened = _brighten(plain) if brighten else (plain, [])
    return Opened(visible, size, mode, (*steps, *scaled, *brightened))


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


def _to_eight_bits(image: Image.Image, file_format: str) -> tuple[Image.Image, list[str]]:
    """Scale whole numbers of more than 8 bits, and floating point, to 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image, []
    values = np.asarray(image).astype(np.float32)
    low, high, step = _range(values, image.mode, file_format)
    scaled = np.nan_to_num((values - low) / (high - low) * 255, nan=0.0, posinf=255.0, neginf=0.0)
    return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8)), [step] if step else []


def _range(values: npt.NDArray[np.float32], mode: str, file_format: str) -> tuple[float, float, str]:
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
    of_16 = mode.startswith("I;16") or (mode == "I" and file_format in ("PNG", "PPM"))
    if low >= 0 and high < 2**16:
        bits = next(bits for bits in _BITS if high < 2**bits)
        if bits == 8 and not of_16:
            return 0.0, 255.0, ""
        return 0.0, 2.0**bits - 1, f"scaled from {bits} bits{' of 16' if bits < 16 and of_16 else ''}"
    return low, max(high, low + 1), f"scaled from {low:g} to {high:g}"
