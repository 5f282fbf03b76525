"""`vaecli train` on two workers, in real processes on the loopback interface."""

import dataclasses
import json
import shutil
import signal
import time
import tomllib

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.options import TrainOptions
from vaecli.runs import layout
from vaecli.runs.history import read_metrics
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read, save
from vaecli.runtime.model import Model
from vaecli.tasks.train.train import train

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
        self.notes, self.epochs = [], 0

    def note(self, message):
        self.notes.append(message)

    def epoch_ended(self, epoch):
        self.epochs += 1


def after_meeting(*lines):
    """The program, with something that happens in each worker, `index`, when all have met."""
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "import json, os\n"
        "from vaecli.cli.main import main\n"
        "from vaecli.training.cluster import rendezvous as meeting\n"
        "meet = meeting.meet\n"
        "def meet_then(*arguments):\n"
        "    reason = meet(*arguments)\n"
        "    index = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
        f"{body}"
        "    return reason\n"
        "meeting.meet = meet_then\n"
        "main()\n"
    )


def read_until(process, text):
    """What a process says on stderr up to the line that begins with a text."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith(text):
            return "".join(lines)
    raise AssertionError(f"{text!r} never came: {''.join(lines)}")


def ended(*workers):
    """The exit code of each, its stdout, and the lines of its stderr that tell of no epoch, in a minute at most."""
    until, found = time.monotonic() + 60, []
    for worker in workers:
        stdout, stderr = worker.communicate(timeout=until - time.monotonic())
        found.append(
            (worker.returncode, stdout, [x for x in stderr.splitlines() if not x.startswith("epoch ")])
        )
    return found


def error_in(lines):
    """The one line of ours; TensorFlow 2.19 writes lines of its own about a worker that is gone."""
    assert not any("Traceback" in line for line in lines), lines
    (found,) = (line for line in lines if line.startswith("Error: "))
    return found


def test_a_worker_that_dies_ends_the_other(two_workers, data, tmp_path):
    """Within a minute, with one line; the chief alone has written; one device takes up what two have begun, and so
    do two, which stop when the time is over that the chief alone was given."""
    options = ["--data", data, *ENDLESS, "--validation-split", 0.2, "--out", "run"]
    chief, other = two_workers("-m", "vaecli", "train", *options)
    assert "on 2 devices" in read_until(chief, "epoch 2 ")
    other.send_signal(signal.SIGKILL)
    [(code, stdout, lines)] = ended(chief)
    assert (code, stdout) == (1, "")
    assert error_in(lines).startswith("Error: Another of the 2 workers is gone")
    assert error_in(lines).endswith(
        "The last saved state is complete. Start all workers again: vaecli train --resume run"
    )
    assert list((tmp_path / "1").iterdir()) == []
    run, watch = tmp_path / "0" / "run", Listener()
    saved = read(run / "checkpoint" / "state.npz").state
    assert saved.epoch >= 1 and saved.replicas == 2
    resumed = train(resume=run, watch=watch, stop=lambda: "enough")
    assert resumed.reason == "enough" and resumed.best["epoch"] == saved.best_epoch
    assert "on 2 devices, and goes on with 1: the weights will differ by rounding" in " ".join(watch.notes)
    both = two_workers("-m", "vaecli", "train", "--resume", "run", to_chief=["--max-time", "1s"])
    (code, stdout, said), others = ended(*both)
    assert (code, stdout, others) == (0, "run\n", (0, "", [])), said
    assert "Training ended: --max-time is over." in said
    assert read(run / "checkpoint" / "state.npz").state.replicas == 2


def test_two_workers_end_what_one_began(two_workers, data, tmp_path):
    """With its losses, until patience has run out; each may find the images in a place of its own."""
    options = TrainOptions(
        data=str(data), latent_dim=2, batch_size=64, patience=2, validation_split=0.2, precision="float32"
    )
    run, watch = layout.Run(tmp_path / "0" / "run"), Listener()
    train(options, out=run.path, watch=watch, stop=lambda: "enough" if watch.epochs else None)
    begun = read(run.checkpoint)
    state = dataclasses.replace(begun.state, best_loss=0.0)  # which nothing will beat
    save(run.checkpoint, state, begun.variables, begun.identity)
    alone = layout.Run(shutil.copytree(run.path, tmp_path / "alone"))
    assert "--patience" in train(resume=alone.path).reason
    moved, copied = data.rename(tmp_path / "moved"), shutil.copytree(tmp_path / "moved", tmp_path / "copied")
    apart = [
        "from vaecli.tasks.train import images",
        "load = images.load",
        f"here = lambda name: '/not/here' if index == 1 and name == {str(moved)!r} else name",
        "images.load = lambda name, *more, **most: load(here(name), *more, **most)",
    ]
    command = ["-c", after_meeting(*apart), "train", "--resume", "run"]
    chief, other = ended(*two_workers(*command, to_chief=["--data", moved], to_other=["--data", copied]))
    assert chief[:2] == (0, "run\n") and "--patience" in " ".join(chief[2]), chief
    assert other == (0, "", []) and list((tmp_path / "1").iterdir()) == []
    assert Model.open(run.path).info.training["epochs_done"] == 3
    assert tomllib.loads(run.config.read_text())["data"] == str(moved)
    losses, expected = ([row["val_loss"] for row in read_metrics(one.metrics)] for one in (run, alone))
    assert len(losses) == 3 and losses[0] == expected[0]
    assert losses == pytest.approx(expected, rel=0.005)


def test_a_signal_to_one_and_the_death_of_the_chief(two_workers, data, tmp_path):
    """Processors differ: the one without bfloat16 says so and goes on. SIGTERM to a worker is everybody's, with the
    exit code and the model of one; they go on together, and end within a minute when the chief dies."""
    differing = [
        "from vaecli.training import precision",
        "precision.supported = lambda: index == 0",
    ]
    options = ["--data", data, *ENDLESS, "--validation-split", 0.2]
    both = two_workers("-c", after_meeting(*differing), "train", *options, "--out", "run")
    assert "bfloat16" in read_until(both[0], "epoch 2 ")
    both[1].send_signal(signal.SIGTERM)
    chief, other = ended(*both)
    assert chief[:2] == (143, "run\n") and "Training ended: stopped by SIGTERM." in chief[2], chief
    assert other[:2] == (143, "") and len(other[2]) == 1 and "it goes on in float32" in other[2][0], other
    trained = Model.open(tmp_path / "0" / "run").info.training
    assert trained["epochs_done"] >= 2 and list((tmp_path / "1").iterdir()) == []
    chief, other = two_workers("-m", "vaecli", "train", "--resume", "run")
    read_until(chief, f"epoch {trained['epochs_done'] + 1} ")
    chief.send_signal(signal.SIGKILL)
    [(code, stdout, lines)] = ended(other)
    assert (code, stdout) == (1, ""), lines
    assert error_in(lines).startswith("Error: Another of the 2 workers is gone") and "--resume" in error_in(
        lines
    )


@pytest.mark.parametrize("gone", [0, 1])
def test_one_that_goes_before_all_are_connected(two_workers, tmp_path, gone):
    """The other does not wait for ever; nothing was trained, and nothing is left."""
    going = [
        "from vaecli.training.cluster import devices",
        "assert devices.REGISTER <= 50",
        "devices.REGISTER = 5.0",
        f"if index == {gone}: os._exit(9)",
    ]
    both = two_workers("-c", after_meeting(*going), "train", "--data", "fashion-mnist-mini", "--out", "run")
    found = ended(*both)
    (code, stdout, lines) = found.pop(1 - gone)
    assert found[0][0] == 9
    assert (code, stdout) == (1, ""), lines
    if not any(line.startswith("Timeout (") for line in lines):  # where TensorFlow overlooks its own limit
        assert error_in(lines).startswith("Error: Another of the 2 workers is gone")
    assert list(tmp_path.glob("*/*")) == []


def test_what_does_not_fit_is_said_at_once(call, here, monkeypatch):
    """Devices that are not there, a TF_CONFIG that names no worker: nothing is left behind."""
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", "two", "--out", "run")
    assert code == 2 and "--devices must be" in stderr
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", 64, "--out", "run")
    assert code == 2 and "this machine has" in stderr
    hosts = {"cluster": {"worker": ["a:1", "b:1"]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(hosts | {"task": {"type": "worker", "index": 1}}))
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", 64, "--out", "run")
    assert code == 2 and "this machine has" in stderr  # and before it has met the others
    monkeypatch.setenv("TF_CONFIG", json.dumps(hosts))
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--out", "run")
    assert code == 1 and "TF_CONFIG does not fit" in stderr and "host-a:2222" in stderr
    assert list(here.iterdir()) == []
