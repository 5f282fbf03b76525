"""The summary of the pictures that a run reads, in one line, and the list of bad files that it keeps."""

import csv
import io
import pathlib
from collections.abc import Sequence

from vaecli.data.collection.report import BadFile
from vaecli.data.images import ImageSet

_FITS = {"pad": "padded", "crop": "cropped", "stretch": "stretched"}
_COLOURS = {"grey": "grey", "rgb": "RGB"}


def bad_files(data: ImageSet, test: ImageSet | None) -> list[BadFile]:
    """Return the pictures that were left out of the training and the test images, each once."""
    reports = [images.report for images in (data, test) if images is not None and images.report is not None]
    return list(dict.fromkeys(file for report in reports for file in report.bad_files))


def bad_files_csv(files: Sequence[BadFile]) -> str:
    """Return the files and reasons as CSV (RFC 4180); bytes of a name that are not UTF-8 are escaped as `\\xff`."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(BadFile._fields)
    writer.writerows([_as_text(value) for value in file] for file in files)
    return text.getvalue()


def _as_text(name: str) -> str:
    """Return a name that can be encoded: lone surrogates stand for bytes that are not UTF-8 (PEP 383)."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def summary(data: ImageSet, test: ImageSet | None, bad_files_path: pathlib.Path | None) -> str:
    """Say in one line how the pictures of a folder, an archive or a file of arrays were read.

    Args:
        data: the images to train and validate on, with their report.
        test: the images of the test part.
        bad_files_path: the list of bad files; None if there are none.
    """
    report, reading = data.report, data.reading
    if report is None:
        return ""
    total = len(data.images) + (0 if test is None else len(test.images))
    height, width, channels = data.images.shape[1:]
    how = f"{height} x {width} {_COLOURS['rgb' if channels == 3 else 'grey']}"
    how += f", {_FITS[reading.fit]}" if reading else ""
    parts = [f"Read {total:,} pictures as {how}: {report.layout}"]
    if bad_files_path is not None:
        count = len(bad_files(data, test))
        parts.append(f"{_number(count, 'bad file')} left out: {bad_files_path}")
    if report.duplicates:
        parts.append(_number(report.duplicates, "duplicate"))
    if report.leaked:
        equal = "equals" if report.leaked == 1 else "equal"
        parts.append(f"{_number(report.leaked, 'test or validation picture')} {equal} a training picture")
    return "; ".join(parts) + "."


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
