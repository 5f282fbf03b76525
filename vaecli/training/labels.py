"""The labels of conditional training: one-hot, and dropped at random, so that one model serves both ways."""

import numpy as np
import tensorflow as tf

from vaecli.data.images import ImageSet
from vaecli.data.parts import of_trained_classes
from vaecli.errors import OptionError
from vaecli.options import TrainOptions
from vaecli.training import streams

DROPPED = 0.1  # of the images of a step


class Labels:
    """The labels of all images of a run.

    Args:
        labels: (N,) whole numbers from 0 to `count` - 1, or -1 for no label.
        count: number of classes K.
        seed: seed of the run. Which labels step s drops follows from (seed, s) and the position in the batch.
    """

    def __init__(self, labels: np.ndarray, count: int, *, seed: int) -> None:
        self._labels, self._count, self._seed = labels.astype(np.int32), count, seed

    def at(self, positions: np.ndarray) -> tf.Tensor:
        """Return the labels at positions of any shape, as int32."""
        return tf.constant(self._labels[positions], tf.int32)

    def one_hot(self, labels: tf.Tensor) -> tf.Tensor:
        """Turn labels (N,) into one-hot rows (N, K) float32, zeros for -1."""
        return tf.one_hot(labels, self._count, dtype=tf.float32)

    def kept(self, size: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Draw which images of a batch of `size` keep their labels, in the graph: (size,), 1 or 0 for a tenth."""
        draws = tf.random.stateless_uniform((size,), seed=streams.labels(self._seed, step))
        return tf.cast(draws >= DROPPED, tf.float32)


def labels_of(data: ImageSet, options: TrainOptions, held_out: np.ndarray) -> Labels | None:
    """Return the labels for a conditional model; None for another one.

    Held-out images of a class without training images have none, as in the evaluation: its input is never trained.

    Raises:
        OptionError: the data have no labels.
    """
    if not options.conditional:
        return None
    if data.labels is None:
        raise OptionError(
            f"--conditional needs labelled images; those of {data.name} have no labels.",
            option="--conditional",
            hint="Name the images with their labels, or leave --conditional out.",
        )
    known = of_trained_classes(data.labels, held_out)
    return Labels(known, len(data.class_names), seed=options.seed)
