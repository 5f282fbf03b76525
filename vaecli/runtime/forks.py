"""Renewal of objects in a forked process, where copies of locks may be held for ever and pools have no threads."""

import os
import weakref
from typing import Protocol


class Forgetful(Protocol):
    """An object that can drop its locks, pools and sessions, and make new ones when it is used again."""

    def forget(self) -> None:
        """Drop them; called in a forked process before anything else runs there."""


_registered: "weakref.WeakSet[Forgetful]" = weakref.WeakSet()


def register(item: Forgetful) -> None:
    """Call `item.forget()` in every process that is forked from this one while the object lives."""
    _registered.add(item)


def _forget_all() -> None:
    for item in list(_registered):
        item.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_all)
