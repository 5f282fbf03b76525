"""Ctrl-C and SIGTERM while a run trains: the first asks it to stop well, the second stops at once."""

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType

STOPPED = {"stopped by Ctrl-C": 130, "stopped by SIGTERM": 143}
_REASONS = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


@contextlib.contextmanager
def stoppable() -> Iterator["Stop"]:
    """While the body runs, a signal becomes a reason that the yielded object gives when it is called."""
    stop = Stop()
    stop.listen()
    try:
        yield stop
    finally:
        stop.release()


class Stop:
    """What signals do while a run trains.

    A signal that is ignored, as Ctrl-C is in a job started with & in a script, stays ignored.
    """

    def __init__(self) -> None:
        before = {name: signal.getsignal(name) for name in _REASONS}
        self._before = {name: handler for name, handler in before.items() if handler is not signal.SIG_IGN}
        self._seen: list[signal.Signals] = []

    def __call__(self) -> str | None:
        """The reason to stop; None before a signal has come."""
        return _REASONS[self._seen[0]] if self._seen else None

    def listen(self) -> None:
        """Wait for the first signal."""
        for name in self._before:
            signal.signal(name, self._handle)

    def release(self) -> None:
        """Let signals do what they did before this was here."""
        for name, handler in self._before.items():
            signal.signal(name, handler)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """While the body runs, a signal stops at once, and so does one that has come already."""
        self.release()
        if self._seen:
            signal.raise_signal(self._seen[0])
        yield
        self.listen()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._seen.append(signal.Signals(number))
        self.release()  # the second one stops at once
        # wherever it hits: an object of TensorFlow's that is half made says so when the process ends
        sys.unraisablehook = lambda _: None
