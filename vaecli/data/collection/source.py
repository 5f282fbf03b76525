"""A folder or an archive, listed: which pictures it has, in which parts, with which labels."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.archives import ArchiveState, Limits, Members, last_of_each_name, translating
from vaecli.data.collection.entries import Entries, printable
from vaecli.data.collection.folder import FolderContents, walk
from vaecli.data.collection.labels import Row, read_tables, row_key
from vaecli.data.collection.layout import Layout, class_names_of, find_layout
from vaecli.data.collection.listing import PARTS, Contents, Listing
from vaecli.data.collection.natural import natural_key, natural_order
from vaecli.data.collection.report import BadFile
from vaecli.data.collection.tar_archive import TarContents, is_compressed, list_tar
from vaecli.data.collection.zip_archive import ZipContents, list_zip
from vaecli.errors import DataError
from vaecli.paths import shown

_ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tbz", ".txz", ".gz", ".bz2", ".xz")
_ANY = Limits()


@dataclasses.dataclass(frozen=True, eq=False)
class _Source:
    """The content of a folder or an archive.

    Attributes:
        entries: N candidates.
        order: positions of those that count, in the order of the listing.
        contents: from names in that order, and their positions, to what reads them.
    """

    entries: Entries
    order: npt.NDArray[np.int64]
    contents: Callable[[list[str], npt.NDArray[np.int64]], Contents]


def open_source(path: pathlib.Path, *, limits: Limits = _ANY) -> Listing:
    """List the pictures of a folder or an archive; nothing is decoded.

    Args:
        path: the folder or archive.
        limits: what an archive may hold at most.

    Raises:
        DataError: it cannot be read, has no pictures, or has a table of labels that does not fit.
    """
    try:
        return _listing(path, _folder(path) if path.is_dir() else _archive(path, limits))
    except DataError as error:
        if shown(path) in error.message:
            raise
        raise DataError(f"{shown(path)}: {error.message}", hint=error.hint) from error


def _listing(path: pathlib.Path, source: _Source) -> Listing:
    """Return which pictures of a source count, with parts and labels.

    Raises:
        DataError: as `open_source`.
    """
    entries, order, bad = source.entries, source.order, list(source.entries.bad_files)
    rows = read_tables(entries.metadata)
    entries.metadata = dict.fromkeys(entries.metadata, b"")  # they are read, and may be large
    names = [entries.names[position] for position in order]
    if not names:
        raise _no_pictures(path, entries)
    if rows:
        kept = np.fromiter((row_key(name) in rows for name in names), np.bool_, len(names))
        if not kept.any():
            raise _no_match(rows, names, entries)
        order, names = order[kept], [name for name, keep in zip(names, kept, strict=True) if keep]
    layout = find_layout(names, entries.metadata)
    parts, labels = layout.parts, layout.labels
    phrase, class_names = layout.phrase, layout.class_names
    if rows:
        phrase, parts = (
            _phrase(entries, layout, rows, len(source.order) - len(order)),
            _parts(names, layout, rows),
        )
        if any(row.label is not None for row in rows.values()):
            labels, class_names = _labels(names, rows)
        bad += _absent(rows, names, entries)
    if layout.used is not None:
        order, parts, used = order[layout.used], parts[layout.used], layout.used
        names = [name for name, use in zip(names, used, strict=True) if use]
        labels = None if labels is None else labels[used]
    return Listing(
        name=_name(path),
        location=str(path),
        layout=phrase,
        names=names,
        sizes=np.array(entries.sizes, np.int64)[order],
        times=np.array(entries.times, np.int64)[order],
        parts=parts,
        labels=labels,
        class_names=class_names,
        contents=source.contents(names, order),
        bad_files=tuple(bad),
        ignored=entries.ignored,
        left_out=len(source.order) - len(order),
    )


def _folder(path: pathlib.Path) -> _Source:
    entries = walk(path)
    return _Source(entries, natural_order(entries.names), lambda *_: FolderContents(path))


def _archive(path: pathlib.Path, limits: Limits) -> _Source:
    """List an archive; the order of a compressed .tar is its own, in which it is read once."""
    with translating(path):
        state = ArchiveState.of(path)
        with path.open("rb") as file:
            is_zip = file.read(2) == b"PK"
        keeps_order = not is_zip and is_compressed(path)
    members = Members(state, limits)
    (list_zip if is_zip else list_tar)(path, members)
    entries = members.entries
    order = last_of_each_name(entries.names, natural_order(entries.names))
    bad = {bad.file for bad in entries.bad_files}
    if bad:  # a name of which one member is bad: nobody knows which one is meant
        order = order[np.array([entries.names[position] not in bad for position in order], np.bool_)]
    places = np.frombuffer(members.rows, np.int64).reshape(max(1, len(entries.names)), -1)

    def contents(names: list[str], order: npt.NDArray[np.int64]) -> Contents:
        return (ZipContents if is_zip else TarContents)(state, names, places[order])

    return _Source(entries, np.sort(order) if keeps_order else order, contents)


def _name(path: pathlib.Path) -> str:
    """Return the name of the data set: that of the folder, or of the archive without its suffixes."""
    resolved = path.resolve()
    name = resolved.name
    while not path.is_dir() and name.lower().endswith(_ARCHIVE_SUFFIXES):
        name = name.rpartition(".")[0]
    return printable(name) or "data"


def _absent(rows: dict[str, Row], names: list[str], entries: Entries) -> list[BadFile]:
    """Return the rows that name no picture; the others are taken out of `rows`."""
    for name in [*names, *(bad.file for bad in entries.bad_files)]:
        rows.pop(row_key(name), None)
    return [
        BadFile(name, f"is in {_tables(entries)}, but not there") for name in sorted(rows, key=natural_key)
    ]


def _tables(entries: Entries) -> str:
    """Return the names of the tables of labels, the first few if there are many."""
    tables = [printable(name) for name in sorted(entries.metadata, key=natural_key)]
    return ", ".join(tables[:3]) + (f" and {len(tables) - 3} more" if len(tables) > 3 else "")


def _phrase(entries: Entries, layout: Layout, rows: dict[str, Row], left_out: int) -> str:
    """Return how a source with tables of labels was read."""
    labels = {row.label for row in rows.values() if row.label is not None}
    folders = f"; {layout.phrase.partition(';')[0]}" if layout.parts.any() else ""
    count = f"{len(labels)} label{'s' if len(labels) != 1 else ''}" if labels else "no labels"
    rest = f"; {left_out:,} picture{'s' if left_out != 1 else ''} without a row left out" if left_out else ""
    return f"{_tables(entries)}: {count}{folders}{rest}"


def _parts(names: list[str], layout: Layout, rows: dict[str, Row]) -> npt.NDArray[np.uint8]:
    """Return the part of each picture (N,): what its row says, else what its folder says."""
    parts = layout.parts.copy()
    for position, name in enumerate(names):
        part = rows[row_key(name)].part
        if part is not None:
            parts[position] = PARTS.index(part)
    return parts


def _labels(names: list[str], rows: dict[str, Row]) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    """Return the label of each picture (N,) by the tables, and the names of the labels.

    Raises:
        DataError: a label that a model file cannot hold.
    """
    classes = sorted({rows[row_key(name)].label or "" for name in names}, key=natural_key)
    numbers = {label: number for number, label in enumerate(classes)}
    labels = (numbers[rows[row_key(name)].label or ""] for name in names)
    return np.fromiter(labels, np.int64, len(names)), class_names_of(classes)


def _no_match(rows: dict[str, Row], names: list[str], entries: Entries) -> DataError:
    """Return the error for tables that name none of the pictures."""
    return DataError(
        f"{_tables(entries)} must name pictures, got '{printable(min(rows, key=natural_key))}' where the"
        f" pictures are '{printable(names[0])}' and the like.",
        hint="Write each file_name as the path from the folder of the table to the picture.",
    )


def _no_pictures(path: pathlib.Path, entries: Entries) -> DataError:
    """Return the error for a source without pictures; it says what is there instead."""
    hint = (
        "Name a folder or an archive with PNG, JPEG or other pictures, or the folder of IDX files. A file of "
        "arrays (.npy, .npz, CSV) is named itself."
    )
    if entries.bad_files:
        file, reason = entries.bad_files[0]
        content = (
            f"{len(entries.bad_files):,} that cannot be used, such as '{printable(file)}', which {reason}"
        )
        hint = "Put copies of the pictures into a folder, and name that folder."
    elif entries.ignored:
        more = entries.ignored - len(entries.ignored_names)
        content = ", ".join(map(printable, entries.ignored_names)) + (f" and {more:,} more" if more else "")
    else:
        content = "nothing"
    return DataError(
        f"{shown(path)} must hold pictures, got {content}.",
        hint=hint,
    )
