"""IDX, the file format of MNIST.

Two zero bytes, a type, the number of axes, the size of each as a big-endian uint32, then the data.
Source: "The MNIST database of handwritten digits", LeCun, Cortes and Burges, section "File formats".
"""

import gzip
import hashlib
import math
import pathlib
import struct
import zlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vaecli.data.file_images import StreamedImages
from vaecli.errors import DataError

_UINT8 = 8
_MAX_AXES = 4
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_DEFLATE_RATIO = 1032  # a match of 258 bytes costs at least two bits: zlib's technical notes


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_idx(path: pathlib.Path) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes, gzipped or not (told by its first bytes, not by its name).

    Returns a read-only array of the shape in the header, 1 to 4 axes. Nothing is allocated on the word of the
    header: its size is held against the size of the file first, and decompression stops where it says.

    Raises:
        DataError: missing, empty, not IDX, another type than uint8, too short, too long, or corrupt gzip.
    """
    if not path.is_file():
        raise DataError(f"Expected an IDX file at {path}; there is {_what(path)}.")
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            with gzip.GzipFile(fileobj=file) if zipped else file as stream:
                return _read(stream, path, zipped=zipped)
    except EOFError as error:
        raise DataError(f"{path}: the gzip data is cut short.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: corrupt gzip data ({error}).") from error
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error


def open_idx(path: pathlib.Path) -> StreamedImages | None:
    """The images (N, H, W) or (N, H, W, C) of an uncompressed IDX file, read only when they are asked for.

    None where the file is no such thing, or not as long as it says: `read_idx` reads it or says why not.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start[:3] != bytes([0, 0, _UINT8]) or start[3:] not in (b"\3", b"\4"):
                return None
            shape = struct.unpack(f">{start[3]}I", file.read(4 * start[3]))
    except (OSError, struct.error):
        return None
    if 0 in shape or path.stat().st_size != content_length(shape):
        return None
    return StreamedImages(path, len(idx_header(shape)), (shape[0], shape[1], shape[2], math.prod(shape[3:])))


def encode_idx(array: npt.NDArray[np.uint8]) -> bytes:
    """The IDX file of `array`, uint8 of 1 to 4 axes, not compressed."""
    return idx_header(array.shape) + np.ascontiguousarray(array, np.uint8).tobytes()


def idx_header(shape: tuple[int, ...]) -> bytes:
    """The header of an IDX file of bytes that holds an array of `shape`."""
    return struct.pack(f">HBB{len(shape)}I", 0, _UINT8, len(shape), *shape)


def content_sha256(array: npt.NDArray[np.uint8]) -> str:
    """SHA-256 of the uncompressed IDX file that holds `array`, in hexadecimal."""
    digest = hashlib.sha256(idx_header(array.shape))
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def content_length(shape: tuple[int, ...]) -> int:
    """Bytes of the uncompressed IDX file that holds an array of `shape`."""
    return 4 + 4 * len(shape) + math.prod(shape)


def looks_whole(path: pathlib.Path, length: int) -> bool:
    """Say from the file's ends alone whether it holds an IDX file of `length` bytes.

    Gzip keeps the length of what it packed in its last four bytes (RFC 1952), so a file cut short shows. A
    file of the right length and the wrong content does not: reading it tells.
    """
    try:
        with path.open("rb") as file:
            if file.read(2) != _GZIP_MAGIC:
                return path.stat().st_size == length
            file.seek(-4, 2)
            return int.from_bytes(file.read(4), "little") == length % 2**32
    except OSError:
        return False


def _what(path: pathlib.Path) -> str:
    if path.is_dir():
        return "a folder"
    return "something that is not a plain file" if path.exists() else "nothing"


def _read(stream: _Stream, path: pathlib.Path, *, zipped: bool) -> npt.NDArray[np.uint8]:
    shape = _read_shape(stream, path)
    _check_plausible(content_length(shape), path, zipped=zipped)
    data = stream.read(math.prod(shape))
    if len(data) != math.prod(shape) or stream.read(1):
        came = "more" if len(data) == math.prod(shape) else f"{len(data):,}"
        raise DataError(f"{path}: the header announces {math.prod(shape):,} bytes of data, there are {came}.")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _read_shape(stream: _Stream, path: pathlib.Path) -> tuple[int, ...]:
    magic = stream.read(4)
    if not magic:
        raise DataError(f"Expected an IDX file at {path}; it is empty.")
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(f"{path} is no IDX file: expected it to start with 00 00, it has {magic.hex(' ')}.")
    kind, axes = magic[2], magic[3]
    if kind != _UINT8:
        raise DataError(f"{path}: expected IDX data of type 08 (unsigned bytes), the header says {kind:02x}.")
    if not 1 <= axes <= _MAX_AXES:
        raise DataError(f"{path}: expected 1 to {_MAX_AXES} axes, the IDX header says {axes}.")
    sizes = stream.read(4 * axes)
    if len(sizes) < 4 * axes:
        raise DataError(f"{path}: expected {4 * axes} bytes of IDX sizes, there are {len(sizes)}.")
    return struct.unpack(f">{axes}I", sizes)


def _check_plausible(expected: int, path: pathlib.Path, *, zipped: bool) -> None:
    """Refuse a header that announces more than the file can hold, before anything is allocated."""
    size = path.stat().st_size
    if expected > size * (_MAX_DEFLATE_RATIO if zipped else 1):
        kind = " compressed" if zipped else ""
        raise DataError(f"{path}: the header announces {expected:,} bytes in all, there are {size:,}{kind}.")
