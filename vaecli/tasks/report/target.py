"""The files of a report, and their refusal before any work."""

import os
import pathlib
from typing import Literal, NamedTuple

from vaecli import folders
from vaecli.errors import OptionError, OutputError
from vaecli.files import replacing, translating
from vaecli.paths import shown, user_path
from vaecli.pictures.png import is_ours
from vaecli.report.charts.frame import ALONE
from vaecli.report.markdown import Markdown

SUFFIXES = (".html", ".htm")


class Target(NamedTuple):
    """The files of a report: the page, the Markdown, and the folder of its pictures."""

    page: pathlib.Path
    markdown: pathlib.Path
    folder: pathlib.Path
    if_taken: Literal["replace", "refuse"]


def report_target(out: str | os.PathLike[str], *, force: bool = False) -> Target:
    """Return the files that a report will have, and refuse those that cannot be written.

    Args:
        out: the page, which ends in .html; the Markdown has the same name with .md, the folder with -files.
        force: replace what is there.

    Raises:
        OptionError: another name.
        OutputError: a file or a folder with content is there, `force` aside, or the place cannot be written.
    """
    page = user_path(out, option="--report", error=OutputError)
    if page.suffix.lower() not in SUFFIXES:
        raise OptionError(
            f"--report must name an .html file, got {shown(page)}.",
            option="--report",
            hint="Such as --report report.html; the same as Markdown goes beside it.",
        )
    target = Target(
        page,
        page.with_suffix(".md"),
        page.with_name(f"{page.stem}-files"),
        "replace" if force else "refuse",
    )
    for path in (target.page, target.markdown):
        if path.is_dir():
            raise OutputError(
                f"--report must name a file, got the folder {shown(path)}.", hint="Choose another name."
            )
        folders.require_place(path, if_taken=target.if_taken)
    folders.require_place(target.folder, if_taken=target.if_taken, is_folder=True)
    return target


def write_files(target: Target, page: str, markdown: Markdown) -> None:
    """Write the pictures, the Markdown and the page, each whole or not at all; the page is the last.

    Raises:
        OutputError: one was made meanwhile, or cannot be written.
    """
    replacing_folder = folders.replacing_folder(
        target.folder, if_taken=target.if_taken, is_outdated=_is_of_a_report
    )
    with replacing_folder as folder, translating(target.folder):
        for name, content in markdown.files.items():
            (folder / name).write_bytes(content)
    for path, text in ((target.markdown, markdown.text), (target.page, page)):
        with replacing(path, if_taken=target.if_taken) as file:
            file.write(text.encode("utf-8"))


def _is_of_a_report(path: pathlib.Path) -> bool:
    """Return whether a file is a picture or a chart of an earlier report."""
    if path.suffix == ".png":
        return is_ours(path)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(ALONE)).startswith(ALONE)
    except OSError:
        return False
