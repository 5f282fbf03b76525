"""Open a user's picture, of any common kind, as grey or RGB in 8 bits, with its alpha."""

import dataclasses
import pathlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from vaecli.errors import DataError
from vaecli.foreign import identify_file

MAX_PIXELS = 80_000_000
"""Larger pictures are refused before they are decoded; a little below where Pillow begins to warn."""

_FORMATS = frozenset(
    {"AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP"}
)  # not all that Pillow opens: EPS starts Ghostscript
_ORIENTATION = 0x0112
_KINDS = "Give a PNG, JPEG or the like."
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
    """Open a picture of up to `MAX_PIXELS` pixels and bring it to 8 bits, upright.

    Pillow's warnings about odd metadata are the caller's to filter: a filter here would act on all threads.

    Raises:
        DataError: missing, a folder, empty, no picture, too large, of an unknown kind, or damaged.
    """
    _check_file(path)
    try:
        with Image.open(path) as image:
            _check_kind(image, path)
            return _decode(image)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise _not_a_picture(path) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{path} must have at most {MAX_PIXELS:,} pixels, got more.") from error
    except Exception as error:  # decoders of damaged files raise nearly anything
        reason = str(error).rstrip(".") or type(error).__name__
        raise DataError(
            f"{path} cannot be decoded: {reason}.", hint="Download or copy the file again."
        ) from error


def _check_file(path: pathlib.Path) -> None:
    try:
        if path.is_dir():
            raise DataError(f"{path} must be a picture, got a folder.")
        if not path.exists():
            raise DataError(f"There is no picture {path}.")
        if not path.is_file():
            raise DataError(f"{path} must be a picture, got something that is not a plain file.")
        if path.stat().st_size == 0:
            raise DataError(f"{path} must be a picture, got an empty file.")
    except (OSError, ValueError) as error:  # no permission; a name too long or with a zero byte
        raise DataError(f"Cannot read {path}: {error}.") from error


def _not_a_picture(path: pathlib.Path) -> DataError:
    foreign = identify_file(path)
    if foreign is None:
        return DataError(f"{path} must be a picture, got a file of an unknown kind.", hint=_KINDS)
    if foreign.kind.endswith("picture"):
        return DataError(f"{path} cannot be decoded: it starts like {foreign.kind}, but it is damaged.")
    return DataError(f"{path} must be a picture, got {foreign.kind}.", hint=foreign.hint or _KINDS)


def _check_kind(image: Image.Image, path: pathlib.Path) -> None:
    width, height = image.size
    if image.format not in _FORMATS:
        raise DataError(f"{path} must be a picture, got a file of the kind {image.format}.", hint=_KINDS)
    if width < 1 or height < 1:
        raise DataError(f"{path} must have pixels, got {width} x {height}.")
    if width * height > MAX_PIXELS:
        raise DataError(f"{path} must have at most {MAX_PIXELS:,} pixels, got {width * height:,}.")


def _decode(image: Image.Image) -> Opened:
    size, mode, steps = image.size, image.mode, []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        steps.append(f"first of {frames} frames")
        image.seek(0)
    if image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        steps.append("turned upright by its EXIF tag")
    image.load()
    upright = ImageOps.exif_transpose(image)
    eight_bits, scaled = _to_eight_bits(upright, image.format or "")
    visible, brightened = _brighten(_to_plain_mode(eight_bits))
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
