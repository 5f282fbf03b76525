"""Progress bars on stderr: they appear with the first thing to show, and vanish when all is done."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from vaecli.cli import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """A bar a file or a job; nothing at all where stderr is no terminal or all is to be quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._shown = not quiet and console.is_terminal()
        self._tasks: dict[str, TaskID] = {}

    @functools.cached_property
    def _progress(self) -> "Progress":
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(),
            console=console.stderr(),
            transient=True,
        )

    def download(self, name: str, received: int, total: int) -> None:
        """Bytes of a file that have come, out of all; 0 where that is not known."""
        size = f" of {total / 1e6:.1f}" if total else ""
        self._show(name, received, total, f"{received / 1e6:.1f}{size} MB")

    def counter(self, what: str) -> Callable[[int, int], None]:
        """A function to call with what is done and all there is to do."""
        return lambda done, total: self._show(what, done, total, f"{done:,} of {total:,}")

    def stop(self) -> None:
        """Take the bars away; harmless when there are none."""
        if self._tasks:  # rich would print an empty line even for a bar that never was
            self._progress.stop()

    def _show(self, name: str, done: int, total: int, text: str) -> None:
        if not self._shown:
            return
        if not self._tasks:
            self._progress.start()
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=total or None, text=text)
        self._progress.update(self._tasks[name], completed=done, total=total or None, text=text)


@contextlib.contextmanager
def bars(*, quiet: bool) -> Iterator[Bars]:
    """Bars that are gone when the body ends, however it ends."""
    shown = Bars(quiet=quiet)
    try:
        yield shown
    finally:
        shown.stop()
