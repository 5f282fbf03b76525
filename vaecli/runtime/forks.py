"""Forks of a process whose threads use models.

A lock that another thread holds at the fork stays held in the child, also one inside onnxruntime. So a fork waits
until no thread is inside a session. The child drops sessions, pools and locks, and makes new ones when needed.
"""

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


_registered: "weakref.WeakSet[Forgetful]" = weakref.WeakSet()
_registering = threading.Lock()
_forking = threading.Lock()
_held: list[Forgetful] = []  # of the fork under way


def register(item: Forgetful) -> None:
    """Have an object held while this process is forked, and `item.forget()` called in the forked one."""
    with _registering:
        _registered.add(item)


def _hold_all() -> None:
    _forking.acquire()
    with _registering:
        items = list(_registered)
    end = time.monotonic() + PATIENCE
    for item in items:
        _held.append(item)
        item.hold(max(0.0, end - time.monotonic()))


def _release_all() -> None:
    while _held:
        _held.pop().release()
    _forking.release()


def _forget_all() -> None:
    global _registering, _forking  # locks that other threads held are copied held
    _registering, _forking = threading.Lock(), threading.Lock()
    _held.clear()
    for item in list(_registered):
        item.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_hold_all, after_in_parent=_release_all, after_in_child=_forget_all)
