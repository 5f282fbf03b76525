"""What a training run reports to its watchers while it runs."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from vaecli.runs.history import Row


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is about to be trained: sizes for the progress bars, facts for the headline."""

    run: str
    data: str
    n_train: int
    n_validation: int
    parameters: int
    epochs: int
    first_epoch: int
    steps_per_epoch: int
    precision: str
    devices: int


@dataclasses.dataclass(frozen=True)
class Epoch:
    """What is known when an epoch has ended.

    Attributes:
        row: its line of metrics.csv.
        best: whether its validation loss is the lowest so far.
        active_units: number of latent dimensions whose posterior mean varies over the validation images; None if
            these are too few to tell.
        kl: (D,) float64 mean KL of each dimension over the validation images, in nats.
        samples: decodes the first n pictures of the prior, (n, H, W, C) float32 in [0, 1].
        reconstructions: the first n validation images and their reconstructions, (n, H, W, C) in [0, 1].
    """

    row: Row
    best: bool
    active_units: int | None
    kl: Any
    samples: Callable[[int], Any]
    reconstructions: Callable[[int], tuple[Any, Any]]


class Watcher:
    """Callbacks of a training run; this one does nothing, and whoever wants to see inherits from it."""

    def note(self, message: str) -> None:
        """Something the user should know: which data, a warning, why training ended."""

    def downloaded(self, name: str, received: int, total: int) -> None:
        """Bytes of a file that have come, and how many there are; 0 where that is not known."""

    def started(self, plan: Plan) -> None:
        """Training is about to begin."""

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:
        """`steps` steps of `epoch` (from 1) are done."""

    def epoch_ended(self, epoch: Epoch) -> None:
        """An epoch is done."""

    def exporting(self) -> None:
        """Training is over; the model is being converted and checked."""


class Several(Watcher):
    """Watchers that are all told everything, in order."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def note(self, message: str) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.note(message)

    def downloaded(self, name: str, received: int, total: int) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.downloaded(name, received, total)

    def started(self, plan: Plan) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.started(plan)

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.stepped(epoch, steps, images_per_second)

    def epoch_ended(self, epoch: Epoch) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.epoch_ended(epoch)

    def exporting(self) -> None:
        """To all."""
        for watcher in self._watchers:
            watcher.exporting()
