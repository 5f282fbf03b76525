"""Ctrl-C and SIGTERM while a run trains: the first asks it to stop well, the second stops at once."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from types import FrameType

STOPPED = {"stopped by Ctrl-C": 130, "stopped by SIGTERM": 143}
_REASONS = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "stopped by SIGTERM"}


@contextlib.contextmanager
def stoppable() -> Iterator[Callable[[], str | None]]:
    """While the body runs, a signal becomes a reason that the yielded function gives.

    A signal that is ignored, as Ctrl-C is in a job started with & in a script, stays ignored.
    """
    seen: list[str] = []
    heeded = [name for name in _REASONS if signal.getsignal(name) is not signal.SIG_IGN]
    before = {name: signal.getsignal(name) for name in heeded}

    def handle(number: int, frame: FrameType | None) -> None:
        seen.append(_REASONS[signal.Signals(number)])
        for name, handler in before.items():  # from now on as if this were not here
            signal.signal(name, handler)

    for name in heeded:
        signal.signal(name, handle)
    try:
        yield lambda: seen[0] if seen else None
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
