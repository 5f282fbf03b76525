"""Records of the cache: facts about each picture, of fixed size, with a checksum of their own."""

import hashlib
import pathlib
import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.listing import Listing
from vaecli.pixels import Pixels

BAD, GOOD, UNREACHABLE = 0, 1, 2  # states; an unreachable file is looked at again by the next run
COLOURED, GREY, UNKNOWN = 0, 1, 2  # channels that differ, that are equal, or that nobody decoded
MODES = (  # of pictures in their files, by Pillow's names
    "other", "1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV",
    "I", "F", "I;16", "I;16B", "I;16L", "I;16N",
)  # fmt: skip
RECORD = np.dtype(
    [
        ("name", "<u8"),  # hash of the name
        ("size", "<i8"),
        ("time", "<i8"),
        ("pixels", "<u8"),  # hash of the pixels as decoded, with their size and mode
        ("width", "<u4"),  # upright; 0 if its header cannot be read
        ("height", "<u4"),
        ("row", "<u4"),  # checksum of the image in the cache
        ("state", "u1"),
        ("grey", "u1"),
        ("mode", "u1"),  # in the file: a position in MODES
        ("own", "<u4"),  # checksum of all fields above
    ]
)
Records = npt.NDArray[np.void]
_OWN_OFFSET = RECORD.itemsize - 4


def name_hashes(names: Iterable[str], count: int) -> npt.NDArray[np.uint64]:
    """Return a hash of each of `count` names, (N,)."""
    hashes = (
        int.from_bytes(
            hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little"
        )
        for name in names
    )
    return np.fromiter(hashes, np.uint64, count)


def blank_records(listing: Listing, rows: slice) -> Records:
    """Return the records of some pictures of a listing before they are decoded, (n,)."""
    records = np.zeros(rows.stop - rows.start, RECORD)
    records["name"] = name_hashes(listing.names[rows], len(records))
    records["size"], records["time"] = listing.sizes[rows], listing.times[rows]
    records["grey"] = UNKNOWN
    return records


def seal(records: Records, images: Pixels) -> None:
    """Write the checksums of the images (n, H, W, C) and of the records themselves (n,) into the records."""
    records["row"] = row_checksums(images)
    records["own"] = _own_checksums(records)


def row_checksums(images: Pixels) -> npt.NDArray[np.uint32]:
    """Return a checksum of each image (n, H, W, C), (n,)."""
    return np.fromiter(
        (zlib.crc32(np.ascontiguousarray(image).data) for image in images), np.uint32, len(images)
    )


def read_records(path: pathlib.Path) -> Records:
    """Read the records of a file, (N,); a torn one at its end is left out.

    Raises:
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    return np.frombuffer(content, RECORD, len(content) // RECORD.itemsize)


def are_valid(records: Records) -> npt.NDArray[np.bool_]:
    """Return which records (N,) have the right checksum."""
    valid: npt.NDArray[np.bool_] = records["own"] == _own_checksums(records)
    return valid


def matches(records: Records, listing: Listing, names: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return for each of N pictures the position of its record: same name, size and time; -1 if there is none.

    Args:
        records: (M,).
        listing: N pictures.
        names: (N,) the hashes of their names.
    """
    if not len(records):
        return np.full(len(names), -1)
    order = np.argsort(records["name"], kind="stable")
    places = np.minimum(np.searchsorted(records["name"], names, sorter=order), len(order) - 1)
    rows = order[places]
    same = records["name"][rows] == names
    same &= (records["size"][rows] == listing.sizes) & (records["time"][rows] == listing.times)
    return np.where(same, rows, -1)


def _own_checksums(records: Records) -> npt.NDArray[np.uint32]:
    content, size = np.ascontiguousarray(records).view(np.uint8).data, RECORD.itemsize
    starts = range(0, len(content), size)
    return np.fromiter(
        (zlib.crc32(content[start : start + _OWN_OFFSET]) for start in starts), np.uint32, len(records)
    )
