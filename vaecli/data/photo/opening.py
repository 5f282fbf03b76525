"""Open a user's picture without decoding it, and say what is wrong with a file that is none."""

import contextlib
import errno
import functools
import io
import logging
import pathlib
import stat
import threading
from collections.abc import Iterator

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from vaecli.errors import DataError
from vaecli.foreign import HEIC, START, Foreign, identify, identify_file

MAX_PIXELS = 80_000_000
"""Larger pictures are refused before they are decoded; a little below where Pillow begins to warn."""

MAX_REDUCED = 300_000_000
"""Pixels of a JPEG that is decoded at an eighth of its size, or a quarter."""

_JPEG = b"\xff\xd8\xff"
_FORMATS = frozenset(
    [
        "AVIF",
        "BMP",
        "DIB",
        "GIF",
        "HEIF",
        "ICO",
        "JPEG",
        "JPEG2000",
        "MPO",
        "PNG",
        "PPM",
        "TGA",
        "TIFF",
        "WEBP",
    ]
)  # not all that Pillow opens: EPS starts Ghostscript
_REGISTERING = threading.Lock()
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_KINDS = "Give a PNG, JPEG or the like."
logging.getLogger("PIL").addHandler(logging.NullHandler())  # else Python prints its warnings on stderr


@contextlib.contextmanager
def opening(source: pathlib.Path | bytes, name: str = "", *, reduced: bool = False) -> Iterator[Image.Image]:
    """Open a picture without decoding it, check its kind and size, and translate the errors of the body.

    Pillow's warnings about odd metadata are the caller's to filter: a filter here would act on all threads.

    Args:
        source: its file, or its content.
        name: for messages; the path if it is left out.
        reduced: open JPEGs of up to `MAX_REDUCED` pixels, which the caller decodes at a part of their size.

    Raises:
        DataError: as `open_picture`.
    """
    name = name or str(source if isinstance(source, pathlib.Path) else "the picture")
    if isinstance(source, pathlib.Path):
        _check_file(source, name)
    elif not source:
        raise DataError(f"{name} must be a picture, got an empty file.")
    try:
        with (_open_large_jpeg(source) if reduced else None) or _open(source) as image:
            _check_kind(image, name, reduced=reduced)
            yield image
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise _not_a_picture(source, name) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        hint = "Save it with 10,000 x 8,000 pixels or fewer, or as a JPEG that is not progressive."
        raise DataError(f"{name} must have at most {MAX_PIXELS:,} pixels, got more.", hint=hint) from error
    except Exception as error:  # decoders of damaged files raise nearly anything
        reason = str(error).rstrip(".") or type(error).__name__
        raise DataError(
            f"{name} cannot be decoded: {reason}.", hint="Download or copy the file again."
        ) from error


def _open_large_jpeg(source: pathlib.Path | bytes) -> Image.Image | None:
    """Open a JPEG above Pillow's limit, without its warning, or return None."""
    start = source[:3] if isinstance(source, bytes) else _start(source)
    if start != _JPEG:
        return None
    image = JpegImagePlugin.JpegImageFile(source if isinstance(source, pathlib.Path) else io.BytesIO(source))
    if image.width * image.height > MAX_PIXELS:
        return image
    image.close()
    return None


def _start(path: pathlib.Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(_JPEG))


def _open(source: pathlib.Path | bytes) -> Image.Image:
    """Open a picture; the package for HEIC is loaded when the first one is met."""
    try:
        return Image.open(source if isinstance(source, pathlib.Path) else io.BytesIO(source))
    except UnidentifiedImageError:
        foreign = _identify(source)
        if foreign is None or foreign.kind != HEIC or not register_heif():
            raise
    return Image.open(source if isinstance(source, pathlib.Path) else io.BytesIO(source))


@functools.lru_cache(maxsize=1)
def _register_heif() -> bool:
    try:
        import pi_heif  # noqa: PLC0415  # optional
    except ImportError:
        return False
    pi_heif.register_heif_opener()
    return True


def register_heif() -> bool:
    """Let Pillow open HEIC photos, and return whether the package for that is installed; threads may call this."""
    with _REGISTERING:
        return _register_heif()


def _check_file(path: pathlib.Path, name: str) -> None:
    try:
        status = path.stat()  # once: there may be a million files
    except (
        OSError,
        ValueError,
    ) as error:  # nothing there; no permission; a name too long or with a zero byte
        if isinstance(error, OSError) and error.errno in _ABSENT:
            raise DataError(f"There is no picture {name}.") from error
        raise DataError(f"Cannot read {name}: {error}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise DataError(f"{name} must be a picture, got a folder.")
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{name} must be a picture, got something that is not a plain file.")
    if status.st_size == 0:
        raise DataError(f"{name} must be a picture, got an empty file.")


def _identify(source: pathlib.Path | bytes) -> Foreign | None:
    return identify_file(source) if isinstance(source, pathlib.Path) else identify(source[:START], "")


def _not_a_picture(source: pathlib.Path | bytes, name: str) -> DataError:
    foreign = _identify(source)
    if foreign is None:
        return DataError(f"{name} must be a picture, got a file of an unknown kind.", hint=_KINDS)
    if foreign.kind == HEIC and not register_heif():
        hint = f'Install what reads it: pip install "vaecli[heic]". Or: {foreign.hint}'
        return DataError(f"{name} must be a picture, got {HEIC}.", hint=hint)
    if foreign.kind.endswith("picture") or foreign.kind == HEIC:
        return DataError(f"{name} cannot be decoded: it starts like {foreign.kind}, but it is damaged.")
    return DataError(f"{name} must be a picture, got {foreign.kind}.", hint=foreign.hint or _KINDS)


def _too_large(name: str, most: int, got: str, size: tuple[int, int] | None = None) -> DataError:
    hint = ""
    if size is not None:
        scale = (most / (size[0] * size[1])) ** 0.5
        hint = f"Save it with {int(size[0] * scale):,} x {int(size[1] * scale):,} pixels or fewer."
    return DataError(f"{name} must have at most {most:,} pixels, got {got}.", hint=hint)


def _check_kind(image: Image.Image, name: str, *, reduced: bool) -> None:
    width, height = image.size
    if image.format not in _FORMATS:
        raise DataError(f"{name} must be a picture, got a file of the kind {image.format}.", hint=_KINDS)
    if width < 1 or height < 1:
        raise DataError(f"{name} must have pixels, got {width} x {height}.")
    progressive = (
        "progressive" in image.info or "progression" in image.info
    )  # all its pixels are kept in memory
    is_reduced = reduced and image.format == "JPEG" and not progressive
    most = MAX_REDUCED if is_reduced else MAX_PIXELS
    if width * height > most:
        raise _too_large(name, most, f"{width * height:,}", (width, height))
