"""Files that are something else than their name says, recognised by their first bytes.

A download or a clone often leaves a Git LFS pointer, a web page or an archive in place of a file. Readers ask here
when their own check has failed.
"""

import dataclasses
import os
import pathlib
import shlex

START = 512  # bytes at the beginning of a file that decide
ONNX = "an ONNX model"
HEIC = "a HEIC photo"


@dataclasses.dataclass(frozen=True)
class Foreign:
    """The kind of a file.

    Attributes:
        kind: with its article, such as "a Git LFS pointer".
        hint: the command that leads to the right file; empty if there is none to give.
    """

    kind: str
    hint: str = ""


_MAGIC = (  # (first bytes, kind, command); the command is followed by the file's name
    (b"\x89PNG\r\n\x1a\n", "a PNG picture", ""),
    (b"\xff\xd8\xff", "a JPEG picture", ""),
    (b"GIF8", "a GIF picture", ""),
    (b"II*\0", "a TIFF picture", ""),
    (b"MM\0*", "a TIFF picture", ""),
    (b"%PDF-", "a PDF document", ""),
    (b"\x93NUMPY", "a NumPy array", ""),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", ""),
    (b"\0\0\x08\1", "an IDX file of labels", ""),
    (b"\0\0\x08\3", "an IDX file of images", ""),
    (b"\0\0\x08\4", "an IDX file of images", ""),
    (b"\x1f\x8b", "a gzip file", "gunzip"),
    (b"PK\3\4", "a ZIP archive", "unzip"),
    (b"PK\5\6", "an empty ZIP archive", ""),
    (b"BZh", "a bzip2 file", "bunzip2"),
    (b"\xfd7zXZ\0", "an xz file", "unxz"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", "unzstd"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x"),
    (b"Rar!\x1a\x07", "a RAR archive", "unrar x"),
)
_PAGES = (
    (b"<!doctype html", "a web page (HTML)"),
    (b"<html", "a web page (HTML)"),
    (b"<?xml", "an XML text"),
)
_TO_JPEG = "Convert it to JPEG or PNG."
_BRANDS = {
    b"hei": (HEIC, _TO_JPEG),
    b"mif": (HEIC, _TO_JPEG),
    b"avi": ("an AVIF photo", _TO_JPEG),
}


def identify(start: bytes, path: str | os.PathLike[str]) -> Foreign | None:
    """Return the kind of a file that its reader has refused; None if the kind is not recognised.

    Args:
        start: the first `START` bytes of the file, or the whole file if it is shorter.
        path: the path of the file, for the hint.
    """
    return _pointer(start, pathlib.Path(path)) or _page(start) or _binary(start, path) or _text(start)


def identify_file(path: pathlib.Path) -> Foreign | None:
    """Return the kind of the file at `path`; None if the kind is not recognised or the file cannot be read."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            return identify(file.read(START), path)
    except OSError:
        return None


def _pointer(start: bytes, path: pathlib.Path) -> Foreign | None:
    """Recognise the small text that a version-control system leaves in place of a large file."""
    in_folder = f"Fetch the file: git -C {shlex.quote(str(path.parent))}"
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return Foreign("a Git LFS pointer, not the file itself", f"{in_folder} lfs pull")
    if b"/annex/objects/" in start[:64]:
        return Foreign(
            "a git-annex pointer, not the file itself", f"{in_folder} annex get {shlex.quote(path.name)}"
        )
    return None


def _page(start: bytes) -> Foreign | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    hint = "The download gave this in place of the file: open it to see why, then download the file again."
    return next((Foreign(kind, hint) for magic, kind in _PAGES if text.startswith(magic)), None)


def _binary(start: bytes, path: str | os.PathLike[str]) -> Foreign | None:
    for magic, kind, command in _MAGIC:
        if start.startswith(magic):
            return Foreign(kind, f"Unpack it: {command} {shlex.quote(os.fspath(path))}" if command else "")
    if start[257:262] == b"ustar":
        return Foreign("a tar archive", f"Unpack it: tar -xf {shlex.quote(os.fspath(path))}")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return Foreign("a WebP picture")
    if start[4:8] == b"ftyp":  # the container of MP4, in which phones keep photos
        return Foreign(*_BRANDS.get(start[8:11], ("a video", "")))
    if len(start) > 3 and start[0] == 8 and start[1] < 32 and start[2] == 0x12:  # version, producer
        return Foreign(ONNX)
    return None


def _text(start: bytes) -> Foreign | None:
    """Recognise zero bytes, at least 4, or UTF-8 text, at least 8 bytes without control characters."""
    if len(start) >= 4 and not any(start):
        return Foreign(
            "a file of zero bytes, as an unfinished download leaves it", "Download the file again."
        )
    text = start.decode("utf-8", "ignore")
    lost = len(start) - len(text.encode())
    readable = all(letter.isprintable() or letter in "\r\n\t" for letter in text)
    return Foreign("a text file") if len(start) >= 8 and lost < 4 and readable else None
