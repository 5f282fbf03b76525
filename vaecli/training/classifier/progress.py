"""The progress of the training of a classifier, epoch by epoch."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ClassifierEpoch:
    """The figures of an epoch.

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
