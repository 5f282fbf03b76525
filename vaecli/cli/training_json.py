"""A training run as JSON: one object per line on stdout, each with its schema and an event."""

import pathlib
from typing import TYPE_CHECKING, Any

from vaecli.cli import console
from vaecli.runs.progress import Epoch, Plan, Watcher

if TYPE_CHECKING:
    from vaecli.tasks.train.train import Trained


class JsonWatcher(Watcher):
    """Events on stdout: `started`, `epoch` and `ended`; notes go to stderr.

    Training goes on if stdout cannot be written, because its reader has left or a disk is full.

    Attributes:
        failed: whether an event could not be written.
    """

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.failed = False

    def note(self, message: str) -> None:
        """Print the note on stderr, unless quiet."""
        if not self._quiet:
            console.note(message)

    def started(self, plan: Plan) -> None:
        """Print where the run is and what is trained."""
        self._print(
            "started",
            {
                "run": _absolute(plan.run),
                "data": plan.data,
                "training_images": plan.n_train,
                "validation_images": plan.n_validation,
                "parameters": plan.parameters,
                "epochs": plan.epochs,
                "epochs_done": plan.first_epoch,
                "steps_per_epoch": plan.steps_per_epoch,
                "precision": plan.precision,
                "devices": plan.devices,
                "batch_size": plan.batch_size,
                "learning_rate": plan.learning_rate,
            },
        )

    def epoch_ended(self, epoch: Epoch) -> None:
        """Print the row of metrics.csv, the number of active units, and whether the epoch is the best so far."""
        figures = {"epoch": int(epoch.row["epoch"]), "active_units": epoch.active_units, "best": epoch.best}
        self._print("epoch", epoch.row | figures)

    def ended(self, result: "Trained") -> None:
        """Print where the run is, why training ended, the best epoch, and whether all epochs are trained."""
        best = None if result.best is None else int(result.best["epoch"])
        self._print(
            "ended",
            {
                "run": None if result.run is None else _absolute(result.run),
                "reason": result.reason,
                "finished": result.finished,
                "best_epoch": best,
                "best_val_loss": None if result.best is None else result.best["val_loss"],
                "parity": result.parity,
            },
        )

    def _print(self, event: str, figures: dict[str, Any]) -> None:
        if self.failed:
            return
        try:
            console.print_json("train", {"event": event} | figures)
        except OSError as error:
            self.failed = True
            self.note(f"Cannot write to stdout: {error.strerror}. Training goes on without it.")


def _absolute(path: "str | pathlib.Path") -> str:
    return str(pathlib.Path(path).absolute())
