"""The progress and the duration of the steps of a measurement."""

from collections.abc import Callable

from vaecli.metrics.clock import Clock

Progress = Callable[[str, int, int], None]


def silent(*_: object) -> None:
    """Ignore a report."""


class Steps(Clock):
    """Counts what is done, and adds up the duration of each kind of step.

    Args:
        report: called with the name of a step, what is done of it, and its total.

    Attributes:
        report: as given.
    """

    def __init__(self, report: Progress = silent) -> None:
        super().__init__()
        self.report = report

    def counter(self, text: str, total: int) -> Callable[[int], None]:
        """Report that a step begins; return a function that is called with each amount that is done of `total`."""
        done = 0
        self.report(text, done, total)

        def advance(amount: int) -> None:
            nonlocal done
            done += amount
            self.report(text, done, total)

        return advance
