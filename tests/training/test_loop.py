"""The loop when things go wrong: broken steps, states within an epoch, patience and the schedule."""

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
    """Breaks the weights at the steps of the run that it is given, counted as they are told, from 1."""

    def __init__(self, trainer, poison, when):
        self.notes, self.count = [], 0
        self.trainer, self.poison, self.when = trainer, poison, when

    def note(self, message):
        self.notes.append(message)

    def stepped(self, epoch, steps, images_per_second):
        self.count += 1
        if self.when(self.count):
            self.poison(self.trainer)


def run(trainer, watch=None, saved=lambda state: None, **more):
    return trainer.run({}, saved=saved, watch=watch or Watcher(), stop=more.pop("stop", lambda: None), **more)


def test_a_broken_step_goes_back_with_half_the_rate(few, trainer_on, poison):
    """Weights broken once, in the second epoch: said, the rate halved from there, no row lost or double."""
    trainer = trainer_on(few, OPTIONS)
    steps = trainer.steps_per_epoch
    watch = Poisoner(trainer, poison, lambda count: trainer.state.epoch == 1 and not watch.notes)
    assert "all 3 epochs" in run(trainer, watch)
    (note,) = watch.notes
    assert f"Back to step {steps} " in note and "learning rate, 0.005 at its peak" in note
    history = trainer.state.history
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert all(np.isfinite(list(row.values())).all() for row in history)
    assert (trainer.state.setbacks, trainer.state.rate_factor) == (1, 0.5)
    whole = trainer_on(few, OPTIONS)
    run(whole)
    factors = [
        a["learning_rate"] / b["learning_rate"] for a, b in zip(history, whole.state.history, strict=True)
    ]
    assert factors == pytest.approx([1, 0.5, 0.5])
    assert history[0]["val_loss"] == whole.state.history[0]["val_loss"]


def test_it_gives_up_after_three_times(few, trainer_on, poison, tmp_path):
    """Weights that break in every call: three times back, then an error; state and count are kept, and count on."""
    trainer = trainer_on(few, OPTIONS)
    watch = Poisoner(trainer, poison, lambda count: trainer.state.epoch == 1)
    with pytest.raises(
        TrainingError, match=r"no finite number in epoch 2.*3 times.*epoch 1: vaecli export -m"
    ):
        run(trainer, watch)
    assert len(watch.notes) == 3
    kept = read(tmp_path / "state.npz")
    assert (kept.state.epoch, kept.state.setbacks, kept.state.rate_factor) == (1, 3, 0.125)
    assert all(np.isfinite(value).all() for value in kept.variables)
    again = trainer_on(few, OPTIONS)
    again.resume({})
    watch = Poisoner(again, poison, lambda count: True)
    with pytest.raises(TrainingError, match="3 times"):
        run(again, watch)
    assert watch.notes == []
    last = trainer_on(few, OPTIONS)
    last.resume({})
    assert "all 3 epochs" in run(last)
    assert last.state.rate_factor == 0.125


def test_a_rate_beyond_reason_ends_with_what_was_seen(few, trainer_on, tmp_path):
    """No injection at all: a rate of 1e30 breaks every attempt, and the start is kept."""
    trainer = trainer_on(few, dataclasses.replace(OPTIONS, learning_rate=1e30))
    with pytest.raises(
        TrainingError, match=r"no finite number in epoch 1.*lower --learning-rate than 1e\+30\.$"
    ):
        run(trainer)
    kept = read(tmp_path / "state.npz")
    assert (kept.state.epoch, kept.state.batch, kept.state.setbacks) == (0, 0, 3)


def test_weights_that_break_in_the_last_step_are_never_saved(few, trainer_on, poison, tmp_path):
    """The loss of a step is that of the weights before it: an epoch's last step is looked at, too."""
    trainer = trainer_on(few, OPTIONS)
    watch = Poisoner(
        trainer, poison, lambda count: trainer.state.batch == trainer.steps_per_epoch and not watch.notes
    )
    saved = []

    def look(state):
        saved.append(all(np.isfinite(value).all() for value in read(tmp_path / "state.npz").variables))

    run(trainer, watch, saved=look)
    assert len(watch.notes) == 1 and "epoch 1" in watch.notes[0]
    assert all(saved) and len(saved) == 1 + 1 + 3  # the start, the return, three epochs


def test_states_within_an_epoch_resume_to_the_bit(few, trainer_on, tmp_path):
    """With a state after every call, going on from one inside an epoch gives the weights of the whole run."""
    whole = trainer_on(few, OPTIONS)
    run(whole)
    places, first = [], trainer_on(few, OPTIONS)

    class KilledError(BaseException):
        pass

    def saved(state):
        places.append((state.epoch, state.batch))
        if state.epoch == 1 and state.batch >= 1:
            raise KilledError

    with pytest.raises(KilledError):
        run(first, saved=saved, save_every=0)
    epoch, batch = places[-1]
    assert epoch == 1 and 0 < batch < first.steps_per_epoch
    second = trainer_on(few, OPTIONS)
    second.resume({})
    assert (second.state.epoch, second.state.batch) == (epoch, batch)
    run(second)
    for one, other in zip(second.vae.variables, whole.vae.variables, strict=True):
        assert np.array_equal(one.numpy(), other.numpy())


def test_without_time_passing_only_epochs_are_saved(few, trainer_on):
    """An interval that is never reached saves at the start and after every epoch."""
    trainer, places = trainer_on(few, OPTIONS), []
    run(trainer, saved=lambda state: places.append((state.epoch, state.batch)), save_every=3600)
    assert places == [(0, 0), (1, 0), (2, 0), (3, 0)]


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
def test_patience_ends_a_run(few, trainer_on, schedule):
    """With no epoch better than the first, a patience of 1 ends the run after the second."""
    options = dataclasses.replace(OPTIONS, epochs=4, patience=1, schedule=schedule)
    trainer = trainer_on(few, options)

    class Unbeaten(Watcher):
        def epoch_ended(self, epoch):
            trainer.state.best_loss = 0.0

    reason = run(trainer, Unbeaten())
    assert len(trainer.state.history) == 2 and trainer.state.best_epoch == 1
    assert "--patience" in reason and "epoch 1 are kept" in reason
