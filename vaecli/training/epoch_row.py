"""The line of metrics.csv of an epoch that has just ended, and the check that its figures are finite."""

import math
from typing import TYPE_CHECKING

from vaecli.runs.history import Row
from vaecli.training.validation import Measurement

if TYPE_CHECKING:
    from vaecli.training.trainer import Trainer


class NotFiniteError(Exception):
    """A loss or a weight that is NaN or infinite; the text says which and where."""


def row_of(trainer: "Trainer", measurement: Measurement, *, val_seconds: float) -> Row:
    """Return the figures of the epoch whose steps are done, from the sums of the state and its validation.

    Raises:
        NotFiniteError: the validation loss is NaN or infinite.
    """
    state, beta = trainer.state, trainer.options.beta
    val_reconstruction, val_kl = measurement.reconstruction, measurement.kl
    if not math.isfinite(val_reconstruction + val_kl):
        raise NotFiniteError(
            f"The validation loss is NaN or infinite in epoch {state.epoch + 1}: "
            f"reconstruction {val_reconstruction:.4g}, KL {val_kl:.4g} nats"
        )
    reconstruction, kl = state.reconstruction / trainer.n_train, state.kl / trainer.n_train
    last_step = (state.epoch + 1) * trainer.steps_per_epoch - 1
    return {
        "epoch": state.epoch + 1,
        "loss": reconstruction + beta * kl,
        "reconstruction": reconstruction,
        "kl": kl,
        "val_loss": val_reconstruction + beta * val_kl,
        "val_reconstruction": val_reconstruction,
        "val_kl": val_kl,
        "learning_rate": float(trainer.learning_rates(last_step, 1)[0]),
        "seconds": state.seconds,
        "images_per_second": trainer.n_train / state.seconds,
        "val_seconds": val_seconds,
    }
