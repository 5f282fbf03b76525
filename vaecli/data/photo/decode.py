"""Open a user's picture, whatever its kind, as grey or RGB in 8 bits, with its alpha."""

import dataclasses
import pathlib
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from vaecli.errors import DataError

MAX_PIXELS = 80_000_000
"""Larger pictures are refused before they are decoded; a little below where Pillow begins to warn."""

_FORMATS = frozenset(
    {"AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TGA", "TIFF", "WEBP"}
)  # not all that Pillow opens: EPS starts Ghostscript
_ORIENTATION = 0x0112
_KINDS = "Give a PNG, JPEG or the like."


@dataclasses.dataclass(frozen=True)
class Opened:
    """A picture as it was found: `image` of mode L, LA, RGB or RGBA, its size before, and what was done."""

    image: Image.Image
    size: tuple[int, int]
    mode: str
    steps: tuple[str, ...]


def open_picture(path: pathlib.Path) -> Opened:
    """Open any picture of up to `MAX_PIXELS` pixels and bring it to 8 bits, upright.

    Raises:
        DataError: missing, a folder, empty, no picture, too large, of a kind not known here, or damaged.
    """
    _check_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning)  # of odd metadata, which decide nothing
            with Image.open(path) as image:
                _check_kind(image, path)
                return _decode(image)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{path} is no picture that can be read.", hint=_KINDS) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(f"{path} has more than {MAX_PIXELS:,} pixels, the most that is read.") from error
    except Exception as error:  # decoders of damaged files raise nearly anything
        reason = str(error).rstrip(".") or type(error).__name__
        raise DataError(f"{path} cannot be decoded: {reason}.") from error


def _check_file(path: pathlib.Path) -> None:
    try:
        if path.is_dir():
            raise DataError(f"Expected a picture; {path} is a folder.")
        if not path.exists():
            raise DataError(f"There is no picture {path}.")
        if not path.is_file():
            raise DataError(f"Expected a picture; {path} is not a plain file.")
        if path.stat().st_size == 0:
            raise DataError(f"Expected a picture; {path} is empty.")
    except (OSError, ValueError) as error:  # no permission; a name too long or with a zero byte
        raise DataError(f"Cannot read {path}: {error}.") from error


def _check_kind(image: Image.Image, path: pathlib.Path) -> None:
    width, height = image.size
    if image.format not in _FORMATS:
        raise DataError(f"{path} is a {image.format} file.", hint=_KINDS)
    if width < 1 or height < 1:
        raise DataError(f"{path} is {width} x {height} pixels: nothing to see.")
    if width * height > MAX_PIXELS:
        raise DataError(f"{path} has {width * height:,} pixels; at most {MAX_PIXELS:,} are read.")


def _decode(image: Image.Image) -> Opened:
    size, mode, steps = image.size, image.mode, []
    if (frames := getattr(image, "n_frames", 1)) > 1:
        steps.append(f"first of {frames} frames")
        image.seek(0)
    if image.getexif().get(_ORIENTATION, 1) in range(2, 9):
        steps.append("turned upright by its EXIF tag")
    image.load()
    upright = ImageOps.exif_transpose(image)
    plain, scaled = _to_eight_bits(upright, image.format or "")
    return Opened(_to_plain_mode(plain), size, mode, (*steps, *scaled))


def _to_plain_mode(image: Image.Image) -> Image.Image:
    """L or RGB, with A where something says what is transparent."""
    if image.mode in ("L", "LA", "RGB", "RGBA") and "transparency" not in image.info:
        return image
    if image.mode in ("LA", "La"):
        return image.convert("LA")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _to_eight_bits(image: Image.Image, file_format: str) -> tuple[Image.Image, list[str]]:
    """Scale whole numbers of more than 8 bits and floating point to 8 bits."""
    if not image.mode.startswith(("I", "F")):
        return image, []
    values = np.asarray(image).astype(np.float32)
    low, high, phrase = _range(values, image.mode, file_format)
    scaled = np.nan_to_num((values - low) / (high - low) * 255, nan=0.0, posinf=255.0, neginf=0.0)
    return Image.fromarray(np.rint(scaled.clip(0, 255)).astype(np.uint8)), [phrase] if phrase else []


def _range(values: npt.NDArray[np.float32], mode: str, file_format: str) -> tuple[float, float, str]:
    """The values that stand for black and white, and what to say of it.

    Modes I;16 say what they are, and so do PNG and PPM, whose mode I is 16 bits. Elsewhere mode I and F say
    nothing of their range: the smallest usual one that holds the values is taken, else their own.
    """
    if mode.startswith("I;16") or (mode == "I" and file_format in ("PNG", "PPM")):
        return 0.0, 65535.0, "scaled from 16 bits"
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        raise DataError("no pixel is a finite number")
    low, high = float(finite.min()), float(finite.max())
    if low >= 0 and high <= 1 and mode == "F":
        return 0.0, 1.0, "scaled from 0 to 1"
    if low >= 0 and high <= 255:
        return 0.0, 255.0, ""
    if low >= 0 and high <= 65535:
        return 0.0, 65535.0, "scaled from 16 bits"
    return low, max(high, low + 1), f"scaled from {low:g} to {high:g}"
