"""Watchers pass on what they are told."""

import pytest

from vaecli.runs.progress import Quiet, Several, Watcher


class Listener(Watcher):
    """Keeps the calls."""

    def __init__(self):
        self.calls = []

    def note(self, message):
        self.calls.append(("note", message))

    def downloaded(self, name, received, total):
        self.calls.append(("downloaded", name, received, total))

    def read(self, name, done, total):
        self.calls.append(("read", name, done, total))


CALLS = [("downloaded", "a.gz", 1, 2), ("note", "careful"), ("read", "Reading pictures", 3, 4)]


@pytest.mark.parametrize("count", [1, 3])
def test_several_watchers_receive_every_call(count):
    """Each of them, in order."""
    listeners = [Listener() for _ in range(count)]
    watcher = Several(listeners)
    for name, *arguments in CALLS:
        getattr(watcher, name)(*arguments)
    assert all(listener.calls == CALLS for listener in listeners)


def test_a_quiet_watcher_passes_progress_on_and_no_notes():
    """A message that was given once is not given again when data are loaded again."""
    listener = Listener()
    watcher = Quiet(listener)
    for name, *arguments in CALLS:
        getattr(watcher, name)(*arguments)
    assert listener.calls == [call for call in CALLS if call[0] != "note"]
