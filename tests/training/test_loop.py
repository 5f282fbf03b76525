"""The loop when things go wrong: steps that are not finite, states within an epoch, patience and the schedule."""

import dataclasses

import numpy as np
import pytest

from vaecli.errors import TrainingError
from vaecli.options import TrainOptions
from vaecli.runs.progress import Watcher
from vaecli.runs.state import read

pytestmark = pytest.mark.train

OPTIONS = TrainOptions(epochs=3, latent_dim=2, batch_size=64, validation_split=0.2, seed=3)


class Poisoner(Watcher):
    """Puts NaN into the weights after those calls, counted from 1, for which `when(count)` holds."""

    def __init__(self, trainer, poison, when):
        self.notes, self.count = [], 0
        self.trainer, self.poison, self.when = trainer, poison, when

    def note(self, message):
        self.notes.append(message)

    def stepped(self, epoch, steps, images_per_second):
        self.count += 1
        if self.when(self.count):
            self.poison(self.trainer)


def are_finite(arrays):
    return all(np.isfinite(array).all() for array in arrays.values())


def test_a_rollback_halves_the_learning_rate(few, trainer_on, run_loop, poison):
    """After NaN in the second epoch the run returns to its start with half the rate; no row is lost or double."""
    trainer = trainer_on(few, OPTIONS)
    steps = trainer.steps_per_epoch
    watch = Poisoner(trainer, poison, lambda count: trainer.state.epoch == 1 and not watch.notes)
    assert "all 3 epochs" in run_loop(trainer, watch)
    (note,) = watch.notes
    assert (
        f"returns to step {steps} " in note and "learning rate: 0.0035 at its peak (rollback 1 of 3)" in note
    )
    history = trainer.state.history
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(np.isfinite(list(row.values())).all() for row in history)
    assert (trainer.state.rollbacks, trainer.state.learning_rate_scale) == (1, 0.5)
    undisturbed = trainer_on(few, OPTIONS)
    run_loop(undisturbed)
    expected = undisturbed.state.history
    factors = [a["learning_rate"] / b["learning_rate"] for a, b in zip(history, expected, strict=True)]
    assert factors == pytest.approx([1, 0.5, 0.5])
    assert history[0]["val_loss"] == expected[0]["val_loss"]


def test_it_gives_up_after_three_rollbacks(few, trainer_on, run_loop, poison, tmp_path):
    """NaN after every call: three rollbacks, then an error. State and count are saved, also for a resumed run."""
    trainer = trainer_on(few, OPTIONS)
    watch = Poisoner(trainer, poison, lambda count: trainer.state.epoch == 1)
    with pytest.raises(
        TrainingError,
        match=r"NaN or infinite in epoch 2.*3 rollbacks.*lower --learning-rate than 0\.00707\.$",
    ):
        run_loop(trainer, watch)
    assert len(watch.notes) == 3
    saved = read(tmp_path / "state.npz")
    state = saved.state
    assert (state.epoch, state.rollbacks, state.learning_rate_scale) == (1, 3, 0.125)
    assert are_finite(saved.variables)
    resumed = trainer_on(few, OPTIONS)
    resumed.resume()
    watch = Poisoner(resumed, poison, lambda count: True)
    with pytest.raises(TrainingError, match="3 rollbacks"):
        run_loop(resumed, watch)
    assert watch.notes == []
    undisturbed = trainer_on(few, OPTIONS)
    undisturbed.resume()
    assert "all 3 epochs" in run_loop(undisturbed)
    assert undisturbed.state.learning_rate_scale == 0.125


