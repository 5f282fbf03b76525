"""From what a user says after --data to images: a name, a folder, an archive, a file of arrays."""

import os
import pathlib

from vaecli.choices import Split
from vaecli.data.arrays.npy import load_npy
from vaecli.data.arrays.npz import load_npz
from vaecli.data.arrays.pixel_table import load_pixel_table
from vaecli.data.collection.source import open_source
from vaecli.data.idx.folder import holds_idx, load_folder
from vaecli.data.images import ImageSet
from vaecli.data.kind import ACCEPTED, DATA, FileKind, file_kind
from vaecli.data.named.catalogue import CATALOGUE, lookup
from vaecli.data.named.fetch import Progress, Warn, silent
from vaecli.data.named.search import Places, Search, once
from vaecli.data.photo.reading import ReadingOptions
from vaecli.data.resize import read_as
from vaecli.errors import DataError
from vaecli.paths import shown, user_path

AS_THEY_ARE = ReadingOptions()


def load(
    data: str | None,
    split: Split,
    *,
    reading: ReadingOptions = AS_THEY_ARE,
    allow_bad: bool = False,
    download: bool = True,
    progress: Progress = silent,
    pictures: Progress = silent,
    warn: Warn = silent,
    places: Places | None = None,
    option: str = DATA,
) -> ImageSet:
    """Load one split of a data set.

    A name is looked for in the cache, in the folder of the Debian package, then on the mirrors.
    Files whose hash is wrong are reported and never used.

    Args:
        data: the name of a data set; a folder of IDX files; a folder or an archive of pictures; a .npy, .npz or CSV
            file of pixels. A folder that has the name of a data set wins if it holds IDX files or pictures.
            None is fashion-mnist if it can be had, else its bundled subset, with a warning.
        split: `train` or `test`.
        reading: size, colour and fit of the images; None is chosen from the pictures of a folder or archive, and
            changes nothing for other sources.
        allow_bad: accept any number of pictures that cannot be decoded.
        download: whether a data set by name may be downloaded.
        progress: receives the progress of a download: file, bytes so far, bytes in all.
        pictures: receives the progress of decoding: what is done, pictures so far, pictures in all.
        warn: receives what a user should know.
        places: where to look for data sets known by name.
        option: that names `data`, for messages on files that are not accepted.

    Raises:
        OptionError: `data` is empty.
        DataError: an unknown name, a path to nothing that can be read as images, or a data set that cannot be had.
    """
    search = Search(places or Places(), download, progress, once(warn))
    if data is None:
        return read_as(search.default(split), reading)
    path = user_path(data, option=option)
    if data in CATALOGUE:
        if not _holds_data(path):
            return read_as(search.named(CATALOGUE[data], split), reading)
        warn(f"{data} is the folder {path.resolve()}, not the data set of that name.")
    if path.is_dir() and holds_idx(path):
        return read_as(load_folder(path, split), reading)
    if path.exists():
        kind: FileKind = "pictures" if path.is_dir() else file_kind(path, option=option)
        if kind == "pictures":
            return _load_pictures(path, split, reading, allow_bad=allow_bad, progress=pictures, warn=warn)
        return read_as(_load_arrays(path, split, kind, size=reading.size, warn=warn), reading)
    if os.path.basename(data) != data or any(mark in data for mark in "/\\~."):  # noqa: PTH119
        raise DataError(
            f"--data must be {ACCEPTED}, got {shown(data)}, where there is nothing.",
            hint=f"Data sets by name: {', '.join(CATALOGUE)}.",
        )
    return read_as(search.named(lookup(data), split), reading)


def load_named(
    name: str,
    split: Split,
    *,
    reading: ReadingOptions = AS_THEY_ARE,
    download: bool = True,
    progress: Progress = silent,
    warn: Warn = silent,
    places: Places | None = None,
) -> ImageSet:
    """Load one split of the catalogue's data set `name`, whatever folders of that name there are.

    Raises:
        DataError: an unknown name, or a data set that cannot be had.
    """
    search = Search(places or Places(), download, progress, once(warn))
    return read_as(search.named(lookup(name), split), reading)


def _load_arrays(
    path: pathlib.Path, split: Split, kind: FileKind, *, size: tuple[int, int] | None, warn: Warn
) -> ImageSet:
    """Load one split of a file of arrays."""
    if kind == "npy":
        return load_npy(path, split, size=size)
    if kind == "npz":
        return load_npz(path, split, size=size, warn=warn)
    return load_pixel_table(path, split, size=size)


def _load_pictures(
    path: pathlib.Path,
    split: Split,
    options: ReadingOptions,
    *,
    allow_bad: bool,
    progress: Progress,
    warn: Warn,
) -> ImageSet:
    """Load one split of a folder or an archive of pictures."""
    from vaecli.data.collection.load import load_collection  # noqa: PLC0415  # a process pool and its locks

    return load_collection(
        open_source(path), split, options, allow_bad=allow_bad, progress=progress, warn=warn
    )


def _holds_data(path: pathlib.Path) -> bool:
    """Return whether a path is a folder with IDX files or pictures."""
    if not path.is_dir():
        return False
    if holds_idx(path):
        return True
    try:
        return bool(open_source(path).names)
    except DataError:
        return False
