"""The header of a .npy file: type and shape of the array, checked before anything is allocated.

Source: NumPy's "NEP 1, A simple file format for NumPy arrays". Pickled objects are never read.
"""

import dataclasses
import math
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli.errors import DataError
from vaecli.npz import DamagedError, read_npy_header

_CHUNK = 2**20  # numbers at a time
_AGAIN = "Save or copy the file again."
_KINDS = {"O": "Python objects", "c": "complex numbers", "U": "text", "S": "text", "V": "records"}


@dataclasses.dataclass(frozen=True)
class Header:
    """Header of a .npy file.

    Attributes:
        source: the file, and the array's name where it has one, for messages.
        dtype: of the numbers, in the byte order of the file.
        shape: of the array.
        fortran: whether the first axis varies fastest in the file.
        length: bytes of the header.
    """

    source: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    length: int

    @property
    def count(self) -> int:
        """Number of elements of the array."""
        return math.prod(self.shape)

    @property
    def kind(self) -> str:
        """Type of the numbers, for messages."""
        return _KINDS.get(self.dtype.kind, str(self.dtype))

    def chunks(self, stream: IO[bytes]) -> Iterator[npt.NDArray[Any]]:
        """Yield the array's elements in chunks (n,), in the order of the file; `stream` is just after the header.

        Raises:
            DataError: the file ends before the last element.
        """
        for start in range(0, self.count, _CHUNK):
            wanted = min(_CHUNK, self.count - start) * self.dtype.itemsize
            content = stream.read(wanted)
            if len(content) < wanted:
                raise DataError(f"{self.source} ends after fewer numbers than its header says.", hint=_AGAIN)
            yield np.frombuffer(content, self.dtype)

    def restored(self, flat: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the array, of `shape` and in C order, from its elements (count,) in the order of the file."""
        if not self.fortran:
            return flat.reshape(self.shape)
        return np.ascontiguousarray(flat.reshape(self.shape[::-1]).T)


def read_header(stream: IO[bytes], size: int, source: str) -> Header:
    """Read the header of a .npy file of `size` bytes; leave `stream` just after the header.

    Raises:
        DataError: the header is damaged, the array holds Python objects, or the header's shape needs more or fewer
            bytes than the file has.
    """
    try:
        shape, fortran, dtype = read_npy_header(stream)
    except DamagedError as error:
        raise DataError(
            f"{source} must be a NumPy array, got a damaged header: {error}.", hint=_AGAIN
        ) from error
    header = Header(source, dtype, shape, fortran, stream.tell())
    if dtype.hasobject:
        raise DataError(
            f"{source} must hold numbers, got Python objects, which are never loaded.",
            hint="Save it as an array of numbers, all rows of one shape.",
        )
    if any(length < 0 for length in shape) or header.length + header.count * dtype.itemsize != size:
        raise DataError(
            f"{source} must have {header.count * dtype.itemsize:,} bytes of data by its header, "
            f"got {size - header.length:,}.",
            hint=_AGAIN,
        )
    return header