def test_a_learning_rate_far_too_high_is_an_error(few, trainer_on, run_loop, tmp_path):
    """A rate of 1e30 fails after every rollback; the start is kept."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, learning_rate=1e30))
    with pytest.raises(
        TrainingError, match=r"NaN or infinite in epoch 1.*lower --learning-rate than 1e\+30\.$"
    ):
        run_loop(trainer)
    state = read(tmp_path / "state.npz").state
    assert (state.epoch, state.batch, state.rollbacks) == (0, 0, 3)


def test_nan_after_the_last_step_is_never_saved(few, trainer_on, run_loop, poison, tmp_path):
    """A step's loss is that of the weights before it, so the weights after an epoch's last step are checked too."""
    trainer = trainer_on(few, OPTIONS)
    watch = Poisoner(
        trainer, poison, lambda count: trainer.state.batch == trainer.steps_per_epoch and not watch.notes
    )
    finite = []
    run_loop(
        trainer, watch, saved=lambda _: finite.append(are_finite(read(tmp_path / "state.npz").variables))
    )
    assert len(watch.notes) == 1 and "epoch 1" in watch.notes[0]
    assert all(finite) and len(finite) == 1 + 1 + 3  # the start, the rollback, three epochs


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"network": "dense", "likelihood": "gaussian", "mixture_epochs": 2},
        {"network": "conv", "binarize": True, "mixture_epochs": 3},
        {"network": "residual", "likelihood": "logistic", "depth": 1},
    ],
    ids=lambda more: more.get("network", "classic"),
)
def test_states_within_an_epoch_resume_to_the_bit(few, trainer_on, run_loop, more):
    """A run resumed from a state within an epoch ends with the weights of a run never stopped."""
    options = dataclasses.replace(OPTIONS, **more)
    uninterrupted = trainer_on(few, options)
    run_loop(uninterrupted)
    places, first = [], trainer_on(few, options)

    class KilledError(BaseException):
        pass

    def saved(state):
        places.append((state.epoch, state.batch))
        if state.epoch == 1 and state.batch >= 1:
            raise KilledError

    with pytest.raises(KilledError):
        run_loop(first, saved=saved, save_every=0)
    epoch, batch = places[-1]
    assert epoch == 1 and 0 < batch < first.steps_per_epoch
    second = trainer_on(few, options)
    second.resume()
    assert (second.state.epoch, second.state.batch) == (epoch, batch)
    run_loop(second)
    for resumed, expected in zip(second.vae.variables, uninterrupted.vae.variables, strict=True):
        assert np.array_equal(resumed.numpy(), expected.numpy())


def test_states_are_saved_after_every_epoch(few, trainer_on, run_loop):
    """With an interval that is never reached, states are saved at the start and after every epoch."""
    trainer, places = trainer_on(few, OPTIONS), []
    run_loop(trainer, saved=lambda state: places.append((state.epoch, state.batch)), save_every=3600)
    assert places == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_images_per_call_are_bounded(few, trainer_on, run_loop, monkeypatch):
    """With a bound of two batches of pixels, no call of the graph takes more than two steps."""

    steps_so_far = [0]

    class Counter(Watcher):
        def stepped(self, epoch, steps, images_per_second):
            steps_so_far.append(4 * (epoch - 1) + steps)

    monkeypatch.setattr("vaecli.training.loop.CALL_SECONDS", 100.0)
    monkeypatch.setattr("vaecli.training.loop.CALL_BYTES", 2 * 64 * 784)
    trainer = trainer_on(few, OPTIONS)
    assert trainer.steps_per_epoch == 4
    run_loop(trainer, Counter())
    assert set(np.diff(steps_so_far)) == {1, 2}


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_patience_ends_a_run(few, trainer_on, run_loop, schedule):
    """With no epoch better than the first, a patience of 1 ends the run after the second."""
    options = dataclasses.replace(OPTIONS, epochs=4, patience=1, schedule=schedule)
    trainer = trainer_on(few, options)

    class Unbeaten(Watcher):
        def epoch_ended(self, epoch):
            trainer.state.best_loss = 0.0

    reason = run_loop(trainer, Unbeaten())
    assert len(trainer.state.history) == 2 and trainer.state.best_epoch == 1
    assert "--patience" in reason and "epoch 1 are kept" in reason


def test_facts_of_the_best_weights_are_saved(few, trainer_on, run_loop, tmp_path):
    """The state holds the summary of the validation images under the best weights, classes and examples too."""
    labels = np.arange(len(few)) % 10
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, validation_split=0.5), labels=labels)
    run_loop(trainer)
    facts = read(tmp_path / "state.npz").state.best_facts
    indices = trainer.validation.indices
    measurement = trainer.validation.measure()
    np.testing.assert_allclose(facts["kl"], measurement.kl_of_dimensions.mean(axis=0))
    np.testing.assert_allclose(facts["z_mean"], measurement.z_mean.mean(axis=0))
    np.testing.assert_allclose(
        facts["z_covariance"], np.cov(measurement.z_mean, rowvar=False, bias=True), rtol=1e-9
    )
    assert facts["class_counts"].tolist() == np.bincount(labels[indices], minlength=10).tolist()
    assert np.array_equal(facts["examples"], measurement.z_mean.astype(np.float32))
    assert np.array_equal(facts["example_labels"], labels[indices])


def test_examples_can_be_left_out(few, trainer_on, run_loop):
    """With `examples=False` no latent of a single image is in the state."""
    trainer = trainer_on(
        few, dataclasses.replace(OPTIONS, epochs=1, examples=False), labels=np.zeros(300, int)
    )
    run_loop(trainer)
    assert trainer.state.best_facts.keys() == {"kl", "z_mean", "class_counts", "class_means"}


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.5])
def test_few_validation_images_have_no_active_units(few, trainer_on, run_loop, fraction):
    """Fewer than 100 validation images cannot tell how many latent dimensions are active, nor their covariance."""

    class Recorder(Watcher):
        def epoch_ended(self, epoch):
            self.active_units = epoch.active_units

    watch = Recorder()
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, epochs=1, validation_split=fraction))
    run_loop(trainer, watch)
    is_enough = len(trainer.validation.indices) >= 100
    assert is_enough == (fraction == 0.5)
    assert (watch.active_units is not None) == is_enough
    assert ("z_covariance" in trainer.state.best_facts) == is_enough


@pytest.mark.parametrize("settings", [{"kl_warmup": 100.0}, {"free_bits": 2.0}, {"beta": 2.0}])
def test_early_stopping_judges_the_bound(few, trainer_on, run_loop, settings):
    """The validation loss has the final weight of the KL in every epoch, without warm-up and without free bits."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, **settings))
    run_loop(trainer)
    beta = settings.get("beta", 1.0)
    history = trainer.state.history
    assert [row["val_loss"] for row in history] == [
        row["val_reconstruction"] + beta * row["val_kl"] for row in history
    ]
    assert all(row["val_kl"] > 0.01 for row in history)
    assert trainer.state.best_loss == min(row["val_loss"] for row in history)
