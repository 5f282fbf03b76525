"""Seeds of the random numbers of training steps: a stream of its own for each use, no two of which ever meet.

TensorFlow's stateless functions take two whole numbers. The run's seed and the number of the step are at least 0;
the signs of the two tell the streams apart.
"""

import tensorflow as tf


def noise(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Return the seed (2,) of the posterior noise of a step."""
    return _pair(seed, tf.cast(step, tf.int64))


def augmentation(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Return the seed (2,) of the augmentation of a step."""
    return _pair(-1 - seed, tf.cast(step, tf.int64))


def pixels(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Return the seed (2,) of the binary pixels of a step."""
    return _pair(seed, -1 - tf.cast(step, tf.int64))


def labels(seed: int, step: tf.Tensor) -> tf.Tensor:
    """Return the seed (2,) of the dropped labels of a step."""
    return _pair(-1 - seed, -1 - tf.cast(step, tf.int64))


def _pair(first: int, second: tf.Tensor) -> tf.Tensor:
    return tf.stack([tf.constant(first, tf.int64), second])
