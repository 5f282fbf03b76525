"""Renewal of objects in a forked process: a lock copied while held stays held, a copied pool has no threads."""

import os
import weakref
from typing import Protocol


class Forgetful(Protocol):
    """An object that can drop its locks, pools and sessions, and make new ones at its next use."""

    def forget(self) -> None:
        """Drop locks, pools and sessions. Called in a forked process before any other code runs there."""


_registered: "weakref.WeakSet[Forgetful]" = weakref.WeakSet()


def register(item: Forgetful) -> None:
    """Have `item.forget()` called in every process that is forked from this one while the object exists."""
    _registered.add(item)


def _forget_all() -> None:
    for item in list(_registered):
        item.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_forget_all)
