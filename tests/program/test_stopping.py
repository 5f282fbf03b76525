"""The second signal, which stops at once, wherever it hits."""

import sys

import pytest

HALF = """
import os, signal, sys, time
from vaecli.cli.stopping import TOGETHER, stoppable

class Half:
    def __init__(self):
        time.sleep(TOGETHER)
        os.kill(os.getpid(), signal.SIGINT)
        self.whole = True

    def __del__(self):
        self.whole

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
def test_what_is_half_made_is_not_heard(process):
    """An object that the second Ctrl-C leaves unfinished, as TensorFlow's may be, prints no traceback."""
    result = process(code=HALF)
    assert (result.stdout.split(b"\n"), result.stderr) == ([b"stopped by Ctrl-C", b"stopped", b""], b"")
