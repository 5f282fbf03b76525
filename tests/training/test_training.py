"""Training on real images: it learns, stops early, and resumes to the bit."""

import dataclasses
import itertools

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.data.split import validation_mask
from vaecli.errors import TrainingError
from vaecli.options import TrainOptions
from vaecli.runs.history import COLUMNS
from vaecli.runs.progress import Watcher

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(  # float32 also where `auto` is bfloat16, which test_precision.py tests
    epochs=2, latent_dim=2, batch_size=64, validation_split=0.2, seed=3, precision="float32"
)


class Recorder(Watcher):
    def __init__(self):
        self.rows, self.steps, self.samples = [], [], None

    def stepped(self, epoch, steps, images_per_second):
        self.steps.append((epoch, steps))
        assert images_per_second > 0

    def epoch_ended(self, epoch):
        self.rows.append((epoch.row, epoch.best))
        self.samples, self.last = epoch.samples(8), epoch


@pytest.fixture(scope="module")
def images():
    """1,000 real images."""
    return load_mini("train").images[:1000]


def weights(trainer):
    return [variable.numpy() for variable in trainer.vae.variables]


@pytest.fixture(scope="module")
def uninterrupted(images, make_trainer, run_loop, tmp_path_factory):
    """A run from start to end: the trainer, what the watcher has received, and why it ended."""
    trainer, watch = make_trainer(images, OPTIONS, tmp_path_factory.mktemp("uninterrupted")), Recorder()
    reason = run_loop(trainer, watch)
    return trainer, watch, reason


def test_it_learns(uninterrupted):
    """Two epochs take the loss far below that of the mean image, and the best loss is the lowest."""
    trainer, watch, reason = uninterrupted
    rows = [row for row, _ in watch.rows]
    assert "all 2 epochs" in reason
    assert rows[-1]["val_loss"] < rows[0]["val_loss"] < 550
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(set(row) == set(COLUMNS) for row in rows)
    for row in rows:
        assert row["loss"] == pytest.approx(row["reconstruction"] + row["kl"])
        assert row["val_loss"] == pytest.approx(row["val_reconstruction"] + row["val_kl"])
    assert trainer.state.best_loss == min(row["val_loss"] for row in rows)
    assert watch.samples.shape == (8, 28, 28, 1) and 0 <= watch.samples.min() <= watch.samples.max() <= 1


