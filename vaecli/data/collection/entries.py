"""Files that may be pictures, as the walk through a folder or an archive gives them."""

import array
import dataclasses
import os
from collections.abc import Callable

from vaecli.data.collection.report import BadFile
from vaecli.errors import DataError
from vaecli.folders import is_system_entry
from vaecli.foreign import identify

METADATA = ("metadata.csv", "metadata.jsonl")
MAX_METADATA = 2**28  # bytes of all metadata files
METADATA_DEPTH = 6  # folders above a metadata file; deeper ones are not those of the data set
SHOWN = 6  # names in a message
_SUFFIXES = frozenset(
    {
        "apng", "avif", "avifs", "bmp", "bw", "cur", "dcx", "dds", "dib", "fit", "fits", "gif", "heic", "heif",
        "hif", "icns", "ico", "im", "j2c", "j2k", "jfif", "jp2", "jpc", "jpe", "jpeg", "jpf", "jpg", "jpx", "mpo",
        "msp", "pbm", "pcx", "pfm", "pgm", "png", "pnm", "ppm", "psd", "qoi", "ras", "rgb", "rgba", "sgi", "tga",
        "tif", "tiff", "webp", "xbm", "xpm",
    }
)  # fmt: skip


@dataclasses.dataclass(eq=False)
class Entries:
    """N candidates in the order of the source, and what was left out.

    Attributes:
        names: (N,) with `/`.
        sizes: (N,) bytes.
        times: (N,) nanoseconds.
        bad_files: files that are left out, with reasons.
        ignored: the number of files that are no pictures.
        ignored_names: the first of them, for a message.
        metadata: the contents of metadata files by their names.
    """

    names: list[str] = dataclasses.field(default_factory=list)
    sizes: "array.array[int]" = dataclasses.field(default_factory=lambda: array.array("q"))
    times: "array.array[int]" = dataclasses.field(default_factory=lambda: array.array("q"))
    bad_files: list[BadFile] = dataclasses.field(default_factory=list)
    ignored: int = 0
    ignored_names: list[str] = dataclasses.field(default_factory=list)
    metadata: dict[str, bytes] = dataclasses.field(default_factory=dict)

    def add(self, name: str, size: int, time: int) -> None:
        """Add a candidate."""
        self.names.append(name)
        self.sizes.append(size)
        self.times.append(time)

    def add_bad(self, name: str, reason: str) -> None:
        """Add a file that is left out."""
        self.bad_files.append(BadFile(name, reason))

    def add_metadata(self, name: str, size: int, read: Callable[[int], bytes]) -> None:
        """Add a metadata file; `read` gives up to so many of its bytes.

        Raises:
            DataError: all metadata files together are too large.
        """
        total = size + sum(map(len, self.metadata.values()))
        if total > MAX_METADATA:
            raise DataError(
                f"All tables of labels together must have at most {MAX_METADATA:,} bytes, got {total:,} with "
                f"{printable(name)}."
            )
        self.metadata[name] = read(size)

    def ignore(self, name: str) -> None:
        """Count a file that is no picture, and keep the names of the first ones."""
        self.ignored += 1
        if len(self.ignored_names) < SHOWN:
            self.ignored_names.append(name)


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is skipped: hidden, or made by a system."""
    return name.startswith(".") or is_system_entry(name)


def is_metadata(name: str) -> bool:
    """Return whether a file of this name, with `/`, is a table of labels."""
    return name.rpartition("/")[2] in METADATA and name.count("/") <= METADATA_DEPTH


def has_picture_suffix(name: str) -> bool:
    """Return whether a name ends as those of pictures do."""
    return os.path.splitext(name)[1][1:].lower() in _SUFFIXES  # noqa: PTH122  # 300,000 path objects are slow


def is_picture(start: bytes) -> bool:
    """Return whether the first bytes of a file are those of a picture."""
    kind = identify(start, "file")
    return kind is not None and kind.kind.endswith(("picture", "photo"))


def printable(name: str) -> str:
    """Return a name for a message or a class, with escapes for what is not printable or not UTF-8."""
    if name.isprintable():
        return name
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )
