"""Reports of the commands that read any number of pictures: progress, and those that cannot be read."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from vaecli.cli import console
from vaecli.cli.bars import bars
from vaecli.errors import OptionError

if TYPE_CHECKING:
    from vaecli.pixels import Pixels
    from vaecli.tasks.stream.batch import Unreadable
    from vaecli.tasks.stream.reports import Reports
    from vaecli.tasks.stream.stream import PictureStream


@contextlib.contextmanager
def reporting(name: str, *, quiet: bool) -> Iterator["Reports"]:
    """Yield what shows the progress of reading pictures, and lists on stderr those that cannot be read.

    Args:
        name: of the progress bar, such as `Encoding`.
        quiet: show neither progress nor notes; unreadable pictures are listed all the same.
    """
    from vaecli.tasks.stream.reports import Reports

    warnings.filterwarnings("ignore", module=r"PIL\.")  # odd metadata of a picture
    with bars(quiet=quiet) as shown:
        yield Reports(
            warn=console.silent if quiet else console.note,
            unreadable=_list_unreadable,
            progress=shown.counter(name),
            download=shown.download,
            decoding=shown.count,
        )


def _list_unreadable(picture: "Unreadable") -> None:
    console.note(f"Cannot read {picture.name}: {picture.reason}")


class Shown(Protocol):
    """The result of a task that makes a few pictures."""

    @property
    def images(self) -> "Pixels":
        """Images (N, H, W, C)."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines for the user."""


def show_result(result: Shown, *, columns: int | None = None, show: bool, quiet: bool) -> None:
    """Draw the pictures of a result in the terminal if `show`, then print its notes unless `quiet`."""
    if show:
        from vaecli.cli.cells import draw

        draw(result.images, columns=columns)
    if not quiet:
        for note in result.notes:
            console.note(note)


def require_one_result(out: str | None, *, as_json: bool) -> None:
    """Refuse to print a table and JSON on stdout.

    Raises:
        OptionError: both are to be printed there.
    """
    if as_json and out == "-":
        raise OptionError(
            "--json must be left out with --out -, which prints the table on stdout.", option="--json"
        )


def counts(pictures: "PictureStream") -> dict[str, Any]:
    """Return the part of a JSON document that tells how many pictures were read, and which could not be."""
    return {
        "pictures": pictures.total,
        "unreadable_count": pictures.unreadable_count,
        "unreadable": [{"file": picture.name, "reason": picture.reason} for picture in pictures.unreadable],
    }
