"""`--max-time`: when to stop training so that the export is done in time, too."""

import contextlib
import time
from collections.abc import Iterator

REASON = "--max-time is over"
# The export against TensorFlow's start: both are imports, traces and conversions on one core, so one tells of the
# other on any machine. Nothing else counts: downloads, a wait for other workers, the reading of images do not.
EXPORT = 2.5
INT8 = 4.0  # more, where a decoder.int8.onnx is made anew
LEAST = 3.0  # seconds; where TensorFlow is in memory already, its start tells nothing
CALL = 0.5  # seconds, about, of one call into the graph: nothing is asked within it


class Deadline:
    """A limit on the seconds of a command, counted from the making of this object."""

    def __init__(self, seconds: float | None) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._start = 0.0

    @contextlib.contextmanager
    def starting(self) -> Iterator[None]:
        """TensorFlow starts in the body: the measure of what the end will cost."""
        began = time.monotonic()
        yield
        self._start += time.monotonic() - began

    def passed(self, validation_seconds: float = 0.0, *, int8: bool = False) -> bool:
        """Whether to stop now, since an epoch's end and the export, of an int8 file too, are still to come."""
        if self._seconds is None:
            return False
        export = max(self._start, LEAST) * (EXPORT + INT8 * int8)
        return time.monotonic() - self._began + export + CALL + validation_seconds >= self._seconds
