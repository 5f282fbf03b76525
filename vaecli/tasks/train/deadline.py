"""`--max-time`: decides when training must stop so that the export ends before the limit."""

import contextlib
import time
from collections.abc import Iterator

REASON = "--max-time is over"
# Duration of the export as a multiple of TensorFlow's start: both are imports, traces and conversions on one core,
# so their ratio is about the same on any machine. Downloads, waits for workers and reading images do not count.
EXPORT_FACTOR = 2.5
INT8_FACTOR = 4.0  # in addition, where decoder.int8.onnx is made again
LEAST_START = 3.0  # seconds; TensorFlow may be in memory already
CALL_SECONDS = 0.5  # of one call of the graph, during which the loop does not ask


class Deadline:
    """A time limit in seconds, counted from the creation of this object; None for no limit."""

    def __init__(self, seconds: float | None) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._start_seconds = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there is a limit."""
        return self._seconds is not None

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """Measure how long the body takes to start TensorFlow; the time for the export is estimated from that."""
        began = time.monotonic()
        yield
        self._start_seconds += time.monotonic() - began

    def passed(
        self, validation_seconds: float = 0.0, *, int8: bool = False, fit_seconds: float = 0.0
    ) -> bool:
        """Return whether training must stop now for one validation and the export to end within the limit.

        Args:
            validation_seconds: expected duration of the validation.
            int8: whether the export makes decoder.int8.onnx again, which takes longer.
            fit_seconds: expected duration of the fits of score and prior.
        """
        if self._seconds is None:
            return False
        export_seconds = max(self._start_seconds, LEAST_START) * (EXPORT_FACTOR + INT8_FACTOR * int8)
        needed = export_seconds + CALL_SECONDS + validation_seconds + fit_seconds
        return time.monotonic() - self._began + needed >= self._seconds
