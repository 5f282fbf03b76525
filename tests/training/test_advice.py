"""Advice is given once, when there is a reason, and not otherwise."""

import numpy as np
import pytest

from vaecli.runs.progress import Epoch, Plan, Several, Watcher
from vaecli.training.advice import Adviser, overfits


class Listener(Watcher):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def advise(losses, val_losses, active, resumed_after=0, *, dimensions=16, hidden_units=16):
    """Return the notes of a run, or of the rest of a run resumed after some epochs."""
    listener, rows = Listener(), []
    for number, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=True)):
        rows.append({"epoch": number + 1, "loss": loss, "val_loss": val_loss})
    adviser = Several([Adviser(listener, rows[:resumed_after], hidden_units=hidden_units)])
    for row, units in list(zip(rows, active, strict=True))[resumed_after:]:
        adviser.epoch_ended(Epoch(row, True, units, np.zeros(dimensions), lambda n: n, lambda n: (n, n)))
    return listener.notes


def test_a_healthy_run_gets_no_advice():
    """Falling losses and many active units give no advice, also where the validation loss rises for two epochs."""
    assert advise([9, 8, 7, 6, 5], [9, 8, 8.1, 8.2, 7], [1, 4, 9, 9, 9]) == []


@pytest.mark.parametrize(
    ("epochs", "steps", "first_epoch", "count"), [(2, 249, 0, 1), (2, 250, 0, 0), (2, 10, 1, 0)]
)
def test_a_short_run_is_named_at_its_start(epochs, steps, first_epoch, count):
    """Fewer than 500 steps in all give one note with the options to change; a run that goes on gets none."""
    listener = Listener()
    plan = Plan("run", "data", 100, 10, 1, epochs, first_epoch, steps, "float32", 1, 16, 0.01)
    Adviser(listener, hidden_units=16).started(plan)
    assert len(listener.notes) == count
    assert all(
        "Only 498 steps" in note and len(note) <= 80 and "--batch-size" in note for note in listener.notes
    )


@pytest.mark.parametrize(
    ("warmup", "note"), [(2.0, None), (2.5, "ends at 80% of its weight. Use at most 2.")]
)
def test_a_warmup_that_is_longer_than_the_run(warmup, note):
    """The note says how far the weight of the KL gets."""
    listener = Listener()
    plan = Plan("run", "data", 100, 10, 1, 2, 0, 1000, "float32", 1, 16, 0.01)
    Adviser(listener, hidden_units=16, kl_warmup=warmup).started(plan)
    assert len(listener.notes) == (note is not None) and all(note in given for given in listener.notes)


def test_collapse_is_named_once():
    """Few active units after three epochs give one note, which names --beta."""
    notes = advise([9, 8, 7, 6, 5], [9, 8, 7, 6, 5], [0, 0, 2, 2, 0])
    assert len(notes) == 1 and "2 of 16" in notes[0] and "--beta" in notes[0]


def test_overfitting_is_named_once():
    """A validation loss that rises three times while the training loss falls gives one note."""
    notes = advise([9, 8, 7, 6, 5, 4], [9, 8, 8.1, 8.2, 8.3, 8.4], [9] * 6)
    assert len(notes) == 1 and "--patience" in notes[0]


def test_both_falling_or_both_rising_is_no_overfitting():
    """Losses that both fall or both rise are no overfitting."""
    rows = [{"loss": float(i), "val_loss": float(i)} for i in range(5)]
    assert not overfits(rows) and not overfits(rows[::-1])


RISING = [9, 8, 7, 6, 5, 4], [9, 8, 8.1, 8.2, 8.3, 8.4], [9] * 6


@pytest.mark.parametrize(("resumed_after", "count"), [(0, 1), (1, 1), (3, 1), (4, 1), (5, 0)])
def test_overfitting_is_seen_across_a_stop(resumed_after, count):
    """The epochs before a stop count, and advice that was due then is not given again."""
    assert len(advise(*RISING, resumed_after)) == count


def test_collapse_before_a_stop_was_reported():
    """Few active units right after a stop were reported before it; a later loss of units is reported."""
    falling = [9, 8, 7, 6, 5]
    assert advise(falling, falling, [2] * 5, resumed_after=3) == []
    assert len(advise(falling, falling, [2] * 5, resumed_after=2)) == 1
    assert len(advise(falling, falling, [9, 9, 9, 9, 2], resumed_after=3)) == 1


def test_the_width_of_the_network_is_named():
    """With 128 dimensions behind 16 hidden units, 14 active ones are no collapse: the width is named."""
    falling = [9, 8, 7, 6, 5]
    (note,) = advise(falling, falling, [14] * 5, dimensions=128)
    assert "14 of 128" in note and "16 units" in note and "--latent-dim 16" in note and "--beta" not in note
    (note,) = advise(falling, falling, [2] * 5, dimensions=128)
    assert "2 of 128" in note and "--beta" in note
    assert advise(falling, falling, [14] * 5, dimensions=32) == []


def test_few_validation_images_give_no_advice():
    """Where the active units are not known, because the validation images are few, nothing is advised."""
    assert advise([9, 8, 7, 6, 5, 4], [9, 8, 8.1, 8.2, 8.3, 8.4], [None] * 6) == []
