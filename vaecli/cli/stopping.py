"""Signals that end a command: at once, or, while a run trains, after its state is saved and its model exported."""

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

# Ctrl-C; the usual request; a terminal that is gone; the warnings of batch systems before their limits
_NAMES = {
    "SIGINT": "Ctrl-C",
    "SIGTERM": "SIGTERM",
    "SIGHUP": "SIGHUP",
    "SIGUSR1": "SIGUSR1",
    "SIGUSR2": "SIGUSR2",
}
_REASONS = {
    signal.Signals[name]: f"stopped by {shown}"
    for name, shown in _NAMES.items()
    if name in signal.Signals.__members__  # Windows has the first two
}
SIGNALS = tuple(_REASONS)
EXIT_CODES = {reason: 128 + number for number, reason in _REASONS.items()}
# Seconds within which several signals count as one: a shell that hangs up and the kernel both send SIGHUP, session
# managers send SIGTERM and SIGHUP, and wrappers pass a Ctrl-C on that the terminal has sent already.
TOGETHER = 1.0
AGAIN = 0.05  # seconds until a signal is delivered again that came while an extension module was initialised


class Stopped(BaseException):
    """A signal that ends the command; not an Exception, so that nothing but cleaning up happens on the way."""

    @property
    def exit_code(self) -> int:
        """Exit code of the process: 128 + the signal's number."""
        return 128 + int(self.args[0])


@contextlib.contextmanager
def stopped_at_once() -> Iterator[None]:
    """Raise `Stopped` where a signal interrupts the body, except for signals that the process ignores.

    A process started with `&` or `nohup` ignores some. Libraries, TensorFlow among them, catch every exception in
    places and raise one of their own: an error of the body after a signal counts as `Stopped`, too.
    """
    handler = _StopAtOnce()
    for number in _handled():
        signal.signal(number, handler)
    try:
        yield
    except Exception as error:
        if handler.raised is None:
            raise
        raise handler.raised from error


class _StopAtOnce:
    """A handler that raises `Stopped`, and keeps what it has raised."""

    def __init__(self) -> None:
        self.raised: Stopped | None = None
        self._last = -TOGETHER

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Raise `Stopped`, unless a signal less than `TOGETHER` seconds ago has done so.

        It is raised later if an extension module, such as that of onnx, is being initialised: an exception that
        passes through its C++ code aborts the process.
        """
        now = time.monotonic()
        if now - self._last < TOGETHER:
            return
        if _initialises_extension(frame):
            again = threading.Timer(AGAIN, _thread.interrupt_main, (number,))
            again.daemon = True
            again.start()
            return
        self._last = now
        self.raised = Stopped(number)
        raise self.raised


def _initialises_extension(frame: FrameType | None) -> bool:
    """Return whether a frame, or one that called it, is the import system's that runs an extension module."""
    while frame:
        if frame.f_code.co_qualname.startswith("ExtensionFileLoader."):
            return True
        frame = frame.f_back
    return False


def end_quietly() -> None:
    """Let signals end the process without a message from now on, because its work is done."""
    for number in _handled():
        signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def stoppable() -> Iterator["Stop"]:
    """Yield a `Stop`: called, it returns a reason to stop once a signal has come while the body runs."""
    stop = Stop()
    stop.listen()
    try:
        yield stop
    finally:
        stop.release()


class Stop:
    """A handler: the first signal becomes a reason to stop training, the second ends the command at once."""

    def __init__(self) -> None:
        self._before = {number: signal.getsignal(number) for number in _handled()}
        self._received: list[signal.Signals] = []
        self._first = 0.0  # when the first one came, in seconds of the monotonic clock

    def __call__(self) -> str | None:
        """Return the reason to stop, or None if no signal has come."""
        return _REASONS[self._received[0]] if self._received else None

    def listen(self) -> None:
        """Install the handlers; returns at once."""
        for number in self._before:
            signal.signal(number, self._handle)

    def release(self) -> None:
        """Restore the signal handlers that were installed before `listen`."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Let a signal end the command at once while the body runs; one received earlier ends it before."""
        self.release()
        if self._received:
            signal.raise_signal(self._received[0])
        yield
        self.listen()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._received:
            if time.monotonic() - self._first >= TOGETHER:
                self.release()
                signal.raise_signal(number)
            return
        self._received.append(signal.Signals(number))
        self._first = time.monotonic()
        # The second signal may hit while TensorFlow constructs an object, whose finaliser then prints a traceback.
        sys.unraisablehook = lambda _: None


def _handled() -> list[signal.Signals]:
    return [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
