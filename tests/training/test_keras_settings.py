"""Keras' global settings and keras.json change nothing: the same weights, to the bit, in fresh processes."""

import json
import os

import pytest

pytestmark = pytest.mark.train

# A few steps in the way of `vaecli train`; with an argument, after the settings that a calling program made.
PROGRAM = """
import hashlib, json, pathlib, sys
from vaecli.training.tensorflow import quietly, use_threads
if "caller" in sys.argv:
    import keras
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("mixed_float16")
with quietly(pathlib.Path("log")):
    from vaecli.training.loop import Loop
    from vaecli.training.trainer import Trainer
use_threads([1, 1])
from vaecli.data.images import ImageSet
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher

images = load_mini("train").images[:120]
options = TrainOptions(epochs=1, latent_dim=2, batch_size=32, validation_split=0.2, precision="float32")
mask = validation_mask(images, fraction=0.2, seed=0)
data = ImageSet("few", "train", images, None, (), "memory")
trainer = Trainer(data, mask, options, checkpoint=pathlib.Path("state.npz"))
Loop(trainer, watch=Watcher(), stop=lambda: None).run()
import keras
content = b"".join(variable.numpy().tobytes() for variable in trainer.steps.variables)
print(json.dumps([hashlib.sha256(content).hexdigest(), keras.config.image_data_format(), keras.config.floatx()]))
"""


@pytest.fixture
def train_with(process, tmp_path):
    """Trains in a process with this keras.json; gives a hash of all variables, and the settings."""

    def train_with(text="{}", *arguments, **environment):
        home = tmp_path / "home"
        (home / ".keras").mkdir(parents=True, exist_ok=True)
        (home / ".keras" / "keras.json").write_text(text)
        result = process(*arguments, code=PROGRAM, HOME=os.fspath(home), **environment)
        assert result.returncode == 0, result.stderr.decode()
        return json.loads(result.stdout)

    return train_with


def test_foreign_settings_change_nothing(train_with):
    """A keras.json with other settings, a damaged one, another backend, a caller's settings: the same bits.

    The settings that a calling program has made are restored.
    """
    expected = train_with()
    foreign = {"floatx": "float64", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}
    assert train_with(json.dumps(foreign), KERAS_BACKEND="torch") == expected
    assert train_with('{"floatx": "float8"}') == expected
    weights, *settings = train_with("{}", "caller", KERAS_BACKEND="tensorflow")
    assert weights == expected[0] and settings == ["channels_first", "float64"]
