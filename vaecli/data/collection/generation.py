"""One state of a source in the cache: all its pictures as images of one reading.

A folder with these files:

    about.json     format, reading, versions of the decoders, digest of the listing
    pixels         image i is picture i of the listing, (N, H, W, C) uint8; zeros for a bad one
    records        one record a picture, written after its image
    bad.jsonl      [position, name, reason] of each bad picture, written before its record
    complete.json  lengths and digests; written last
    lock           shared by every process that reads the images
"""

import hashlib
import importlib.metadata
import json
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL

from vaecli.data.collection.listing import Listing
from vaecli.data.collection.records import GOOD, RECORD, Records, are_valid, read_records, row_checksums
from vaecli.data.photo.reading import Reading
from vaecli.pixels import Pixels, chunks

FORMAT = 2
DECODER = 2  # our part of it: to be raised when the same file gives other pixels
_CHUNK = 4096


def describe(listing: Listing, reading: Reading) -> dict[str, Any]:
    """Return what about.json holds: pictures of equal descriptions become equal images."""
    digest = hashlib.blake2b(digest_size=16)
    for name in listing.names:
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
    digest.update(listing.sizes.astype("<i8").tobytes() + listing.times.astype("<i8").tobytes())
    return {
        "format": FORMAT,
        "decoders": decoders(),
        "reading": [*reading.shape, reading.fit],
        "listing": digest.hexdigest(),
        "pictures": len(listing.names),
    }


def decoders() -> str:
    """Return the versions of all that decodes."""
    try:
        heif = importlib.metadata.version("pi-heif")
    except importlib.metadata.PackageNotFoundError:
        heif = "none"
    return f"vaecli {DECODER}, Pillow {PIL.__version__}, pi-heif {heif}"


class Generation:
    """The files of one generation, and what is checked before they are used."""

    def __init__(self, folder: pathlib.Path, about: dict[str, Any]) -> None:
        self.folder, self.about = folder, about
        self.pixels, self.records, self.bad = (folder / name for name in ("pixels", "records", "bad.jsonl"))
        self.complete, self.lock = folder / "complete.json", folder / "lock"

    @classmethod
    def read(cls, folder: pathlib.Path) -> "Generation | None":
        """Return the generation in a folder; None if it is none of this format."""
        try:
            about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            shape = about["reading"][:3]
            known = about["format"] == FORMAT and all(isinstance(side, int) and side > 0 for side in shape)
            return cls(folder, about) if known and len(shape) == 3 else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of the images."""
        height, width, channels = self.about["reading"][:3]
        return height, width, channels

    @property
    def row_bytes(self) -> int:
        """Bytes of one image."""
        height, width, channels = self.shape
        return height * width * channels

    def alike(self, about: dict[str, Any], *names: str) -> bool:
        """Return whether another description says the same of each of `names`."""
        return all(self.about.get(name) == about[name] for name in names)

    def seal(self) -> dict[str, Any]:
        """Return what complete.json holds: the length of each file, and digests of the small ones."""
        table: dict[str, Any] = {"pixels": self.pixels.stat().st_size}
        for path in (self.records, self.bad):
            content = path.read_bytes()
            table[path.name] = [len(content), hashlib.blake2b(content, digest_size=16).hexdigest()]
        return table

    def is_complete(self) -> bool:
        """Return whether the build ended, and the files have the lengths and digests of its end."""
        try:
            stored = json.loads(self.complete.read_text(encoding="utf-8"))
            count = self.about["pictures"]
            lengths = self.pixels.stat().st_size, self.records.stat().st_size
            right = lengths == (count * self.row_bytes, count * RECORD.itemsize)
            return right and bool(stored == self.seal())
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return False

    def valid_records(self) -> Records:
        """Return the records, (N,), those with a wrong checksum zeroed; empty if they cannot be read."""
        try:
            records = read_records(self.records).copy()
        except OSError:
            return np.zeros(0, RECORD)
        records[~are_valid(records)] = 0
        return records

    def reasons(self) -> dict[int, str]:
        """Return the reason of each bad picture by its position, up to the first damaged line."""
        return {row: reason for row, _, reason in self.bad_lines()}

    def bad_lines(self) -> Iterator[tuple[int, str, str]]:
        """Yield position, name and reason of each bad picture, up to the first damaged line."""
        try:
            with self.bad.open(encoding="utf-8") as file:
                for line in file:
                    row, name, reason = json.loads(line)
                    if not (isinstance(row, int) and isinstance(name, str) and isinstance(reason, str)):
                        return
                    yield row, name, reason
        except (OSError, ValueError, TypeError, RecursionError):
            return

    def sound_rows(self, most: int) -> int:
        """Return how many images from the first on are as their records say, at most `most`; the rest is torn."""
        try:
            records = read_records(self.records)
            count = min(most, len(records), self.pixels.stat().st_size // self.row_bytes)
            records, reasons = records[:count], self.reasons()
            sound = are_valid(records)
            for row in np.flatnonzero(records["state"] != GOOD):
                sound[row] &= int(row) in reasons
            with self.pixels.open("rb") as file:
                for part in chunks(count, self.shape, most=_CHUNK):
                    sound[part] &= row_checksums(self._images(file.read, part)) == records["row"][part]
        except (OSError, ValueError):
            return 0
        return count if sound.all() else int(np.argmin(sound))

    def _images(self, read: Any, part: slice) -> Pixels:
        count = part.stop - part.start
        return np.frombuffer(read(count * self.row_bytes), np.uint8).reshape(count, *self.shape)
