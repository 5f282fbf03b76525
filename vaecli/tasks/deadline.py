"""`--max-time`: when to stop training so that the export is done in time, too."""

import time

REASON = "--max-time is over"
# The export against the time from the command to the first step, which is TensorFlow's start for the most part:
# both are imports, traces and conversions on one core, so one tells of the other on any machine.
EXPORT = 1.5
LEAST = 5.0  # seconds; where TensorFlow is in memory already, its start tells nothing
CALL = 0.5  # seconds, about, of one call into the graph: nothing is asked within it


class Deadline:
    """A limit on the seconds of a command, counted from the making of this object."""

    def __init__(self, seconds: float | None) -> None:
        self._began = time.monotonic()
        self._seconds = seconds
        self._reserve = 0.0

    def training_begins(self) -> None:
        """Take the time that the start has cost as the measure of what the end will cost."""
        self._reserve = max(EXPORT * (time.monotonic() - self._began), LEAST) + CALL

    def passed(self, validation_seconds: float = 0.0) -> bool:
        """Whether to stop now, since an epoch's end and the export are still to come."""
        if self._seconds is None:
            return False
        elapsed = time.monotonic() - self._began
        return elapsed + self._reserve + validation_seconds >= self._seconds
