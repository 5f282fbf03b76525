"""Advice is given once, when there is a reason, and not otherwise."""

import numpy as np

from vaecli.training.advice import Adviser, overfits
from vaecli.training.watch import Epoch, Several, Watcher


class Listener(Watcher):
    def __init__(self):
        self.notes = []

    def note(self, message):
        self.notes.append(message)


def advise(losses, val_losses, active):
    listener = Listener()
    adviser = Several([Adviser(listener)])
    for number, (loss, val_loss, units) in enumerate(zip(losses, val_losses, active, strict=True)):
        row = {"epoch": number + 1, "loss": loss, "val_loss": val_loss}
        adviser.epoch_ended(Epoch(row, True, units, np.zeros(16), lambda n: n, lambda n: (n, n)))
    return listener.notes


def test_a_healthy_run_gets_none():
    """Falling losses and many active units: silence, also where the validation loss wobbles."""
    assert advise([9, 8, 7, 6, 5], [9, 8, 8.1, 8.2, 7], [1, 4, 9, 9, 9]) == []


def test_collapse_is_named_once():
    """Few active units after the first epochs name --beta, once."""
    notes = advise([9, 8, 7, 6, 5], [9, 8, 7, 6, 5], [0, 0, 2, 2, 0])
    assert len(notes) == 1 and "2 of 16" in notes[0] and "--beta" in notes[0]


def test_overfitting_is_named_once():
    """The validation loss rises three times while the training loss falls."""
    notes = advise([9, 8, 7, 6, 5, 4], [9, 8, 8.1, 8.2, 8.3, 8.4], [9] * 6)
    assert len(notes) == 1 and "--patience" in notes[0]


def test_both_falling_or_both_rising_is_no_overfitting():
    """It takes both: a run that gets worse altogether is another matter."""
    rows = [{"loss": float(i), "val_loss": float(i)} for i in range(5)]
    assert not overfits(rows) and not overfits(rows[::-1])
