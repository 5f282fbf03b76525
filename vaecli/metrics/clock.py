"""The duration of parts of a work that several threads share."""

import contextlib
import threading
import time
from collections.abc import Iterator


class Clock:
    """Adds up the time that threads spend in each part of their work."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the duration of the body to a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self._spent[name] = self._spent.get(name, 0.0) + time.perf_counter() - began

    def shares(self, seconds: float) -> dict[str, float]:
        """Divide the duration of the whole work among its parts, as the threads spent their time."""
        total = sum(self._spent.values())
        return {name: seconds * spent / total for name, spent in self._spent.items()} if total else {}
