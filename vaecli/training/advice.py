"""What a run's course tells an experienced eye: collapse and overfitting, each said once, with what helps.

Once a run, however often it is taken up: what its history gives reason to say has been said. The active units of
earlier epochs are not in the history, so few of them in the first epoch seen count as few before it, too.
"""

import itertools
from collections.abc import Sequence

from vaecli.runs.history import Row
from vaecli.runs.progress import Epoch, Watcher

PATIENT = 3  # epochs before a judgement
FEW_ACTIVE = 0.25  # of the latent dimensions


class Adviser(Watcher):
    """Watches the epochs of a run, after those of its `history`, and tells another watcher."""

    def __init__(self, told: Watcher, history: Sequence[Row] = ()) -> None:
        self._told = told
        self._rows = list(history)
        self._seen = 0
        ends = range(len(self._rows) + 1)
        self._said = {"overfitting"} if any(overfits(self._rows[:end]) for end in ends) else set()

    def epoch_ended(self, epoch: Epoch) -> None:
        """Look at the epoch and at those before it."""
        before, dimensions = len(self._rows), len(epoch.kl)
        few = epoch.active_units < max(1.0, FEW_ACTIVE * dimensions)
        if few and not self._seen and before >= PATIENT:
            self._said.add("collapse")
        self._seen += 1
        self._rows.append(epoch.row)
        if few and len(self._rows) >= PATIENT:
            self._say(
                "collapse",
                f"Only {epoch.active_units} of {dimensions} latent dimensions carry anything: "
                "a lower --beta or --learning-rate, or a smaller --latent-dim, may help.",
            )
        if overfits(self._rows):
            self._say(
                "overfitting",
                f"The validation loss has risen for {PATIENT} epochs while the training loss fell: "
                "the model learns the pictures by heart. "
                "More pictures, a smaller --latent-dim or a lower --patience help; "
                "the weights of the best epoch are kept anyway.",
            )

    def _say(self, what: str, message: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._told.note(message)


def overfits(rows: Sequence[Row]) -> bool:
    """Whether the validation loss rose and the training loss fell in each of the last epochs."""
    last = rows[-PATIENT - 1 :]
    if len(last) <= PATIENT:
        return False
    return all(b["val_loss"] > a["val_loss"] and b["loss"] < a["loss"] for a, b in itertools.pairwise(last))
