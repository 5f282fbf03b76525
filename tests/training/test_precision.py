"""bfloat16 is on in training steps alone, and a run in it resumes to the bit."""

import dataclasses

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.options import TrainOptions

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(
    epochs=2, latent_dim=2, batch_size=64, validation_split=0.2, seed=3, precision="bfloat16"
)


@pytest.fixture
def bfloat16():
    """Skips the test where the machine does not compute in bfloat16."""
    from vaecli.training import precision

    if not precision.supported():
        pytest.skip("this machine does not compute in bfloat16: neither its CPU nor a GPU")


@pytest.fixture
def vae():
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    return build("classic", likelihood("bernoulli"), (28, 28, 1), 2, seed=1)


def test_a_machine_without_it_says_so(monkeypatch):
    """Without bfloat16, auto is float32, bfloat16 is refused, and a resumed run goes on in float32."""
    from vaecli.training import precision

    monkeypatch.setattr(precision, "CPU_FLAGS", frozenset({"none-such"}))
    assert precision.choose("auto") == precision.choose("float32") == "float32"
    with pytest.raises(OptionError, match="AVX512-BF16 or AMX"):
        precision.choose("bfloat16")
    assert precision.choose("bfloat16", insist=False) == "float32"


def test_the_policy_acts_inside_alone(vae, few):
    """The policy of GPUs: bfloat16 inside, float32 outside with the same variables; losses are float32 in both."""
    import tensorflow as tf

    from vaecli.training.objective import terms
    from vaecli.training.precision import mixed_policy

    z, images = np.ones((3, 2), np.float32), tf.constant(few[:64] / np.float32(255))
    noise = tf.zeros((64, 2))
    before = vae.decoder({"z": z})["logits"]
    outside = terms(vae, images, noise, training=True)
    with mixed_policy(vae):
        assert vae.decoder({"z": z})["logits"].dtype == tf.bfloat16
        inside = terms(vae, images, noise, training=True)
    assert all(part.dtype == tf.float32 for part in inside)
    assert all(variable.dtype == "float32" for variable in vae.variables)
    assert np.array_equal(vae.decoder({"z": z})["logits"].numpy(), before.numpy())
    assert not np.array_equal(inside.reconstruction.numpy(), outside.reconstruction.numpy())
    assert inside.reconstruction.numpy() == pytest.approx(outside.reconstruction.numpy(), rel=0.01)


def test_the_rewrite_acts_inside_alone(bfloat16, vae):
    """A traced function is rounded inside and the same to the bit before and after."""
    import tensorflow as tf

    from vaecli.training.precision import rewritten

    z = tf.constant(np.linspace(-2, 2, 256, dtype=np.float32).reshape(128, 2))
    decode = tf.function(lambda z: vae.decoder({"z": z})["logits"])
    before = decode(z).numpy()
    with rewritten():
        inside = decode(z).numpy()
    assert np.array_equal(decode(z).numpy(), before)
    assert 0 < np.abs(inside - before).max() < 0.05 * np.abs(before).max()


def test_validation_is_float32_in_the_process_that_trained(bfloat16, few, trainer_on, run_loop):
    """The validation losses in the history are those that the weights give in float32, run eagerly."""
    import tensorflow as tf

    from vaecli.training.objective import terms

    trainer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=1))
    run_loop(trainer)
    validation = trainer.validation
    eager = terms(
        trainer.vae,
        tf.cast(few[validation.indices], tf.float32) / 255.0,
        tf.constant(validation.noise),
        training=False,
    )
    row = trainer.state.history[0]
    assert row["val_reconstruction"] == pytest.approx(eager.reconstruction.numpy().mean(), rel=1e-6)


def test_it_resumes_to_the_bit(bfloat16, few, trainer_on, run_loop):
    """A run in bfloat16, stopped within an epoch and resumed, ends with the weights of a run never stopped."""
    uninterrupted = trainer_on(few, OPTIONS)
    run_loop(uninterrupted)
    first = trainer_on(few, OPTIONS)
    assert run_loop(first, stop=lambda: "enough" if first.state.batch else None) == "enough"
    assert first.state.batch > 0
    second = trainer_on(few, OPTIONS)
    second.resume()
    run_loop(second)
    in_float32 = trainer_on(few, dataclasses.replace(OPTIONS, precision="float32"))
    run_loop(in_float32)
    resumed, expected, exact = (
        [variable.numpy() for variable in trainer.vae.variables]
        for trainer in (second, uninterrupted, in_float32)
    )
    assert all(map(np.array_equal, resumed, expected))
    assert not any(map(np.array_equal, resumed[:1], exact[:1]))


TWO_DEVICES = """
import numpy as np, tensorflow as tf
two = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
from vaecli.export import convert

def compute(inputs):
    product = weight * inputs["z"]
    print(product.device[-5:])
    return {"y": product}

with tf.device("CPU:1"):
    weight = tf.Variable([2.0, 3.0])
    outputs = convert.reference(compute, {"z": np.float32([[1, 2]])})
print(weight.device[-5:], outputs["y"].tolist())
"""


def test_exported_files_are_compared_with_the_processor(process):
    """The reference comes from the first CPU, also with variables of another device and in its scope."""
    result = process(code=TWO_DEVICES)
    assert result.stdout.decode().split("\n")[:2] == ["CPU:0", "CPU:1 [[2.0, 6.0]]"], result.stderr.decode()
