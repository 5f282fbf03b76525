"""One run on several devices: two logical CPUs in one process, and two processes on the loopback."""

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
from vaecli.training.steps import TrainingSteps

images = load_mini("train").images[:500]
results = {}
for count in (1, 2):
    devices = Devices(count)
    with devices.scope():
        vae = build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=0)
    steps = TrainingSteps(vae, images, beta=1.0, seed=5, devices=devices)
    order = np.random.default_rng(1).integers(0, len(images), (20, 7))
    loss, kl = steps.run(order, np.full(20, 1e-3), 0)
    last, _ = steps.run(order[:1, :1], np.full(1, 1e-3), 20)  # one image for two devices
    before = [variable.numpy() for variable in steps.optimizer.variables]
    for variable in vae.variables:
        variable.assign(30 * variable.numpy())
    broken, _ = steps.run(order[:1], np.full(1, 0.0), 21)  # its gradient is clipped
    after = [variable.numpy() for variable in steps.optimizer.variables]
    moved = np.concatenate([(b - 0.9 * a).ravel() for a, b in zip(before[2::2], after[2::2])])
    results[devices.replicas] = [*loss, *kl, *last], broken[0], np.linalg.norm(moved)
try:
    Devices(4)
except OptionError as error:
    results["error"] = str(error)
results["all"] = Devices(None).replicas
json.dump(results, sys.stdout, default=float)
"""

# Each worker trains; a weight of the chief becomes NaN in epoch 2; worker 1 asks to stop in epoch 4.
WORKER = """
import dataclasses, hashlib, json, os, pathlib, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
from vaecli.training.cluster.tf_config import from_environment
from vaecli.training.cluster.devices import Decision, Devices
devices = Devices(1, from_environment())
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.options import TrainOptions
from vaecli.training.loop import Loop
from vaecli.training.trainer import Trainer
from vaecli.runs.progress import Watcher

mini = load_mini("train")
images = mini.images[:300]
data = dataclasses.replace(mini, images=images, labels=mini.labels[:300])
options = TrainOptions(**json.loads(sys.argv[1]))
held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
file = pathlib.Path(sys.argv[2]) if devices.is_chief else None
trainer = Trainer(data, held_out, options, checkpoint=file, devices=devices)
if devices.is_chief:
    trainer.state.rollbacks = 1
trainer.broadcast()
notes, shared = [], trainer.state.rollbacks

class Poisoner(Watcher):
    def note(self, message):
        notes.append(message)

    def stepped(self, epoch, steps, images_per_second):
        if devices.is_chief and epoch == 2 and not notes:
            variable = trainer.vae.decoder.trainable_variables[0]
            variable.assign(np.full(variable.shape, np.nan, np.float32))

def digest(state):
    return hashlib.sha256(b"".join(value.tobytes() for _, value in sorted(state.best_facts.items()))).hexdigest()

def stop():
    return None if devices.is_chief or trainer.state.epoch < 3 else "worker 1 is called away"

with devices.guarded():
    agreed = devices.agree(Decision(None, devices.is_chief, 7 if devices.is_chief else 9))
    reason = Loop(trainer, watch=Poisoner(), stop=stop).run()
weights = np.concatenate([variable.numpy().ravel() for variable in trainer.vae.variables])
rows = trainer.state.history
print(json.dumps({
    "reason": reason, "notes": len(notes), "shared": shared, "rollbacks": trainer.state.rollbacks,
    "agreed": [agreed.reason, agreed.save, agreed.steps], "facts": digest(trainer.state),
    "sum": float(weights.sum(dtype=float)),
    "losses": [[row["loss"], row["val_loss"]] for row in rows], "replicas": devices.replicas,
}))
"""


def test_more_devices_take_the_same_steps(process):
    """20 steps of 7 images, a batch of one image and a clipped step give the same losses as on one device."""
    result = process(code=MIRRORED)
    assert result.returncode == 0, result.stderr.decode()
    results = json.loads(result.stdout)
    losses, broken, moved = results["1"]
    np.testing.assert_allclose(results["2"][0], losses, rtol=1e-4, atol=1e-4)
    assert results["2"][1:] == pytest.approx([broken, moved], rel=1e-3)
    assert moved == pytest.approx(0.1 * 1000, rel=0.1)  # Adam's mean takes a tenth of the clipped norm
    assert results["all"] == 3
    assert (
        "--devices must be at most 3 on this machine, got 4" in results["error"]
        and "CPU:2" in results["error"]
    )


def test_two_workers_are_one_run(two_workers, tmp_path, few, trainer_on, run_loop):
    """Losses are those of one device; both workers roll back together, and one that stops, stops both."""
    from vaecli.options import TrainOptions

    options = {
        "epochs": 9,
        "latent_dim": 2,
        "batch_size": 64,
        "validation_split": 0.2,
        "precision": "float32",
        "mixture_epochs": 9,
    }
    workers = two_workers("-c", WORKER, json.dumps(options), tmp_path / "workers.npz")
    trainer = trainer_on(few, TrainOptions(**options))
    run_loop(trainer, stop=lambda: "enough" if trainer.state.epoch else None)
    results = []
    for worker in workers:
        stdout, stderr = worker.communicate(timeout=600)
        assert worker.returncode == 0, stderr
        results.append(json.loads(stdout))
    chief, other = results
    assert chief == other | {"notes": 1}
    assert chief["reason"] == "worker 1 is called away" and chief["replicas"] == 2
    assert chief["agreed"] == [None, True, 7]
    assert (chief["shared"], chief["rollbacks"]) == (1, 2)
    row = trainer.state.history[0]
    assert len(chief["losses"]) == 3
    assert chief["losses"][0] == pytest.approx([row["loss"], row["val_loss"]], rel=1e-4)
