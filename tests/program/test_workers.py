"""`vaecli train` on two workers: processes on the loopback interface."""

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


def after_rendezvous(*lines):
    """Return a program that runs `lines` in each worker after the rendezvous; `index` is the worker's number."""
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "import json, os\n"
        "from vaecli.cli.main import main\n"
        "from vaecli.training.cluster import rendezvous\n"
        "meet = rendezvous.meet\n"
        "def meet_then(*arguments):\n"
        "    reason = meet(*arguments)\n"
        "    index = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
        f"{body}"
        "    return reason\n"
        "rendezvous.meet = meet_then\n"
        "main()\n"
    )


def read_until(process, text):
    """Return what a process prints on stderr up to the first line that begins with a text."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith(text):
            return "".join(lines)
    raise AssertionError(f"{text!r} was not printed: {''.join(lines)}")


def ended(*workers):
    """Wait at most a minute; return each worker's exit code, stdout, and stderr without the lines of epochs."""
    until, results = time.monotonic() + 60, []
    for worker in workers:
        stdout, stderr = worker.communicate(timeout=until - time.monotonic())
        results.append(
            (worker.returncode, stdout, [x for x in stderr.splitlines() if not x.startswith("epoch ")])
        )
    return results


def error_in(lines):
    """Return vaecli's one error line; TensorFlow 2.19 adds messages of its own about a worker that is gone."""
    assert not any("Traceback" in line for line in lines), lines
    (error,) = (line for line in lines if line.startswith("Error: "))
    return error


def test_a_worker_that_dies_ends_the_other(two_workers, data, tmp_path):
    """The other worker ends within a minute, with one line; only the chief has written files. One device can resume
    the run of two; two workers that resume it stop when the chief's --max-time is over."""
    options = ["--data", data, *ENDLESS, "--validation-split", 0.2, "--out", "run"]
    chief, other = two_workers("-m", "vaecli", "train", *options)
    assert "on 2 devices" in read_until(chief, "epoch 2 ")
    other.send_signal(signal.SIGKILL)
    [(code, stdout, lines)] = ended(chief)
    assert (code, stdout) == (1, "")
    assert error_in(lines).startswith("Error: Lost the connection to another of the 2 workers")
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
    (code, stdout, messages), other_worker = ended(*both)
    assert (code, stdout, other_worker) == (0, "run\n", (0, "", [])), messages
    assert "Training ended: --max-time is over." in messages
    assert read(run / "checkpoint" / "state.npz").state.replicas == 2


def test_two_workers_end_what_one_began(two_workers, data, tmp_path):
    """Two workers give the losses of one until patience runs out; each may read the images from another folder."""
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
    command = ["-c", after_rendezvous(*apart), "train", "--resume", "run"]
    chief, other = ended(*two_workers(*command, to_chief=["--data", moved], to_other=["--data", copied]))
    assert chief[:2] == (0, "run\n") and "--patience" in " ".join(chief[2]), chief
    assert other == (0, "", []) and list((tmp_path / "1").iterdir()) == []
    assert Model.open(run.path).info.training["epochs_done"] == 3
    assert tomllib.loads(run.config.read_text())["data"] == str(moved)
    losses, expected = ([row["val_loss"] for row in read_metrics(one.metrics)] for one in (run, alone))
    assert len(losses) == 3 and losses[0] == expected[0]
    assert losses == pytest.approx(expected, rel=0.005)


def test_a_signal_to_one_and_the_death_of_the_chief(two_workers, data, tmp_path):
    """A worker without bfloat16 says so and trains in float32. SIGTERM to one worker stops both, with the same exit
    code and an exported model. Both have set the same images apart. Resumed, the other worker ends within a minute
    when the chief is killed."""
    differing = [
        "from vaecli.training import precision",
        "precision.supported = lambda: index == 0",
    ]
    options = ["--data", data, *ENDLESS, "--validation-split", 0.2, "--test-split", 0.1]
    both = two_workers("-c", after_rendezvous(*differing), "train", *options, "--out", "run")
    assert "bfloat16" in read_until(both[0], "epoch 2 ")
    both[1].send_signal(signal.SIGTERM)
    chief, other = ended(*both)
    assert chief[:2] == (143, "run\n") and "Training ended: stopped by SIGTERM." in chief[2], chief
    assert other[:2] == (143, "") and len(other[2]) == 1, other
    assert "this machine does not, and computes in float32" in other[2][0]
    info = Model.open(tmp_path / "0" / "run").info
    trained = info.training
    assert sum(info.data[name] for name in ("count", "validation_count", "test_count")) == 300
    assert info.data["test_count"] > 10
    assert trained["epochs_done"] >= 2 and list((tmp_path / "1").iterdir()) == []
    chief, other = two_workers("-m", "vaecli", "train", "--resume", "run")
    read_until(chief, f"epoch {trained['epochs_done'] + 1} ")
    chief.send_signal(signal.SIGKILL)
    [(code, stdout, lines)] = ended(other)
    assert (code, stdout) == (1, ""), lines
    assert error_in(lines).startswith("Error: Lost the connection to another of the 2 workers")
    assert "--resume" in error_in(lines)


@pytest.mark.parametrize("gone", [0, 1])
def test_a_worker_that_ends_before_all_are_connected(two_workers, tmp_path, gone):
    """The other worker does not wait for ever; nothing is trained, and no file is left."""
    going = [
        "from vaecli.training.cluster import devices",
        "assert devices.REGISTER_SECONDS <= 50",
        "devices.REGISTER_SECONDS = 5.0",
        f"if index == {gone}: os._exit(9)",
    ]
    both = two_workers(
        "-c", after_rendezvous(*going), "train", "--data", "fashion-mnist-mini", "--out", "run"
    )
    results = ended(*both)
    (code, stdout, lines) = results.pop(1 - gone)
    assert results[0][0] == 9
    assert (code, stdout) == (1, ""), lines
    if not any(line.startswith("Timeout (") for line in lines):  # where TensorFlow overlooks its own limit
        assert error_in(lines).startswith("Error: Lost the connection to another of the 2 workers")
    assert list(tmp_path.glob("*/*")) == []


def test_a_wrong_configuration_is_refused_at_once(call, here, monkeypatch):
    """Missing devices and a TF_CONFIG without a worker are refused at once; no file is left."""
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", "two", "--out", "run")
    assert code == 2 and "--devices must be" in stderr
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", 64, "--out", "run")
    assert code == 2 and "on this machine, got" in stderr
    hosts = {"cluster": {"worker": ["a:1", "b:1"]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(hosts | {"task": {"type": "worker", "index": 1}}))
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--devices", 64, "--out", "run")
    assert code == 2 and "on this machine, got" in stderr  # and before it has met the others
    monkeypatch.setenv("TF_CONFIG", json.dumps(hosts))
    code, _, stderr = call("train", "--data", "fashion-mnist-mini", "--out", "run")
    assert code == 1 and "Cannot use TF_CONFIG" in stderr and "host-a:2222" in stderr
    assert list(here.iterdir()) == []
