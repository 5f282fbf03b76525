"""The second signal stops at once, wherever it arrives."""

import sys

import pytest

HALF = """
import os, signal, sys, time
from vaecli.cli.stopping import TOGETHER, stoppable

class Half:
    def __init__(self):
        time.sleep(TOGETHER)
        os.kill(os.getpid(), signal.SIGINT)
        self.complete = True

    def __del__(self):
        self.complete

def run():
    with stoppable() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        print(stop())
        Half()

try:
    run()
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_half_constructed_object_prints_nothing(process):
    """An object whose construction the second Ctrl-C interrupts, as TensorFlow's may be, prints no traceback."""
    result = process(code=HALF)
    assert (result.stdout.split(b"\n"), result.stderr) == ([b"stopped by Ctrl-C", b"stopped", b""], b"")
