"""`vaecli train` on two workers, in real processes on the loopback interface."""

import json
import signal
import time

import numpy as np
import pytest

from vaecli.data.idx import encode_idx
from vaecli.data.mini import load_mini
from vaecli.tasks.train import train
from vaecli.training.state import read
from vaecli.training.watch import Watcher

pytestmark = pytest.mark.train

ENDLESS = ["--epochs", 100_000, "--patience", 100_000, "--latent-dim", 2, "--batch-size", 64]


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(load_mini("train").images[:300, :, :, 0]))
    (folder / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))
    return folder


class Listener(Watcher):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def test_a_worker_that_dies_ends_the_other(two_workers, data, tmp_path):
    """Within a minute, with one line; the chief alone has written; one device takes up what two have begun."""
    options = ["--data", data, *ENDLESS, "--validation-split", 0.2, "--out", "run"]
    chief, other = two_workers("-m", "vaecli", "train", *options)
    seen = []
    while not seen or not seen[-1].startswith("epoch 2 "):
        seen.append(chief.stderr.readline())
        assert seen[-1], seen
    assert "on 2 devices" in "".join(seen)
    began = time.monotonic()
    other.send_signal(signal.SIGKILL)
    stdout, stderr = chief.communicate(timeout=60)
    assert time.monotonic() - began < 60
    assert (chief.returncode, stdout) == (1, "")
    errors = [line for line in stderr.splitlines() if not line.startswith("epoch ")]
    assert (
        len(errors) == 1
        and "Error: Another of the 2 workers is gone" in errors[0]
        and "--resume" in errors[0]
    )
    assert list((tmp_path / "1").iterdir()) == []
    run, watch = tmp_path / "0" / "run", Listener()
    saved = read(run / "checkpoint" / "state.npz").state
    assert saved.epoch >= 1 and saved.replicas == 2
    resumed = train(resume=run, watch=watch, stop=lambda: "enough")
    assert resumed.reason == "enough" and resumed.best["epoch"] == saved.best_epoch
    assert "on 2 devices, and goes on with 1: the weights cannot be equal to the bit" in " ".join(watch.notes)


def test_what_does_not_fit_is_said_at_once(call, here, monkeypatch):
    """Devices that are not there, a TF_CONFIG that names no worker: nothing is left behind."""
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", "two", "--out", "run")
    assert code == 2 and "--devices has to be" in stderr
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", 64, "--out", "run")
    assert code == 2 and "this machine has" in stderr
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1"]}}))
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--out", "run")
    assert code == 1 and "TF_CONFIG does not fit" in stderr and "host-a:2222" in stderr
    assert list(here.iterdir()) == []
