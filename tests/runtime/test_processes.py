"""A model works in processes that are forked from its own, and in others by pickle."""

import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest

from vaecli.errors import ModelError
from vaecli.runtime.model import Model

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")

FORKED = """
import concurrent.futures, os, sys, threading
import numpy as np
from vaecli import Model

model = Model.open(sys.argv[1], threads=2)
image = model.sample(1)[0]
encoded, {before}
expected = model.sample(200)
stop = threading.Event()
def sample():
    while not stop.is_set():
        model.sample(50)
busy = [threading.Thread(target=sample) for _ in range(2)]
for thread in busy:
    thread.start()
for _ in range(4):
    child = os.fork()
    if not child:
        with concurrent.futures.ThreadPoolExecutor(4) as pool:  # all of them find the session closed
            series = list(pool.map(model.sample, [200] * 8))
        same = all(np.allclose(images, expected, atol=1e-6) for images in series)
        same &= np.allclose(model.encode(image[None])[0], encoded, atol=1e-5)
        same &= np.allclose(model.sample(1), expected[:1], atol=1e-6)
        os._exit(0 if same else 9)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0, status
stop.set()
for thread in busy:
    thread.join()
print("same")
"""


@POSIX
@pytest.mark.parametrize(
    "before", ["_ = model.encode(image[None])", "_ = Model.open(sys.argv[1]).encode(image[None])"]
)
def test_a_forked_process_goes_on(model_folder, before):
    """Threads of a child that was forked while others sampled give the same pictures and wait for no lock."""
    code = FORKED.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", code, str(model_folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "same\n"), done.stderr


HANDLER = """
import os, signal, sys, threading
from vaecli import Model
from vaecli.runtime import forks

forks.PATIENCE = 0.2
model = Model.open(sys.argv[1], threads=2)
expected = model.sample(64)
statuses = []
class Interrupted:  # while a fork waits for it, the handler forks
    def hold(self, seconds):
        if {within_a_fork} and len(statuses) < 10:
            os.kill(os.getpid(), signal.SIGUSR1)
    def release(self): pass
    def forget(self): pass
interrupted = Interrupted()
forks.register(interrupted)
def fork(number, frame):
    child = os.fork()
    if not child:
        os._exit(0 if (model.sample(64) == expected).all() else 9)
    statuses.append(os.waitpid(child, 0)[1])
signal.signal(signal.SIGUSR1, fork)
while len(statuses) < 20:
    os.kill(os.getpid(), signal.SIGUSR1)
    assert (model.sample(64) == expected).all()
print(*set(statuses))
"""


@POSIX
@pytest.mark.parametrize("within_a_fork", [False, True])
def test_a_fork_in_a_signal_handler(model_folder, within_a_fork):
    """A handler may interrupt a call, or a fork that waits: no fork waits longer than it must, and all go on."""
    code = HANDLER.format(within_a_fork=within_a_fork)
    command = [sys.executable, "-W", "ignore", "-c", code, str(model_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_a_pickled_model_needs_no_folder(model_folder, tmp_path):
    """A pickled model holds its files: the copy gives the same results after the folder is gone."""
    folder = shutil.copytree(model_folder, tmp_path / "model")
    model = Model.open(folder, threads=2)
    expected, encoded = model.sample(5), model.encode(model.sample(2))
    pickled = pickle.dumps(model)
    shutil.rmtree(folder)
    copy = pickle.loads(pickled)
    assert copy.threads == 2 and copy.info == model.info
    np.testing.assert_array_equal(copy.sample(5), expected)
    np.testing.assert_allclose(copy.encode(expected[:2]), encoded, atol=1e-5)


def test_a_pickled_decoder_without_its_encoder(model_folder, tmp_path):
    """A decoder alone can be pickled; the copy has no encoder either."""
    shutil.copy(model_folder / "decoder.onnx", tmp_path)
    copy = pickle.loads(pickle.dumps(Model.open(tmp_path / "decoder.onnx")))
    assert copy.sample(2).shape == (2, 28, 28, 1) and not copy.has_encoder
    with pytest.raises(ModelError, match="needs an encoder"):
        copy.encode(copy.sample(1))


def test_onnxruntime_reports_nothing(model_folder, tmp_path):
    """Its telemetry is off unless the user wants it, so it neither looks for a home folder nor warns about it."""
    code = (
        "import os; from vaecli import Model; import sys; Model.open(sys.argv[1]).sample(1);"
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    for given, expected in (({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")):
        done = subprocess.run(
            [sys.executable, "-c", code, str(model_folder)],
            env=environment | {"HOME": str(tmp_path / "missing" / "home")} | given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == f"{expected}\n"
        assert expected == "0" or done.stderr == ""
