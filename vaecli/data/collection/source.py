"""A folder or an archive, listed: which pictures it has, in which parts, with which labels."""

import pathlib

import numpy as np
import numpy.typing as npt

from vaecli.data.collection.archives import ArchiveContents, list_archive
from vaecli.data.collection.entries import Entries, printable
from vaecli.data.collection.folder import FolderContents, walk
from vaecli.data.collection.labels import Row, read_tables
from vaecli.data.collection.layout import Layout, check_class_names, find_layout
from vaecli.data.collection.listing import PARTS, Contents, Listing
from vaecli.data.collection.natural import natural_key, natural_order
from vaecli.data.collection.report import BadFile
from vaecli.errors import DataError
from vaecli.paths import shown

_ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


def open_source(path: pathlib.Path) -> Listing:
    """List the pictures of a folder or an archive; nothing is decoded.

    Raises:
        DataError: it cannot be read, has no pictures, or has a table of labels that does not fit.
    """
    contents: Contents
    if path.is_dir():
        contents, entries = FolderContents(path), walk(path)
        order = natural_order(entries.names)
    else:
        contents = ArchiveContents(path)
        entries = list_archive(contents)
        in_order = natural_order(entries.names) if contents.is_zip else np.arange(len(entries.names))
        order = in_order.astype(np.int64)
    rows = read_tables(entries.metadata)
    names, order, bad = _named(entries, order, rows)
    if not names:
        raise _no_pictures(path, entries)
    layout = find_layout(names, entries.metadata)
    phrase, parts, labels, class_names = layout.phrase, layout.parts, layout.labels, layout.class_names
    if rows:
        phrase, parts = _phrase(entries, layout, rows, names), _parts(names, layout, rows)
        if any(row.label is not None for row in rows.values()):
            labels, class_names = _labels(names, rows)
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
        contents=contents,
        bad_files=(*entries.bad_files, *bad),
        ignored=entries.ignored,
    )


def _name(path: pathlib.Path) -> str:
    """Return the name of the data set: that of the folder, or of the archive without its suffixes."""
    resolved = path.resolve()
    name = resolved.name
    while not path.is_dir() and name.lower().endswith(_ARCHIVE_SUFFIXES):
        name = name.rpartition(".")[0]
    return name or "data"


def _named(
    entries: Entries, order: npt.NDArray[np.int64], rows: dict[str, Row]
) -> tuple[list[str], npt.NDArray[np.int64], list[BadFile]]:
    """Return names and positions of the pictures to use, and the rows that name none.

    Where there are tables of labels, pictures without a row are left out.
    """
    if rows:
        order = order[[entries.names[position] in rows for position in order]]
    names = [entries.names[position] for position in order]
    absent = sorted(rows.keys() - set(names) - {bad.file for bad in entries.bad_files}, key=natural_key)
    return names, order, [BadFile(name, "a table of labels names it, but it is not there") for name in absent]


def _phrase(entries: Entries, layout: Layout, rows: dict[str, Row], names: list[str]) -> str:
    """Return how a source with tables of labels was read."""
    tables = ", ".join(sorted(entries.metadata, key=natural_key))
    labels = {row.label for row in rows.values() if row.label is not None}
    folders = "" if layout.parts.any() == 0 else f"; {layout.phrase.partition(';')[0]}"
    count = f"{len(labels)} label{'s' if len(labels) != 1 else ''}" if labels else "no labels"
    left_out = len(entries.names) - len(names)
    rest = f"; {left_out:,} picture{'s' if left_out != 1 else ''} without a row left out" if left_out else ""
    return f"{tables}: {count}{folders}{rest}"


def _parts(names: list[str], layout: Layout, rows: dict[str, Row]) -> npt.NDArray[np.uint8]:
    """Return the part of each picture (N,): of its row, else of its folder."""
    parts = layout.parts.copy()
    for position, name in enumerate(names):
        part = rows[name].part
        if part is not None:
            parts[position] = PARTS.index(part)
    return parts


def _labels(names: list[str], rows: dict[str, Row]) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    """Return the label of each picture (N,) by the tables, None if they have none, and the names of the labels.

    Raises:
        DataError: a label that a model file cannot hold.
    """
    labels = [rows[name].label for name in names]
    classes = tuple(sorted({label for label in labels if label is not None}, key=natural_key))
    if not classes:
        return None, ()
    check_class_names(classes)
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[label or ""] for label in labels], np.int64), classes


def _no_pictures(path: pathlib.Path, entries: Entries) -> DataError:
    """Return the error for a source without pictures; it says what is there instead."""
    if entries.bad_files:
        file, reason = entries.bad_files[0]
        content = f"{len(entries.bad_files):,} that cannot be used, such as {printable(file)!r}: {reason}"
    elif entries.ignored:
        more = f" and {entries.ignored - len(entries.ignored_names):,} more"
        content = ", ".join(map(printable, entries.ignored_names)) + (
            more if entries.ignored > len(entries.ignored_names) else ""
        )
    else:
        content = "nothing"
    return DataError(
        f"{shown(path)} must hold pictures, got {content}.",
        hint="Name a folder or an archive with PNG, JPEG or other pictures, or the folder of IDX files. A file of "
        "arrays (.npy, .npz, CSV) is named itself.",
    )
