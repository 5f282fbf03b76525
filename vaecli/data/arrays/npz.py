"""Images and labels from the arrays of a .npz file, by the names that are usual for them."""

import contextlib
import pathlib
import struct
import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from vaecli.choices import Split
from vaecli.data.arrays.header import read_header
from vaecli.data.arrays.labels import Names, named_classes, read_labels
from vaecli.data.arrays.npy import AS_BYTES
from vaecli.data.arrays.shape import image_shape
from vaecli.data.arrays.values import read_pixels
from vaecli.data.collection.report import Report
from vaecli.data.file_images import StreamedImages
from vaecli.data.idx.folder import STREAM_ABOVE
from vaecli.data.images import Images, ImageSet, Labels, require_room
from vaecli.data.named.fetch import Warn, silent
from vaecli.errors import DataError, MissingPartError
from vaecli.paths import shown

# Names are compared without regard to case; of several in a file, the first here is taken.
IMAGES: dict[Split, tuple[str, ...]] = {
    "train": ("x_train", "train_images", "images_train", "train_x", "images", "x"),
    "test": ("x_test", "test_images", "images_test", "test_x"),
}
LABELS: dict[Split, tuple[str, ...]] = {
    "train": ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "targets", "y"),
    "test": ("y_test", "test_labels", "labels_test", "test_y"),
}
CLASS_NAMES = ("class_names", "classes", "label_names")
_MOST_RATIO = 1032  # of deflate: a match of 258 bytes costs at least two bits (zlib's technical notes)
MOST_OTHERS = 2**28  # bytes of labels, or of class names
_LOCAL_HEADER = struct.Struct("<26x2H")  # the lengths of name and extra field, which precede a member's data
_SHOWN = 12  # names of arrays in a message
_AGAIN = "Save or copy the file again."


def load_npz(
    path: pathlib.Path, split: Split, *, size: tuple[int, int] | None = None, warn: Warn = silent
) -> ImageSet:
    """Load one split of a .npz file, compressed or not.

    Args:
        path: the file.
        split: `train` or `test`; which arrays it is made of, `IMAGES` and `LABELS` say.
        size: rows and columns of images that are rows of pixels in the file.
        warn: receives the names of arrays that are not used.

    Raises:
        MissingPartError: images of the other split alone.
        DataError: a damaged file, no images under a usual name, or arrays of another shape or range.
    """
    with _opened(path) as archive:
        members = _members(archive, path)
        key = _first(members, IMAGES[split])
        if key is None:
            raise _no_images(path, split, members)
        images = _images(path, archive, members[key], size)
        labels, names = _labels(path, archive, members, split, len(images))
    label_key = _first(members, LABELS[split])
    known = {name for group in (*IMAGES.values(), *LABELS.values(), CLASS_NAMES) for name in group}
    if unused := [_plain(member) for name, member in members.items() if name not in known]:
        warn(f"{shown(path)}: not used: {_list(unused)}.")
    layout = f"{_plain(members[key])} and {_plain(members[label_key])}" if label_key else _plain(members[key])
    report = Report(layout=f"{layout} of a .npz file")
    return ImageSet(path.stem, split, images, labels, names, str(path), report=report)


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator[zipfile.ZipFile]:
    """Open the archive.

    Raises:
        DataError: in place of every error of zipfile and zlib, which a flipped bit makes raise nearly anything.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error
    except Exception as error:
        raise DataError(f"{path} is damaged: {str(error) or type(error).__name__}.", hint=_AGAIN) from error


def _members(archive: zipfile.ZipFile, path: pathlib.Path) -> dict[str, zipfile.ZipInfo]:
    """Return the members by the names of their arrays, in lower case.

    Raises:
        DataError: one claims to unpack to more than any compressed data can.
    """
    for member in archive.infolist():
        if member.file_size > member.compress_size * _MOST_RATIO + _MOST_RATIO:
            raise DataError(
                f"{path}: {member.filename!r} must unpack to at most {_MOST_RATIO} times its bytes, "
                f"got {member.file_size:,} of {member.compress_size:,}.",
                hint=_AGAIN,
            )
    return {_plain(member).lower(): member for member in archive.infolist()}


def _plain(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _first(members: dict[str, zipfile.ZipInfo], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in members), None)


def _no_images(path: pathlib.Path, split: Split, members: dict[str, zipfile.ZipInfo]) -> DataError:
    error = (
        MissingPartError if any(name in members for group in IMAGES.values() for name in group) else DataError
    )
    return error(
        f"{path} must have images of the {split} set, got the arrays {_list(map(_plain, members.values()))}.",
        hint=f"Name the images {' or '.join(IMAGES[split])}, their labels {' or '.join(LABELS[split])}.",
    )


def _list(names: Any) -> str:
    """Return the first of several names, for a message."""
    texts = [name if name.isprintable() else ascii(name) for name in names]
    more = f" and {len(texts) - _SHOWN:,} more" if len(texts) > _SHOWN else ""
    return (", ".join(texts[:_SHOWN]) or "none") + more


def _images(
    path: pathlib.Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: tuple[int, int] | None
) -> Images:
    """Read the images into memory; those of a large member of bytes that is not compressed stay in the file."""
    with archive.open(member) as stream:
        header = read_header(stream, member.file_size, _source(path, member))
    shape = image_shape(header.shape, size, header.source)
    is_plain = header.dtype == "uint8" and not header.fortran and member.compress_type == zipfile.ZIP_STORED
    if is_plain and header.count > STREAM_ABOVE and not member.flag_bits & 1:
        return StreamedImages(path, _offset(path, member) + header.length, shape)
    require_room(shape, header.source, hint=f"Save them as a .npy file. {AS_BYTES}")

    @contextlib.contextmanager
    def data() -> Iterator[IO[bytes]]:
        with archive.open(member) as stream:
            stream.read(header.length)
            yield stream

    images = read_pixels(header, data).reshape(shape)
    images.flags.writeable = False
    return images


def _source(path: pathlib.Path, member: zipfile.ZipInfo) -> str:
    return f"`{_list([_plain(member)])}` in {shown(path)}"


def _offset(path: pathlib.Path, member: zipfile.ZipInfo) -> int:
    """Return the position of a member's data in the file."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return member.header_offset + _LOCAL_HEADER.size + int(name_length) + int(extra_length)


def _labels(
    path: pathlib.Path,
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    split: Split,
    count: int,
) -> tuple[Labels | None, Names]:
    """Read the labels (count,) and the names of the classes, if there are any."""
    key = _first(members, LABELS[split])
    if key is None:
        return None, ()
    labels, names = read_labels(_array(path, archive, members[key]), count, _source(path, members[key]))
    names_key = _first(members, CLASS_NAMES)
    if names_key is None:
        return labels, names
    member = members[names_key]
    return labels, named_classes(names, _array(path, archive, member), _source(path, member))


def _array(path: pathlib.Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """Read a small array."""
    source = _source(path, member)
    if member.file_size > MOST_OTHERS:
        raise DataError(f"{source} must have at most {MOST_OTHERS:,} bytes, got {member.file_size:,}.")
    with archive.open(member) as stream:
        header = read_header(stream, member.file_size, source)
        if not header.count or not header.dtype.itemsize:
            return np.empty(header.shape, header.dtype)
        return header.restored(np.concatenate(list(header.chunks(stream))))
