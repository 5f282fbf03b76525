"""The kind of a file after --data, by its content."""

import codecs
import gzip
import pathlib
import tarfile
import zipfile
import zlib
from typing import Literal

from vaecli.commands import command
from vaecli.errors import DataError
from vaecli.foreign import START, identify

FileKind = Literal["npy", "npz", "pixel table", "pictures"]
DATA = "--data"  # the option that accepts names of data sets, too
PATHS = "a folder or archive of pictures, a folder of IDX files, or a .npy, .npz or CSV file"
ACCEPTED = f"a data set by name, {PATHS}"
_IDX = (b"\0\0\x08\1", b"\0\0\x08\3", b"\0\0\x08\4")
_ARCHIVES = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_LOCAL_HEADER = 30  # bytes of a member's header in a ZIP archive before its name
_MARKS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def file_kind(path: pathlib.Path, *, option: str = DATA) -> FileKind:
    """Return the kind of the file at `path`, recognised by its first bytes, not by its suffix.

    Args:
        path: the file.
        option: that names the file, for messages.

    Raises:
        DataError: the file cannot be read, or no such file is accepted; the message names its kind.
    """
    if not path.is_file():
        raise _not_accepted(path, "something that is not a plain file", option)
    try:
        with path.open("rb") as file:
            start = file.read(START)
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    if start.startswith(b"\x93NUMPY"):
        return "npy"
    if start.startswith(b"PK"):
        return "npz" if _holds_arrays(path, start) else "pictures"
    if start.startswith(_ARCHIVES) or start[257:262] == b"ustar" or _is_tar(path, start):
        if start.startswith(b"\x1f\x8b") and _gunzipped_start(path).startswith(_IDX):
            raise _not_accepted(path, "an IDX file", option)
        return "pictures"
    if start.startswith(_IDX):
        raise _not_accepted(path, "an IDX file", option)
    return _text_kind(path, start, option)


def _holds_arrays(path: pathlib.Path, start: bytes) -> bool:
    """Return whether all members of a ZIP archive are .npy files, judged by their names.

    The first name is in `start`. Only if it ends in .npy is the list of names read, which takes memory.
    """
    length = int.from_bytes(start[26:28], "little")
    if not start[_LOCAL_HEADER : _LOCAL_HEADER + length].endswith(b".npy"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return all(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # damaged: whoever reads it as an array says how
        return True


def _is_tar(path: pathlib.Path, start: bytes) -> bool:
    """Return whether a file is a tar archive of the old kind, which has no magic number."""
    return start[100:108].rstrip(b" \0").isdigit() and tarfile.is_tarfile(path)


def _gunzipped_start(path: pathlib.Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(4)
    except (OSError, EOFError, zlib.error):
        return b""


def _text_kind(path: pathlib.Path, start: bytes, option: str) -> FileKind:
    """Recognise a CSV file: text whose first lines have a comma.

    Raises:
        DataError: it is anything else.
    """
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            raise DataError(f"{path} must be UTF-8, got {encoding}.", hint="Save it as CSV UTF-8.")
    if not start:
        raise _not_accepted(path, "an empty file", option)
    kind = identify(start.removeprefix(codecs.BOM_UTF8), path)
    is_text = kind is None or kind.kind == "a text file"
    if is_text and b"," in start and not start.count(0):
        return "pixel table"
    words = (kind.kind, kind.hint) if kind else ("a file of an unknown kind", "")
    raise _not_accepted(path, words[0], option, words[1])


def _not_accepted(path: pathlib.Path, kind: str, option: str, hint: str = "") -> DataError:
    """Return the error for a file that an option does not accept; for a picture or IDX file, name its folder."""
    if kind.endswith(("picture", "photo", "IDX file")):
        folder = command("train", DATA, path.parent) if option == DATA else f"{option} {path.parent}"
        hint = f"Name its folder: {folder}"
    if kind == "a text file":
        hint = "A CSV file of pixels has a line for each image, with commas between its whole numbers."
    accepted = ACCEPTED if option == DATA else PATHS
    return DataError(f"{option} must be {accepted}, got {path}, {kind}.", hint=hint)
