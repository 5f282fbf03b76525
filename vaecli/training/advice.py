"""Advice on short runs, posterior collapse and overfitting, drawn from the plan and the epochs of a run.

Each piece of advice is given once per run, also across resumes: what the saved history would have triggered counts
as given. The history does not hold the active units of earlier epochs; if the first epoch after a resume has few,
the earlier ones are taken to have had few as well.
"""

import itertools
from collections.abc import Sequence

from vaecli.runs.history import Row
from vaecli.runs.progress import Epoch, Plan, Watcher

JUDGED_EPOCHS = 3  # before any advice
FEW_ACTIVE = 0.25  # of the latent dimensions
FEW_STEPS = 500  # of a whole run: its pictures stay blurred


class Adviser(Watcher):
    """Gives advice to another watcher, at the start and after each epoch.

    Args:
        watch: receives the advice as notes.
        history: the epochs before the first one that is watched.
        hidden_units: width of the encoder's last hidden layer: no more latent dimensions can vary independently.
        kl_warmup: number of epochs over which the weight of the KL divergence rises.
    """

    def __init__(
        self, watch: Watcher, history: Sequence[Row] = (), *, hidden_units: int, kl_warmup: float = 0.0
    ) -> None:
        self._watch = watch
        self._kl_warmup = kl_warmup
        self._rows = list(history)
        self._hidden_units = hidden_units
        self._has_watched = False
        ends = range(len(self._rows) + 1)
        self._given = {"overfitting"} if any(overfits(self._rows[:end]) for end in ends) else set()

    def started(self, plan: Plan) -> None:
        """Look at the warm-up of the KL, and at the number of steps of a new run, which is small for few images."""
        if self._kl_warmup > plan.epochs:
            self._give(
                "warm-up",
                f"--kl-warmup {self._kl_warmup:g} is longer than the {plan.epochs} epochs: the KL divergence ends "
                f"at {plan.epochs / self._kl_warmup:.0%} of its weight. Use at most {plan.epochs}.",
            )
        steps = plan.epochs * plan.steps_per_epoch
        if plan.first_epoch == 0 and steps < FEW_STEPS:
            self._give(
                "steps",
                f"Only {steps} steps: add --epochs, or use a smaller --batch-size, to get thousands.",
            )

    def epoch_ended(self, epoch: Epoch) -> None:
        """Give advice drawn from this epoch and those before it; none with fewer than 16 validation images."""
        if epoch.active_units is None:
            return
        is_resumed = not self._has_watched and len(self._rows) >= JUDGED_EPOCHS
        self._has_watched = True
        self._rows.append(epoch.row)
        advice = self._on_active_units(epoch.active_units, len(epoch.kl))
        if advice and is_resumed:
            self._given.add("active units")
        if advice and len(self._rows) >= JUDGED_EPOCHS:
            self._give("active units", advice)
        if overfits(self._rows):
            self._give(
                "overfitting",
                f"The validation loss has risen for {JUDGED_EPOCHS} epochs while the training loss fell: "
                "the model overfits. More images, a smaller --latent-dim or a lower --patience help. "
                "The weights of the best epoch are kept.",
            )

    def _on_active_units(self, active: int, dimensions: int) -> str:
        """Return advice if few of the latent dimensions are active; empty if enough are."""
        few = f"Only {active} of {dimensions} latent dimensions are active: "
        if active < max(1.0, FEW_ACTIVE * min(dimensions, self._hidden_units)):
            return few + "a lower --beta or --learning-rate, or a smaller --latent-dim, may help."
        if active < FEW_ACTIVE * dimensions:
            return (
                f"{few}the encoder's last hidden layer has {self._hidden_units} units, and no more dimensions than "
                f"that can vary independently. Use --latent-dim {self._hidden_units} or less."
            )
        return ""

    def _give(self, kind: str, message: str) -> None:
        if kind not in self._given:
            self._given.add(kind)
            self._watch.note(message)


def overfits(rows: Sequence[Row]) -> bool:
    """Return whether the validation loss rose and the training loss fell in each of the last three epochs."""
    last = rows[-JUDGED_EPOCHS - 1 :]
    if len(last) <= JUDGED_EPOCHS:
        return False
    return all(b["val_loss"] > a["val_loss"] and b["loss"] < a["loss"] for a, b in itertools.pairwise(last))
