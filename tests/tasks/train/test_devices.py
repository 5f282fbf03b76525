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

# Two devices, never stopped; two devices, stopped within an epoch, the second, and resumed; one device.
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
train(options, out=pathlib.Path("whole"), devices=2)
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
    """State, validation, resuming to the bit, export: as on one device."""
    data = here / "data"
    data.mkdir()
    (data / "train-images-idx3-ubyte").write_bytes(encode_idx(load_mini("train").images[:300, :, :, 0]))
    (data / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))
    result = process(code=PROGRAM)
    assert result.returncode == 0, result.stderr.decode()
    results = json.loads(result.stdout)
    assert results["at"][0] == 1 and 0 < results["at"][1] < 4 and results["at"][2] == 2
    assert results["reasons"] == ["enough", True] and results["devices"] == [2, 2] and results["notes"] == []
    whole, stopped, alone = (Run(here / name) for name in ("whole", "stopped", "alone"))
    made, expected = (read(run.checkpoint) for run in (stopped, whole))
    assert len(made.variables) > 20 and made.variables.keys() == expected.variables.keys()
    assert all(np.array_equal(value, expected.variables[name]) for name, value in made.variables.items())
    assert results["parity"] < 1e-5
    images = load_mini("test").images[:8].astype(np.float32) / 255
    for mine, other in zip(*(Model.open(run.path).encode(images) for run in (stopped, whole)), strict=True):
        assert np.array_equal(mine, other)
    one, two = (read_metrics(run.metrics) for run in (alone, whole))
    for name in ("loss", "val_loss"):
        assert [row[name] for row in two] == pytest.approx([row[name] for row in one], rel=0.005)
