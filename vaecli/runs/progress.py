"""Reports of a training run to its watchers."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from vaecli.runs.history import Row


@dataclasses.dataclass(frozen=True)
class Plan:
    """The run that is about to be trained: sizes for progress bars, facts for a headline."""

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
    batch_size: int
    learning_rate: float


@dataclasses.dataclass(frozen=True)
class Epoch:
    """The figures of an epoch that has ended, and functions that make images with its weights.

    Attributes:
        row: its line of metrics.csv.
        best: whether its validation loss is the lowest so far.
        active_units: number of latent dimensions whose posterior mean varies over the validation images; None if
            these are too few to tell.
        kl: (D,) float64 mean KL of each dimension over the validation images, in nats.
        samples: n -> the first n samples of the prior, (n, H, W, C) float32 in [0, 1]; fewer of very large images.
        reconstructions: n -> the first n validation images and their reconstructions, likewise.
    """

    row: Row
    best: bool
    active_units: int | None
    kl: Any
    samples: Callable[[int], Any]
    reconstructions: Callable[[int], tuple[Any, Any]]


@dataclasses.dataclass(frozen=True)
class ClassifierEpoch:
    """The figures of an epoch of a classifier.

    Attributes:
        epoch: its number, from 1.
        epochs: number of all.
        loss: mean cross-entropy of the training steps, in nats per image.
        accuracy: share of held-out images that get their class, in [0, 1].
        seconds: duration of the steps and of the held-out images.
        best: whether the accuracy is the best so far.
    """

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    seconds: float
    best: bool


class Watcher:
    """Callbacks of a training run that do nothing; subclasses override what they need."""

    def note(self, message: str) -> None:
        """Receive something the user should know, such as a warning."""

    def downloaded(self, name: str, received: int, total: int) -> None:
        """Receive how many bytes of a file have arrived; `total` is the file's size, 0 if unknown."""

    def read(self, name: str, done: int, total: int) -> None:
        """Receive how many pictures of a folder or archive have been read, and how many there are in `total`."""

    def started(self, plan: Plan) -> None:
        """Receive the plan before the first step."""

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:
        """Receive the number of steps done in `epoch` (the first is 1), and the training speed."""

    def fitting_prior(self) -> None:
        """Be told that the mixture is being fitted, before an epoch that has it as prior."""

    def epoch_ended(self, epoch: Epoch) -> None:
        """Receive an epoch that has ended."""

    def exporting(self) -> None:
        """Be told that training is over and that the model is being exported."""


class Quiet(Watcher):
    """A watcher that passes on only `downloaded` and `read`; notes are dropped, since the user has had them."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def downloaded(self, name: str, received: int, total: int) -> None:  # noqa: D102
        self._watcher.downloaded(name, received, total)

    def read(self, name: str, done: int, total: int) -> None:  # noqa: D102
        self._watcher.read(name, done, total)


class Several(Watcher):
    """A watcher that passes each call on to several watchers, in order."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self._watchers = watchers

    def note(self, message: str) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.note(message)

    def downloaded(self, name: str, received: int, total: int) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.downloaded(name, received, total)

    def read(self, name: str, done: int, total: int) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.read(name, done, total)

    def started(self, plan: Plan) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.started(plan)

    def stepped(self, epoch: int, steps: int, images_per_second: float) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.stepped(epoch, steps, images_per_second)

    def fitting_prior(self) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.fitting_prior()

    def epoch_ended(self, epoch: Epoch) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.epoch_ended(epoch)

    def exporting(self) -> None:  # noqa: D102
        for watcher in self._watchers:
            watcher.exporting()
