"""One picture: its header, or its image and its record."""

import hashlib
import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from vaecli.data.collection.listing import Content
from vaecli.data.collection.records import BAD, COLOURED, GOOD, GREY, MODES, UNKNOWN, UNREACHABLE
from vaecli.data.photo.decode import Opened, decode, decoded_pixels
from vaecli.data.photo.opening import opening
from vaecli.data.photo.reading import Reading
from vaecli.errors import DataError
from vaecli.foreign import HEIC
from vaecli.paths import shown
from vaecli.pixels import Pixels

_BAND_BYTES = 2**22  # of a decoded picture, looked at together
_GREY_MODES = ("1", "L", "LA", "La", "F", "I")  # and those of 16 bits, which begin with I
_BYTES_PER_PIXEL = 12  # of a picture that is decoded, converted and turned
DECODING_BYTES = 2**27  # of all pictures that are decoded at a time; a larger one is decoded alone


Stamp = tuple[int, int]  # size of a file in bytes, and when it was last changed, in nanoseconds


class Header(NamedTuple):
    """Width and height of a picture in its file, 0 if unreadable, and whether it is grey."""

    width: int
    height: int
    grey: int


class Examined(NamedTuple):
    """A decoded picture: the fields of its record, its image (H, W, C) if it is good, and why it is bad."""

    fields: dict[str, Any]
    image: Pixels | None
    reason: str


class Budget:
    """Bytes that threads reserve before they decode; one that needs more than all of them waits to be alone."""

    def __init__(self, total: int = DECODING_BYTES) -> None:
        self._free, self._total = total, total
        self._changed = threading.Condition()

    @contextmanager
    def reserved(self, image: Image.Image, *, reduced: bool = False) -> Iterator[None]:
        """Reserve what decoding a picture takes while the body runs; with `reduced`, at a part of its size."""
        pixels = decoded_pixels(image) if reduced else image.width * image.height
        count = min(self._total, pixels * _BYTES_PER_PIXEL)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        try:
            yield
        finally:
            with self._changed:
                self._free += count
                self._changed.notify_all()


def header(content: Content, budget: Budget, *, colour: bool) -> Header:
    """Read the header of a picture, and decode it if `colour` is set and the header does not tell its colour."""
    width, height, grey = 0, 0, UNKNOWN
    try:
        with _opening(content, "") as image:
            (width, height), grey = image.size, _grey_by_mode(image.mode)
            if colour and grey == UNKNOWN:
                with budget.reserved(image):
                    _, grey = _look(decode(image, brighten=False))
    except DataError:
        pass  # the build says why
    return Header(width, height, grey)


def examine(content: Content, name: str, stamp: Stamp, reading: Reading, budget: Budget) -> Examined:
    """Decode a picture to its end and bring it to the shape of the images; what is wrong with it is the reason.

    Args:
        content: its file or its content.
        name: in the listing.
        stamp: size and time of the file, as listed.
        reading: how it becomes an image.
        budget: shared by all threads.
    """
    fields: dict[str, Any] = {"state": BAD}
    try:
        with _opening(content, name) as image:
            fields |= {"width": image.width, "height": image.height, "grey": _grey_by_mode(image.mode)}
            fields["mode"] = MODES.index(image.mode) if image.mode in MODES else 0
            with budget.reserved(image):
                opened = decode(image, brighten=False)
                fields["width"], fields["height"] = opened.image.size  # upright
                pixels, grey = _look(opened)
                pixels_of_image = reading.apply(opened)
    except DataError as error:
        if isinstance(content, pathlib.Path) and (reason := _unreachable(content, stamp)):
            return Examined(fields | {"state": UNREACHABLE}, None, reason)
        return Examined(fields, None, _reason(error, name))
    if isinstance(content, pathlib.Path) and (reason := _unreachable(content, stamp)):
        return Examined(fields | {"state": UNREACHABLE}, None, reason)
    return Examined(fields | {"state": GOOD, "pixels": pixels, "grey": grey}, pixels_of_image, "")


def _reason(error: DataError, name: str) -> str:
    """Return what an error says of the picture `name`, without a full stop; its hint if that is how to read it."""
    reason = error.message.removeprefix(name).strip().rstrip(".")
    hint = error.hint.rstrip(".")
    return f"{reason}; {hint[0].lower()}{hint[1:]}" if HEIC in reason and hint else reason


@contextmanager
def _opening(content: Content, name: str) -> Iterator[Image.Image]:
    """Open a picture.

    Raises:
        DataError: it cannot be read as a picture, or is a damaged member of an archive.
    """
    if isinstance(content, DataError):
        raise content
    with opening(content, name) if name else opening(content) as image:
        yield image


def _unreachable(path: pathlib.Path, stamp: Stamp) -> str:
    """Return why a file cannot be read as it was listed; empty if it can."""
    try:
        with path.open("rb") as file:
            file.read(1)
        status = path.stat()
    except FileNotFoundError:
        return "is gone: it was removed while the pictures were read"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except ValueError as error:
        return f"cannot be read: {error} ({shown(path)!r})"
    if (status.st_size, status.st_mtime_ns) != stamp:
        return "changed while the pictures were read"
    return ""


def is_reachable(path: pathlib.Path, stamp: Stamp) -> bool:
    """Return whether a file can be read as it was listed."""
    return not _unreachable(path, stamp)


def _grey_by_mode(mode: str) -> int:
    """Return what the mode of a picture in its file says of its colour."""
    return GREY if mode in _GREY_MODES or mode.startswith("I;16") else UNKNOWN


def _look(opened: Opened) -> tuple[int, int]:
    """Return a hash of the pixels of a decoded picture, and whether it is grey."""
    image = opened.image
    digest = hashlib.blake2b(f"{opened.mode};{image.mode};{image.size};".encode(), digest_size=8)
    grey = GREY
    height = max(1, _BAND_BYTES // (image.width * len(image.getbands())))
    for top in range(0, image.height, height):
        part = image
        if height < image.height:
            part = image.crop((0, top, image.width, min(top + height, image.height)))
        digest.update(part.tobytes())
        if grey == GREY and image.mode in ("RGB", "RGBA"):
            values = np.asarray(part)
            alike = np.array_equal(values[..., 0], values[..., 1]) and np.array_equal(
                values[..., 1], values[..., 2]
            )
            grey = GREY if alike else COLOURED
    return int.from_bytes(digest.digest(), "little"), grey
