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


SEVERAL = """
import os, signal, time
from vaecli.cli.stopping import EXIT_CODES, TOGETHER, Stopped, stoppable, stopped_at_once

try:
    with stopped_at_once(), stoppable() as stop:
        for name in {names}:
            os.kill(os.getpid(), getattr(signal, name))
        print(stop(), EXIT_CODES.get(stop()))
        time.sleep(TOGETHER)
        os.kill(os.getpid(), signal.SIGTERM)
        print("went on")
except Stopped as stopped:
    print("stopped", stopped.exit_code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["SIGHUP", "SIGHUP"], b"stopped by SIGHUP 129"),
        (["SIGTERM", "SIGHUP"], b"stopped by SIGTERM 143"),
        (["SIGUSR1"], b"stopped by SIGUSR1 138"),
        (["SIGINT", "SIGINT", "SIGINT"], b"stopped by Ctrl-C 130"),
    ],
)
def test_signals_that_come_together_count_as_one(process, names, first):
    """A shell and the kernel both send SIGHUP: the run is saved; a signal a second later stops it."""
    result = process(code=SEVERAL.format(names=names))
    assert (result.stdout.splitlines(), result.stderr) == ([first, b"stopped 143"], b"")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_an_ignored_signal_stays_ignored_in_training(process):
    """`nohup vaecli train`: SIGHUP does not stop it; SIGTERM does."""
    ignoring = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    result = process(code=ignoring + SEVERAL.format(names=["SIGHUP"]))
    assert result.stdout.splitlines() == [b"None None", b"went on"]


CAUGHT = """
import os, signal
from vaecli.cli.stopping import Stopped, stopped_at_once

try:
    with stopped_at_once():
        try:
            {signal}
            raise ValueError
        except:
            raise TypeError("an error of a library")
except Stopped as stopped:
    print("stopped", stopped.exit_code)
except TypeError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_signal_that_a_library_catches_stops(process):
    """TensorFlow's `tf.int32.max` catches every exception and raises a TypeError; without a signal it stays one."""
    result = process(code=CAUGHT.format(signal="os.kill(os.getpid(), signal.SIGINT)"))
    assert (result.stdout.split(b"\n"), result.stderr) == ([b"stopped 130", b""], b"")
    result = process(code=CAUGHT.format(signal="pass"))
    assert (result.stdout.split(b"\n"), result.stderr) == ([b"an error of a library", b""], b"")


IN_EXTENSION = """
import enum, signal, sys, time
import numpy, google.protobuf.message
from vaecli.cli.stopping import Stopped, stopped_at_once

made, sent = enum.EnumType.__call__, []

def interrupted(cls, *arguments, **more):
    frame = sys._getframe()
    while frame and frame.f_code.co_qualname != "ExtensionFileLoader.exec_module":
        frame = frame.f_back
    if frame and not sent:
        sent.append(frame.f_locals["module"].__name__)
        signal.raise_signal(signal.SIGINT)
    return made(cls, *arguments, **more)

enum.EnumType.__call__ = interrupted
try:
    with stopped_at_once():
        import onnx
        time.sleep(60)
except Stopped as stopped:
    print(*sent, stopped.exit_code)
"""


@pytest.mark.train
def test_an_extension_module_is_initialised_first(process):
    """A Ctrl-C that comes while C++ code of onnx calls Python does not pass through it, which would abort."""
    result = process(code=IN_EXTENSION)
    assert (result.stdout.split(), result.stderr) == ([b"onnx.onnx_cpp2py_export", b"130"], b"")
