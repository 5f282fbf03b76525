"""Forks of a process whose threads use models.

A lock that another thread holds at the fork stays held in the child, also one inside onnxruntime. So a fork waits
until no thread is inside a session. The child drops sessions, pools and locks, and makes new ones when needed.
"""

import concurrent.futures.thread  # noqa: F401  # registered first, it takes its lock after ours are held
import os
import threading
import time
import weakref
from typing import Protocol

PATIENCE = (
    10.0  # seconds that a fork waits in all; a signal handler may fork while its own thread is in a session
)


class Forgetful(Protocol):
    """An object with locks, pools or sessions."""

    def hold(self, seconds: float) -> None:
        """Wait, at most so long, until no thread uses the object, and keep others out until `release`."""

    def release(self) -> None:
        """Let others in again; called in the parent after the fork."""

    def forget(self) -> None:
        """Drop locks, pools and sessions. Called in a forked process before any other code runs there."""


class Lock:
    """A lock that is free in a forked process; for a `with` statement."""

    def __init__(self) -> None:
        self._lock, self._is_held = threading.Lock(), False  # held by `hold`
        register(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def hold(self, seconds: float) -> None:
        """Take the lock; give up after so many seconds."""
        self._is_held = self._lock.acquire(timeout=seconds)

    def release(self) -> None:
        """Give it back if `hold` has taken it."""
        if self._is_held:
            self._is_held = False
            self._lock.release()

    def forget(self) -> None:
        """Replace the lock: one that is copied while held stays held."""
        self._lock, self._is_held = threading.Lock(), False


class _Forks:
    """The objects to hold at a fork, and the forks under way.

    A signal handler may fork while its own thread prepares a fork: then the objects are being held already.
    """

    def __init__(self) -> None:
        self._items: weakref.WeakSet[Forgetful] = weakref.WeakSet()
        self._new_locks()

    def _new_locks(self) -> None:
        self._registering, self._forking = threading.RLock(), threading.RLock()
        self._depth, self._held = 0, list[Forgetful]()

    def register(self, item: Forgetful) -> None:
        with self._registering:
            self._items.add(item)

    def before(self) -> None:
        self._forking.acquire()
        self._depth += 1
        if self._depth > 1:
            return
        with self._registering:
            items = list(self._items)
        end = time.monotonic() + PATIENCE
        for item in items:
            self._held.append(item)
            item.hold(max(0.0, end - time.monotonic()))

    def after_in_parent(self) -> None:
        self._depth -= 1
        while self._held and not self._depth:
            self._held.pop().release()
        self._forking.release()

    def after_in_child(self) -> None:
        self._new_locks()
        for item in list(self._items):
            item.forget()


_forks = _Forks()


def register(item: Forgetful) -> None:
    """Have an object held while this process is forked, and `item.forget()` called in the forked one."""
    _forks.register(item)


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(
        before=_forks.before, after_in_parent=_forks.after_in_parent, after_in_child=_forks.after_in_child
    )
