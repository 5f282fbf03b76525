"""The progress and the duration of the steps of a measurement."""

import contextlib
import time
from collections.abc import Callable, Iterator

Progress = Callable[[str, int, int], None]


def silent(*_: object) -> None:
    """Ignore a report."""


class Steps:
    """Counts what is done, and adds up the duration of each kind of step.

    Args:
        report: called with the name of a step, what is done of it, and its total.

    Attributes:
        seconds: name of a step -> its duration so far.
        report: as given.
    """

    def __init__(self, report: Progress = silent) -> None:
        self.seconds: dict[str, float] = {}
        self.report = report

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the duration of the body to a step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def counter(self, text: str, total: int) -> Callable[[int], None]:
        """Report that a step begins; return a function that is called with each amount that is done of `total`."""
        done = 0
        self.report(text, done, total)

        def advance(amount: int) -> None:
            nonlocal done
            done += amount
            self.report(text, done, total)

        return advance
