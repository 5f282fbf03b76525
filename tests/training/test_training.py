"""The loop on real pictures: it learns, stops early, is stopped and resumed to the bit."""

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

OPTIONS = TrainOptions(  # float32 also where `auto` is not; test_precision.py is for bfloat16
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
    return load_mini("train").images[:1000]


def make(images, folder, options=OPTIONS):
    from vaecli.training.trainer import Trainer

    held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
    return Trainer(images, held_out, options, folder / "state.npz")


def weights(trainer):
    return [variable.numpy() for variable in trainer.vae.variables]


@pytest.fixture(scope="module")
def whole(images, tmp_path_factory):
    """A run from start to end, and what it told its watcher."""
    trainer, watch = make(images, tmp_path_factory.mktemp("whole")), Recorder()
    reason = trainer.run({}, saved=lambda state: None, watch=watch, stop=lambda: None)
    return trainer, watch, reason


def test_it_learns(whole):
    """Two epochs take the loss far below that of the data's mean, and the best row is the lowest."""
    trainer, watch, reason = whole
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


def test_steps_count_every_batch(whole, images):
    """The watcher sees the steps of an epoch grow to their number, the smaller last batch included."""
    trainer, watch, _ = whole
    held_out = validation_mask(images, fraction=0.2, seed=3)
    assert trainer.steps_per_epoch == -(-int((~held_out).sum()) // 64)
    for epoch, group in itertools.groupby(watch.steps, key=lambda pair: pair[0]):
        steps = [step for _, step in group]
        assert steps == sorted(steps) and steps[-1] == trainer.steps_per_epoch, epoch


@pytest.mark.parametrize("calls", [1, 9, 20])
def test_a_stopped_run_resumes_to_the_bit(whole, images, tmp_path, calls, monkeypatch):
    """A run stopped after some calls, wherever that is, ends with the very weights of the run never stopped."""
    monkeypatch.setattr("vaecli.training.loop.SECONDS_A_CALL", 0.0)  # a step a call, on any machine
    count = itertools.count(1)
    first = make(images, tmp_path)
    reason = first.run(
        {}, saved=lambda state: None, watch=Watcher(), stop=lambda: "stop" if next(count) > calls else None
    )
    assert reason == "stop"
    second, watch = make(images, tmp_path), Recorder()
    second.resume({})
    assert (second.state.epoch, second.state.batch) == (first.state.epoch, first.state.batch)
    second.run({}, saved=lambda state: None, watch=watch, stop=lambda: None)
    for one, other in zip(weights(second), weights(whole[0]), strict=True):
        assert np.array_equal(one, other)
    expected = [row["val_loss"] for row in whole[0].state.history]
    assert [row["val_loss"] for row in second.state.history] == expected


def test_a_checkpoint_of_the_start_is_written_first(images, tmp_path):
    """Before the first step there is a state to resume from."""
    trainer = make(images, tmp_path)
    assert trainer.run({}, saved=lambda state: None, watch=Watcher(), stop=lambda: "at once") == "at once"
    again = make(images, tmp_path)
    again.resume({})
    assert (again.state.epoch, again.state.batch) == (0, 0)


def test_resuming_another_run_is_refused(images, tmp_path):
    """What differs is named."""
    trainer = make(images, tmp_path)
    trainer.run({"data": "abc"}, saved=lambda state: None, watch=Watcher(), stop=lambda: "stop")
    with pytest.raises(TrainingError, match="data was 'abc' and is 'xyz'"):
        make(images, tmp_path).resume({"data": "xyz"})


@pytest.mark.parametrize("damage", [lambda b: b[:-1000], lambda b: b"", lambda b: b"PK" + b[2:500]])
def test_a_damaged_checkpoint_is_an_error(images, tmp_path, damage):
    """No traceback, and the file is named."""
    trainer = make(images, tmp_path)
    trainer.run({}, saved=lambda state: None, watch=Watcher(), stop=lambda: "stop")
    path = tmp_path / "state.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(TrainingError, match="Cannot read the state"):
        make(images, tmp_path).resume({})


def test_constant_is_classic_adam(images, tmp_path):
    """`--schedule constant --learning-rate 1e-3` takes the steps of Keras' own Adam, but for rounding."""
    import keras
    import tensorflow as tf

    from vaecli.training.objective import terms
    from vaecli.training.schedule import epoch_order

    more = {"epochs": 1, "learning_rate": 1e-3, "schedule": "constant"}
    options = dataclasses.replace(OPTIONS, **more)
    ours, plain = make(images, tmp_path, options), make(images, tmp_path, options).vae
    ours.run({}, saved=lambda state: None, watch=Watcher(), stop=lambda: None)
    train = np.flatnonzero(~validation_mask(images, fraction=0.2, seed=3))
    order = train[epoch_order(len(train), seed=3, epoch=0)]
    adam = keras.optimizers.Adam(1e-3)
    for step in range(ours.steps_per_epoch):
        batch = tf.constant(images[order[64 * step : 64 * (step + 1)]], tf.float32) / 255
        noise = tf.random.stateless_normal((len(batch), 2), seed=[3, step])
        with tf.GradientTape() as tape:
            reconstruction, kl, _ = terms(plain, batch, noise, training=True)
            loss = tf.reduce_mean(reconstruction + tf.reduce_sum(kl, axis=1))
        adam.apply_gradients(zip(tape.gradient(loss, plain.variables), plain.variables, strict=True))
    for one, other in zip(weights(ours), plain.variables, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=3e-4)


def test_early_stopping_keeps_the_best_weights(images, tmp_path):
    """With a rate that wrecks the model, training ends after `patience` worse epochs, and the best come back."""
    options = dataclasses.replace(OPTIONS, epochs=30, patience=2, learning_rate=0.05, schedule="constant")
    trainer, watch = make(images, tmp_path, options), Recorder()
    reason = trainer.run({}, saved=lambda state: None, watch=watch, stop=lambda: None)
    losses = [row["val_loss"] for row, _ in watch.rows]
    best = int(np.argmin(losses))
    assert "--patience" in reason and f"epoch {best + 1}" in reason
    assert len(losses) == best + 1 + 2 < 30
    assert [flag for _, flag in watch.rows].count(True) >= 1 and not watch.rows[-1][1]
    measured = trainer._loop._validation.measure()
    assert measured.reconstruction + measured.kl.sum() == pytest.approx(losses[best], rel=1e-6)


def test_validation_is_the_same_every_time(whole):
    """The validation loss of the same weights is the same number: its noise is fixed."""
    first, again = (whole[0]._loop._validation.measure() for _ in range(2))
    assert first.reconstruction == again.reconstruction and np.array_equal(first.kl, again.kl)


def test_an_epoch_tells_what_the_latent_carries(whole):
    """KL by dimension adds up to the row's, both dimensions are at work, reconstructions resemble the images."""
    epoch = whole[1].last
    assert epoch.kl.shape == (2,) and epoch.kl.sum() == pytest.approx(epoch.row["val_kl"])
    assert epoch.active_units == 2
    originals, reconstructed = epoch.reconstructions(16)
    others = np.roll(originals, 1, axis=0)
    assert np.square(originals - reconstructed).mean() < 0.95 * np.square(others - reconstructed).mean()
