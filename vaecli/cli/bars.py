"""Progress bars on stderr: each appears with its first report, and all vanish at the end."""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypedDict

from vaecli.cli import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS = 10  # from one line to the next where there are no bars


class Reports(TypedDict):
    """What a task that reads data tells: notes, downloads, and the number of pictures so far."""

    warn: Callable[[str], None]
    download: Callable[[str, int, int], None]
    pictures: Callable[[str, int, int], None]


class Bars:
    """Progress bars on stderr, one for each name; none if `quiet`, or if stderr is not an interactive terminal.

    Args:
        quiet: whether to show nothing, and no notes.
        lines: whether to print a line every ten seconds where bars cannot be shown, as in a pipe.
    """

    def __init__(self, *, quiet: bool, lines: bool = False) -> None:
        self._quiet = quiet
        self._shown = not quiet and console.is_interactive()
        self._lines = lines and not quiet and not self._shown
        self._last_line = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._notes: set[str] = set()  # that were printed

    @property
    def reports(self) -> Reports:
        """The callbacks of tasks that read data."""
        return {"warn": self.note, "download": self.download, "pictures": self.count}

    @functools.cached_property
    def _progress(self) -> "Progress":
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        return Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            TimeRemainingColumn(),
            console=console.stderr(),
            transient=True,
        )

    def note(self, message: str) -> None:
        """Print a note, unless it was printed: several parts of a command may read the same data."""
        if not self._quiet and message not in self._notes:
            self._notes.add(message)
            console.note(message)

    def download(self, name: str, received: int, total: int) -> None:
        """Show how many bytes of a file have been received; `total` is 0 if its size is not known."""
        size = f" of {total / 1e6:.1f}" if total else ""
        self._show(name, received, total, f"{received / 1e6:.1f}{size} MB")

    def counter(self, name: str) -> Callable[[int, int], None]:
        """Return a function (done, total) that updates the bar called `name`."""
        return functools.partial(self.count, name)

    def count(self, name: str, done: int, total: int) -> None:
        """Show `done` of `total` on the bar called `name`, such as `Reading pictures`."""
        self._show(name, done, total, f"{done:,} of {total:,}")

    def stop(self) -> None:
        """Remove the bars; does nothing if there are none."""
        if self._tasks:  # rich would print an empty line even without a bar
            self._progress.stop()

    def _show(self, name: str, done: int, total: int, text: str) -> None:
        if self._lines and done != total and time.monotonic() - self._last_line > SECONDS:
            self._last_line = time.monotonic()
            console.progress_line(f"{name}: {text}")
        if not self._shown:
            return
        if not self._tasks:
            self._progress.start()
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total or None, text=text)
        self._progress.update(self._tasks[name], completed=done, total=total or None, text=text)


@contextlib.contextmanager
def bars(*, quiet: bool, lines: bool = False) -> Iterator[Bars]:
    """Yield bars that are removed when the body ends, also with an error."""
    shown = Bars(quiet=quiet, lines=lines)
    try:
        yield shown
    finally:
        shown.stop()
