"""The duration of the steps of a work that several threads share."""

import contextlib
import threading
import time
from collections.abc import Iterator


class Clock:
    """Adds up the time that threads spend in each step of their work.

    Attributes:
        seconds: name of a step -> its duration so far.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the duration of the body to a step."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def shares(self, seconds: float) -> dict[str, float]:
        """Divide the duration of the whole work among its steps, as the threads spent their time."""
        total = sum(self.seconds.values())
        return {name: seconds * spent / total for name, spent in self.seconds.items()} if total else {}
