"""IDX, the file format of MNIST.

Two zero bytes, a type, the number of axes, the size of each as a big-endian uint32, then the data.
Source: "The MNIST database of handwritten digits", LeCun, Cortes and Burges, section "File formats".
"""

import gzip
import hashlib
import io
import math
import pathlib
import struct
import zlib

import numpy as np
import numpy.typing as npt

from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError
from vaecli.foreign import START, Foreign, identify

_Stream = gzip.GzipFile | io.BufferedReader
_UINT8 = 8
_MAX_AXES = 4
_GZIP_MAGIC = b"\x1f\x8b"
_AGAIN = "Download or copy the file again."
_MAX_DEFLATE_RATIO = 1032  # a match of 258 bytes costs at least two bits: zlib's technical notes


def read_idx(path: pathlib.Path) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes, gzipped or not (its first bytes decide, not its name).

    Returns a read-only array of the shape in the header, 1 to 4 axes. Before anything is allocated, the size in
    the header is compared with the size of the file; decompression stops at the size in the header.

    Raises:
        DataError: missing, empty, not IDX, another type than uint8, too short, too long, or corrupt gzip.
    """
    try:
        if not path.is_file():
            raise DataError(f"{path} must be an IDX file, got {_kind_of_path(path)}.")
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if zipped else file as stream:
                return _read(stream, path, zipped=zipped)
    except EOFError as error:
        raise DataError(f"{path}: the gzip data is cut short.", hint=_AGAIN) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: corrupt gzip data ({error}).", hint=_AGAIN) from error
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error


def open_idx(path: pathlib.Path) -> StreamedImages | None:
    """Open the images (N, H, W) or (N, H, W, C) of an uncompressed IDX file, to be read when they are indexed.

    Returns None for any other file, and for one whose length is not the length in its header; the caller then
    calls `read_idx`, which reads the file or raises the error.
    """
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            start = file.read(4)
            if start[:3] != bytes([0, 0, _UINT8]) or start[3:] not in (b"\3", b"\4"):
                return None
            shape = struct.unpack(f">{start[3]}I", file.read(4 * start[3]))
        length = path.stat().st_size
    except (OSError, struct.error):
        return None
    if 0 in shape or length != content_length(shape):
        return None
    return StreamedImages(path, len(idx_header(shape)), (shape[0], shape[1], shape[2], math.prod(shape[3:])))


def encode_idx(array: npt.NDArray[np.uint8]) -> bytes:
    """Return the IDX file of `array`, uint8 of 1 to 4 axes, not compressed."""
    return idx_header(array.shape) + np.ascontiguousarray(array, np.uint8).tobytes()


def idx_header(shape: tuple[int, ...]) -> bytes:
    """Return the header of an IDX file of bytes that holds an array of `shape`."""
    return struct.pack(f">HBB{len(shape)}I", 0, _UINT8, len(shape), *shape)


def content_sha256(array: npt.NDArray[np.uint8]) -> str:
    """Return the SHA-256 of the uncompressed IDX file that holds `array`, in hexadecimal."""
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def content_length(shape: tuple[int, ...]) -> int:
    """Return the number of bytes of the uncompressed IDX file that holds an array of `shape`."""
    return 4 + 4 * len(shape) + math.prod(shape)


def looks_whole(path: pathlib.Path, length: int) -> bool:
    """Return whether a file, gzipped or not, seems to hold IDX content of `length` bytes uncompressed.

    Only the length is compared: that of the file, or that in the last four bytes of a gzip file (RFC 1952). A file
    that is cut short is noticed; wrong content of the right length is not.
    """
    try:
        if not path.is_file():  # a named pipe would wait for a writer
            return False
        with path.open("rb") as file:
            if file.read(2) != _GZIP_MAGIC:
                return path.stat().st_size == length
            file.seek(-4, 2)
            return int.from_bytes(file.read(4), "little") == length % 2**32
    except OSError:
        return False


def _kind_of_path(path: pathlib.Path) -> str:
    if path.is_dir():
        return "a folder"
    return "something that is not a plain file" if path.exists() else "nothing"


def _read(stream: _Stream, path: pathlib.Path, *, zipped: bool) -> npt.NDArray[np.uint8]:
    shape = _read_shape(stream, path)
    _check_plausible(content_length(shape), path, zipped=zipped)
    data = stream.read(math.prod(shape))
    if len(data) != math.prod(shape) or stream.read(1):
        actual = "more" if len(data) == math.prod(shape) else f"{len(data):,}"
        raise DataError(
            f"{path} must have {math.prod(shape):,} bytes of data by its header, got {actual}.", hint=_AGAIN
        )
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_shape(stream: _Stream, path: pathlib.Path) -> tuple[int, ...]:
    start = stream.read(4)
    if not start:
        raise DataError(f"{path} must be an IDX file, got an empty file.", hint=_AGAIN)
    if len(start) < 4 or start[:2] != b"\0\0" or start == bytes(4):
        start += stream.read(START - 4)
        foreign = identify(start, path) or Foreign(f"a file that starts with {start[:4].hex(' ')}")
        raise DataError(f"{path} must be an IDX file, got {foreign.kind}.", hint=foreign.hint)
    number_type, axes = start[2], start[3]
    if number_type != _UINT8:
        raise DataError(f"{path} must have IDX data of type 08 (unsigned bytes), got {number_type:02x}.")
    if not 1 <= axes <= _MAX_AXES:
        raise DataError(f"{path} must have 1 to {_MAX_AXES} axes, got {axes} in the IDX header.")
    sizes = stream.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise DataError(f"{path} must have {4 * axes} bytes of IDX sizes, got {len(sizes)}.", hint=_AGAIN)
    return struct.unpack(f">{axes}I", sizes)


def _check_plausible(expected: int, path: pathlib.Path, *, zipped: bool) -> None:
    """Refuse a header that announces more than the file can hold, before anything is allocated."""
    size = path.stat().st_size
    if expected > size * (_MAX_DEFLATE_RATIO if zipped else 1):
        kind = " compressed" if zipped else ""
        raise DataError(
            f"{path} must have {expected:,} bytes by its header, got {size:,}{kind}.", hint=_AGAIN
        )
