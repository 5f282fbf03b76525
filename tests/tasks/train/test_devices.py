"""`train` on two logical CPUs, in a process of its own, since TensorFlow makes them at its start."""

import json

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runs.state import read
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

# Two devices, uninterrupted; two devices, stopped within the second epoch and resumed; one device.
PROGRAM = """
import json, os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
from vaecli.options import TrainOptions
from vaecli.tasks.train.train import train
from vaecli.runs.state import read
from vaecli.runs.progress import Watcher

options = TrainOptions(
    data="data", epochs=2, latent_dim=2, batch_size=64, validation_split=0.2, precision="float32"
)

class Listener(Watcher):
    def __init__(self):
        self.notes, self.devices, self.calls = [], [], 0

    def note(self, message):
        self.notes.append(message)

    def started(self, plan):
        self.devices.append(plan.devices)

    def stepped(self, epoch, steps, images_per_second):
        self.calls += epoch == 2

watch = Listener()
train(options, out=pathlib.Path("uninterrupted"), devices=2)
run = pathlib.Path("stopped")
stopped = train(options, out=run, devices=None, watch=watch, stop=lambda: "enough" if watch.calls else None)
state = read(run / "checkpoint" / "state.npz").state
resumed = train(resume=run, devices=2, watch=watch)
train(options, out=pathlib.Path("alone"), devices=1)
json.dump({
    "at": [state.epoch, state.batch, state.replicas], "reasons": [stopped.reason, resumed.finished],
    "parity": resumed.parity, "devices": watch.devices, "notes": watch.notes,
}, sys.stdout)
"""


def test_two_devices_are_one_run(process, here):
    """On two devices a run resumes to the bit, is exported, and has the losses of one device."""
    data = here / "data"
    data.mkdir()
    (data / "train-images-idx3-ubyte").write_bytes(encode_idx(load_mini("train").images[:300, :, :, 0]))
    (data / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))
    result = process(code=PROGRAM)
    assert result.returncode == 0, result.stderr.decode()
    results = json.loads(result.stdout)
    assert results["at"][0] == 1 and 0 < results["at"][1] < 4 and results["at"][2] == 2
    assert results["reasons"] == ["enough", True] and results["devices"] == [2, 2]
    assert [note for note in results["notes"] if "steps" not in note] == []
    uninterrupted, stopped, alone = (Run(here / name) for name in ("uninterrupted", "stopped", "alone"))
    saved, uninterrupted_state = (read(run.checkpoint) for run in (stopped, uninterrupted))
    assert len(saved.variables) > 20 and saved.variables.keys() == uninterrupted_state.variables.keys()
    assert all(
        np.array_equal(value, uninterrupted_state.variables[name]) for name, value in saved.variables.items()
    )
    assert results["parity"] < 1e-5
    images = load_mini("test").images[:8].astype(np.float32) / 255
    for resumed, expected in zip(
        *(Model.open(run.path).encode(images) for run in (stopped, uninterrupted)), strict=True
    ):
        assert np.array_equal(resumed, expected)
    on_one, on_two = (read_metrics(run.metrics) for run in (alone, uninterrupted))
    for name in ("loss", "val_loss"):
        assert [row[name] for row in on_two] == pytest.approx([row[name] for row in on_one], rel=0.005)
