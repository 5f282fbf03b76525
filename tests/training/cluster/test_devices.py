"""One run on several devices: two logical processors in one process, two processes on the loopback."""

import json

import numpy as np
import pytest

pytestmark = pytest.mark.train

MIRRORED = """
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np, tensorflow as tf
three = [tf.config.LogicalDeviceConfiguration()] * 3
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], three)
from vaecli.data.named.bundled import load_mini
from vaecli.errors import OptionError
from vaecli.probability.likelihoods import likelihood
from vaecli.training.vae import build
from vaecli.training.cluster.devices import Devices
from vaecli.training.steps import Engine

images = load_mini("train").images[:500]
found = {}
for count in (1, 2):
    devices = Devices(count)
    with devices.scope():
        vae = build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)
    engine = Engine(vae, images, beta=1.0, seed=5, devices=devices)
    order = np.random.default_rng(1).integers(0, len(images), (50, 7))
    loss, kl = engine.run(order, np.full(50, 1e-3), 0)
    last, _ = engine.run(order[:1, :1], np.full(1, 1e-3), 50)  # one image: nothing for the other devices
    before = [variable.numpy() for variable in engine.optimizer.variables]
    for variable in vae.variables:
        variable.assign(30 * variable.numpy())
    broken, _ = engine.run(order[:1], np.full(1, 0.0), 51)  # its gradient is cut to size
    after = [variable.numpy() for variable in engine.optimizer.variables]
    moved = np.concatenate([(b - 0.9 * a).ravel() for a, b in zip(before[2::2], after[2::2])])
    found[devices.replicas] = [*loss, *kl, *last], broken[0], np.linalg.norm(moved)
try:
    Devices(4)
except OptionError as error:
    found["error"] = str(error)
found["all"] = Devices(None).replicas
json.dump(found, sys.stdout, default=float)
"""

# Each worker: some steps, a weight that breaks at the chief's, a stop that the other one wants.
WORKER = """
import json, os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
from vaecli.training.cluster import from_environment
from vaecli.training.cluster.devices import Agreed, Devices
devices = Devices(1, from_environment())
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.options import TrainOptions
from vaecli.training.trainer import Trainer
from vaecli.runs.progress import Watcher

images = load_mini("train").images[:300]
options = TrainOptions(**json.loads(sys.argv[1]))
held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
file = pathlib.Path(sys.argv[2]) if devices.is_chief else None
trainer = Trainer(images, held_out, options, file, devices)
if devices.is_chief:
    trainer.state.setbacks = 1
trainer.share()
notes, shared = [], trainer.state.setbacks

class Poisoner(Watcher):
    def note(self, message):
        notes.append(message)

    def stepped(self, epoch, steps, images_per_second):
        if devices.is_chief and epoch == 2 and not notes:
            variable = trainer.vae.decoder.trainable_variables[0]
            variable.assign(np.full(variable.shape, np.nan, np.float32))

def stop():
    return None if devices.is_chief or trainer.state.epoch < 3 else "worker 1 is called away"

with devices.guarded():
    steps = devices.agree(Agreed(None, devices.is_chief, 7 if devices.is_chief else 9))
    reason = trainer.run({}, saved=lambda state: None, watch=Poisoner(), stop=stop)
weights = np.concatenate([variable.numpy().ravel() for variable in trainer.vae.variables])
rows = trainer.state.history
print(json.dumps({
    "reason": reason, "notes": len(notes), "shared": shared, "setbacks": trainer.state.setbacks,
    "agreed": [steps.reason, steps.save, steps.steps], "sum": float(weights.sum(dtype=float)),
    "losses": [[row["loss"], row["val_loss"]] for row in rows], "replicas": devices.replicas,
}))
"""


def test_more_devices_take_the_same_steps(process):
    """50 steps of 7 images, a batch of a single one, and a step that is clipped: as on one device."""
    result = process(code=MIRRORED)
    assert result.returncode == 0, result.stderr.decode()
    found = json.loads(result.stdout)
    losses, broken, moved = found["1"]
    np.testing.assert_allclose(found["2"][0], losses, rtol=1e-4)
    assert found["2"][1:] == pytest.approx([broken, moved], rel=1e-3)
    assert moved == pytest.approx(0.1 * 1000, rel=0.1)  # of Adam's mean: a tenth of the norm that is left
    assert found["all"] == 3
    assert "--devices 4 came, and this machine has 3" in found["error"] and "CPU:2" in found["error"]


def test_two_workers_are_one_run(two_workers, tmp_path, few, trainer_on):
    """Losses as on one device; a step that broke is taken back by both, and a stop of one is the other's, too."""
    from vaecli.options import TrainOptions
    from vaecli.runs.progress import Watcher

    options = {
        "epochs": 9,
        "latent_dim": 2,
        "batch_size": 64,
        "validation_split": 0.2,
        "precision": "float32",
    }
    workers = two_workers("-c", WORKER, json.dumps(options), tmp_path / "workers.npz")
    trainer = trainer_on(few, TrainOptions(**options))
    trainer.run(
        {},
        saved=lambda state: None,
        watch=Watcher(),
        stop=lambda: "enough" if trainer.state.epoch else None,
    )
    results = []
    for worker in workers:
        stdout, stderr = worker.communicate(timeout=120)
        assert worker.returncode == 0, stderr
        results.append(json.loads(stdout))
    chief, other = results
    assert chief == other | {"notes": 1}
    assert chief["reason"] == "worker 1 is called away" and chief["replicas"] == 2
    assert chief["agreed"] == [None, True, 7]
    assert (chief["shared"], chief["setbacks"]) == (1, 2)
    row = trainer.state.history[0]
    assert len(chief["losses"]) == 3
    assert chief["losses"][0] == pytest.approx([row["loss"], row["val_loss"]], rel=1e-4)