def test_steps_count_every_batch(uninterrupted, images):
    """The watcher sees the steps of an epoch grow to their full number, the smaller last batch included."""
    trainer, watch, _ = uninterrupted
    held_out = validation_mask(images, fraction=0.2, seed=3)
    assert trainer.steps_per_epoch == -(-int((~held_out).sum()) // 64)
    for epoch, group in itertools.groupby(watch.steps, key=lambda pair: pair[0]):
        steps = [step for _, step in group]
        assert steps == sorted(steps) and steps[-1] == trainer.steps_per_epoch, epoch


@pytest.mark.parametrize("calls", [1, 9, 20])
def test_a_stopped_run_resumes_to_the_bit(uninterrupted, images, trainer_on, run_loop, calls, monkeypatch):
    """A run stopped after some calls and resumed ends with the weights of a run never stopped."""
    monkeypatch.setattr("vaecli.training.loop.CALL_SECONDS", 0.0)  # a step a call, on any machine
    count = itertools.count(1)
    first = trainer_on(images, OPTIONS)
    assert run_loop(first, stop=lambda: "stop" if next(count) > calls else None) == "stop"
    second = trainer_on(images, OPTIONS)
    second.resume()
    assert (second.state.epoch, second.state.batch) == (first.state.epoch, first.state.batch)
    run_loop(second)
    assert all(map(np.array_equal, weights(second), weights(uninterrupted[0])))
    expected = [row["val_loss"] for row in uninterrupted[0].state.history]
    assert [row["val_loss"] for row in second.state.history] == expected


def test_the_start_is_saved(images, trainer_on, run_loop):
    """Before the first step there is a state to resume from."""
    assert run_loop(trainer_on(images, OPTIONS), stop=lambda: "at once") == "at once"
    resumed = trainer_on(images, OPTIONS)
    resumed.resume()
    assert (resumed.state.epoch, resumed.state.batch) == (0, 0)


def test_resuming_another_run_is_refused(images, trainer_on, run_loop):
    """The error names the difference."""
    run_loop(trainer_on(images, OPTIONS, identity={"data": "abc"}), stop=lambda: "stop")
    with pytest.raises(TrainingError, match="data was 'abc' and is 'xyz'"):
        trainer_on(images, OPTIONS, identity={"data": "xyz"}).resume()


def test_constant_is_classic_adam(images, trainer_on, run_loop):
    """`--schedule constant --learning-rate 1e-3` takes the steps of Keras' own Adam, but for rounding."""
    import keras
    import tensorflow as tf

    from vaecli.training.objective import terms
    from vaecli.training.schedule import epoch_order

    more = {"epochs": 1, "learning_rate": 1e-3, "schedule": "constant"}
    options = dataclasses.replace(OPTIONS, **more)
    ours, plain = trainer_on(images, options), trainer_on(images, options).vae
    run_loop(ours)
    train = np.flatnonzero(~validation_mask(images, fraction=0.2, seed=3))
    order = train[epoch_order(len(train), seed=3, epoch=0)]
    adam = keras.optimizers.Adam(1e-3)
    for step in range(ours.steps_per_epoch):
        batch = tf.constant(images[order[64 * step : 64 * (step + 1)]], tf.float32) / 255
        noise = tf.random.stateless_normal((len(batch), 2), seed=[3, step])
        with tf.GradientTape() as tape:
            reconstruction, _, kl, _ = terms(plain, batch, noise, training=True)
            loss = tf.reduce_mean(reconstruction + tf.reduce_sum(kl, axis=1))
        adam.apply_gradients(zip(tape.gradient(loss, plain.variables), plain.variables, strict=True))
    for trained, expected in zip(weights(ours), plain.variables, strict=True):
        np.testing.assert_allclose(trained, expected.numpy(), atol=3e-4)


def test_early_stopping_keeps_the_best_weights(images, trainer_on, run_loop):
    """With a rate far too high, training ends after `patience` worse epochs, and the best weights are restored."""
    options = dataclasses.replace(OPTIONS, epochs=30, patience=2, learning_rate=0.05, schedule="constant")
    trainer, watch = trainer_on(images, options), Recorder()
    reason = run_loop(trainer, watch)
    losses = [row["val_loss"] for row, _ in watch.rows]
    best = int(np.argmin(losses))
    assert "--patience" in reason and f"epoch {best + 1}" in reason
    assert len(losses) == best + 1 + 2 < 30
    assert [flag for _, flag in watch.rows].count(True) >= 1 and not watch.rows[-1][1]
    measurement = trainer.validation.measure()
    kl = measurement.kl_of_dimensions.mean(axis=0).sum()
    assert measurement.reconstruction + kl == pytest.approx(losses[best], rel=1e-6)


def test_validation_is_the_same_every_time(uninterrupted):
    """The validation loss of the same weights is the same number: its noise is fixed."""
    first, again = (uninterrupted[0].validation.measure() for _ in range(2))
    assert first.reconstruction == again.reconstruction and np.array_equal(
        first.kl_of_dimensions, again.kl_of_dimensions
    )


def test_an_epoch_reports_the_latent_dimensions(uninterrupted):
    """The KL of the dimensions adds up to the row's; reconstructions resemble their images."""
    epoch = uninterrupted[1].last
    assert epoch.kl.shape == (2,) and epoch.kl.sum() == pytest.approx(epoch.row["val_kl"])
    originals, reconstructed = epoch.reconstructions(16)
    others = np.roll(originals, 1, axis=0)
    assert np.square(originals - reconstructed).mean() < 0.95 * np.square(others - reconstructed).mean()
