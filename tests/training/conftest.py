"""Fixtures for tests of training: a few real images, and trainers on them."""

import json

import numpy as np
import pytest

from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.runs.progress import Watcher

DEVICES = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
from vaecli.data.named.bundled import load_mini
from vaecli.probability.likelihoods import likelihood
from vaecli.training.cluster.devices import Devices
from vaecli.training.labels import Labels
from vaecli.training.steps import TrainingSteps
from vaecli.training.vae import build

data = load_mini("train")
images, labels = data.images[:500], data.labels[:500]
order = np.random.default_rng(1).integers(0, len(images), (10, 7))
losses = []
for count, case in CASES:
    devices = Devices(count)
    with devices.scope():
        vae = build(NETWORK)
    steps = TrainingSteps(vae, images, beta=1.0, seed=5, devices=devices, STEPS)
    losses.append(steps.run(order, np.full(10, 1e-3), 0)[0].tolist())
json.dump(losses, sys.stdout)
"""


@pytest.fixture
def losses_on_devices(process):
    """Takes ten steps of 7 images on one device, on two, and on one in another case; returns the losses of each.

    Arguments of `build` and of `TrainingSteps` are Python code in which `case` is 1, or 0 in the other case.
    """

    def losses_on_devices(network, steps=""):
        code = DEVICES.replace("CASES", "((1, 1), (2, 1), (1, 0))")
        result = process(code=code.replace("NETWORK", network).replace("STEPS", steps))
        assert result.returncode == 0, result.stderr.decode()
        return json.loads(result.stdout)

    return losses_on_devices


@pytest.fixture(scope="session")
def few():
    """300 images: an epoch of four steps of 64."""
    return load_mini("train").images[:300]


@pytest.fixture(scope="session")
def make_trainer():
    """Makes a trainer on images (N, H, W, C), which may have labels, with its state in a folder."""

    def make_trainer(images, options, folder, *, labels=None, identity=None):
        from vaecli.training.trainer import Trainer

        names = () if labels is None else tuple(map(str, range(labels.max() + 1)))
        data = ImageSet("few", "train", images, labels, names, "memory")
        held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
        return Trainer(data, held_out, options, checkpoint=folder / "state.npz", identity=identity)

    return make_trainer


@pytest.fixture
def trainer_on(make_trainer, tmp_path):
    """Makes a trainer whose state lies in the test's own folder."""
    return lambda images, options, **more: make_trainer(images, options, tmp_path, **more)


@pytest.fixture(scope="session")
def run_loop():
    """Trains to the end, or until `stop` gives a reason, which is returned."""

    def run_loop(trainer, watch=None, *, stop=lambda: None, **more):
        from vaecli.training.loop import Loop

        return Loop(trainer, watch=watch or Watcher(), stop=stop, **more).run()

    return run_loop


@pytest.fixture(scope="session")
def poison():
    """Puts NaN, or another value, into a trainer's weights."""

    def poison(trainer, value=np.nan):
        variable = trainer.vae.decoder.trainable_variables[0]
        variable.assign(np.full(variable.shape, value, np.float32))

    return poison
