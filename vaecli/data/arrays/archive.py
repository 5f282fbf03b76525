"""The arrays of a .npz file by name: a ZIP archive of .npy files, each read when it is needed."""

import contextlib
import dataclasses
import pathlib
import struct
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli.data.arrays.header import Header, read_header
from vaecli.data.arrays.npy import AS_BYTES
from vaecli.data.arrays.shape import image_shape
from vaecli.data.arrays.values import read_pixels
from vaecli.data.file_images import StreamedImages
from vaecli.data.idx.folder import STREAM_ABOVE
from vaecli.data.images import Images, require_room
from vaecli.errors import DataError
from vaecli.paths import shown

MOST_RATIO = 1032  # of deflate: a match of 258 bytes costs at least two bits (zlib's technical notes)
MOST_OTHERS = 2**28  # bytes of labels, or of class names
_LOCAL_HEADER = struct.Struct("<26x2H")  # the lengths of name and extra field, which precede a member's data
_SHOWN = 12  # names of arrays in a message
_AGAIN = "Save or copy the file again."


@dataclasses.dataclass(frozen=True)
class Archive:
    """An open .npz file.

    Attributes:
        path: the file.
        zip: the archive.
        members: maps the name of each array, in lower case, to its member of the archive.
    """

    path: pathlib.Path
    zip: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]

    def first(self, names: Iterable[str]) -> str | None:
        """Return the first of `names` that is the name of an array in the file; None if there is none."""
        return next((name for name in names if name in self.members), None)

    def names(self, keys: Iterable[str] | None = None) -> str:
        """Return the names of arrays as the file spells them, for a message: of `keys`, or of all arrays."""
        plain = [_plain(self.members[key]) for key in (self.members if keys is None else keys)]
        texts = [name if name.isprintable() else ascii(name) for name in plain]
        more = f" and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else ""
        return (", ".join(texts[:_SHOWN]) or "none") + more

    def source(self, key: str) -> str:
        """Return the file and the name of an array, for a message."""
        return f"`{self.names([key])}` in {shown(self.path)}"

    def images(self, key: str, size: tuple[int, int] | None, *, stream: bool = True) -> Images:
        """Read an array as images (N, H, W, C).

        If `stream` is set, images of a large uncompressed uint8 array stay in the file and are read when indexed.

        Raises:
            DataError: another shape or range, or too many images for memory.
        """
        member, header = self.members[key], self._header(key)
        shape = image_shape(header.shape, size, header.source)
        is_stored = member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1  # not encrypted
        is_plain = header.dtype == np.uint8 and not header.fortran and is_stored
        if stream and is_plain and header.count > STREAM_ABOVE:
            return StreamedImages(self.path, self._offset(member) + header.length, shape)
        require_room(shape, header.source, hint=f"Save them as a .npy file. {AS_BYTES}")
        images = read_pixels(header, lambda: self._data(member, header)).reshape(shape)
        images.flags.writeable = False
        return images

    def array(self, key: str) -> npt.NDArray[Any]:
        """Read a small array as it is.

        Raises:
            DataError: the array is damaged, holds Python objects, or has more than `MOST_OTHERS` bytes.
        """
        member, header = self.members[key], self._header(key)
        if member.file_size > MOST_OTHERS:
            raise DataError(
                f"{header.source} must have at most {MOST_OTHERS:,} bytes, got {member.file_size:,}."
            )
        with self._data(member, header) as stream:
            parts = [np.empty(0, header.dtype), *header.chunks(stream)]
        return header.restored(np.concatenate(parts))

    def _header(self, key: str) -> Header:
        member = self.members[key]
        with self.zip.open(member) as stream:
            return read_header(stream, member.file_size, self.source(key))

    @contextlib.contextmanager
    def _data(self, member: zipfile.ZipInfo, header: Header) -> Iterator[IO[bytes]]:
        with self.zip.open(member) as stream:
            stream.read(header.length)
            yield stream

    def _offset(self, member: zipfile.ZipInfo) -> int:
        """Return the position of a member's data in the file."""
        with self.path.open("rb") as file:
            file.seek(member.header_offset)
            name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        return member.header_offset + _LOCAL_HEADER.size + int(name_length) + int(extra_length)


@contextlib.contextmanager
def open_archive(path: pathlib.Path) -> Iterator[Archive]:
    """Open a .npz file; errors of the body that come from reading it become a DataError.

    Raises:
        DataError: the file cannot be read or is damaged (one wrong bit makes zipfile and zlib raise any error),
            or a member claims to unpack to over `MOST_RATIO` times its compressed size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_size(path, member)
            yield Archive(path, archive, {_plain(member).lower(): member for member in archive.infolist()})
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except Exception as error:
        raise DataError(f"{path} is damaged: {str(error) or type(error).__name__}.", hint=_AGAIN) from error


def _check_size(path: pathlib.Path, member: zipfile.ZipInfo) -> None:
    if member.file_size > (member.compress_size + 1) * MOST_RATIO:
        raise DataError(
            f"{path}: {member.filename!r} must unpack to at most {MOST_RATIO} times its packed size, "
            f"got {member.file_size:,} of {member.compress_size:,}.",
            hint=_AGAIN,
        )


def _plain(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")
