"""The training of the classifier, on the training images of a data set alone.

The weights of the epoch with the best accuracy on held-out training images are kept; test images play no part.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaecli.choices import Augmentation
from vaecli.data.images import Images, ImageSet
from vaecli.pixels import chunks
from vaecli.runs.progress import ClassifierEpoch
from vaecli.training import precision, schedule
from vaecli.training.augment import Augment
from vaecli.training.classifier.network import Classifier, build
from vaecli.training.objective import to_unit_range

BATCH_SIZE = 128
PEAK_RATE = 2e-3
DROPOUT = 0.3  # of the rectified features
BLUR = np.array([1, 4, 6, 4, 1]) / 16  # a standard deviation of one pixel
WEIGHT_DECAY = 1e-4  # decoupled, per step and unit of the learning rate
STEPS_PER_REPORT = 20  # the loss of a step is waited for then
MOST_AT_ONCE, CHUNK_BYTES = 500, 2**20  # held-out images at a time, and bytes of their pixels


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained classifier.

    Attributes:
        classifier: the network, with the weights of the best epoch.
        accuracy: of these weights on the held-out images, in [0, 1].
        best_epoch: number of that epoch, from 1.
        history: figures of each epoch.
        count: number of images that the weights were fitted to.
        held_out_count: number of held-out images.
    """

    classifier: Classifier
    accuracy: float
    best_epoch: int
    history: tuple[ClassifierEpoch, ...]
    count: int
    held_out_count: int


def train_classifier(
    data: ImageSet,
    held_out: npt.NDArray[np.bool_],
    *,
    epochs: int,
    augment: tuple[Augmentation, ...] = (),
    seed: int = 0,
    progress: Callable[[ClassifierEpoch], None] = lambda _epoch: None,
    images_done: Callable[[int, int], None] = lambda _done, _total: None,
) -> Trained:
    """Train a classifier of the classes of labelled images.

    Args:
        data: training images with labels.
        held_out: (N,) bool, true for the images that choose the epoch.
        epochs: number of epochs.
        augment: changes of the images of training steps.
        seed: seed of the initial weights, the order of the images, the augmentation and the dropout.
        progress: called after each epoch with its figures.
        images_done: called during the steps with the number of images so far, and in all epochs.
    """
    height, width, channels = data.images.shape[1:]
    classifier = build((height, width, channels), len(data.class_names), seed=seed)
    labels = np.zeros(0, np.int64) if data.labels is None else data.labels
    positions, held_out_positions = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    steps = _Steps(classifier, data.images, labels, augment=augment, seed=seed)
    size = min(BATCH_SIZE, len(positions))
    per_epoch = len(positions) // size
    rates = schedule.learning_rates(0, epochs * per_epoch, total=epochs * per_epoch, peak=PEAK_RATE)
    best, best_epoch, best_weights = -1.0, 0, [variable.numpy() for variable in classifier.variables]
    history: list[ClassifierEpoch] = []
    precise = precision.choose("auto") == "float32" or bool(tf.config.list_physical_devices("GPU"))
    for epoch in range(epochs):
        began = time.perf_counter()
        order = positions[schedule.epoch_order(len(positions), seed=seed, epoch=epoch)]
        batches = order[: per_epoch * size].reshape(per_epoch, size)
        first = epoch * per_epoch
        losses = []
        with contextlib.nullcontext() if precise else precision.rewritten():
            for loss in steps.run(batches, rates[first : first + per_epoch], first):
                losses.append(loss)
                if len(losses) % STEPS_PER_REPORT == 0 or len(losses) == per_epoch:
                    loss.numpy()
                    images_done((first + len(losses)) * size, epochs * per_epoch * size)
        accuracy = _accuracy(classifier, data.images, labels, held_out_positions)
        is_best = accuracy > best
        if is_best:
            best, best_epoch = accuracy, epoch + 1
            best_weights = [variable.numpy() for variable in classifier.variables]
        mean, seconds = float(np.mean([loss.numpy() for loss in losses])), time.perf_counter() - began
        history.append(ClassifierEpoch(epoch + 1, epochs, mean, accuracy, seconds, is_best))
        progress(history[-1])
    for variable, value in zip(classifier.variables, best_weights, strict=True):
        variable.assign(value)
    features, _ = _outputs(classifier, data.images, held_out_positions)
    spread = float(np.sqrt(features.var(axis=0).mean()))
    if spread > 0:
        classifier.scale_features(1 / spread)  # so that distances of different classifiers are of one size
    return Trained(classifier, best, best_epoch, tuple(history), len(positions), len(held_out_positions))


def blurred(images: tf.Tensor, *, seed: Any) -> tf.Tensor:
    """Blur about half of the images (N, H, W, C) of a step, each by an amount of its own.

    The samples of an autoencoder are blurred. A classifier of sharp images alone takes most blurred coats for
    pullovers, and its features tell how sharp an image is before they tell what it shows.
    """
    channels = images.shape[-1]
    kernel = np.outer(BLUR, BLUR).astype(np.float32)[:, :, None, None]
    padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], mode="SYMMETRIC")
    smooth = tf.nn.depthwise_conv2d(padded, np.tile(kernel, (1, 1, channels, 1)), [1, 1, 1, 1], "VALID")
    shape = (tf.shape(images)[0], 1, 1, 1)
    amount = tf.random.stateless_uniform(
        shape, seed=tf.stack([seed[0] ^ 1, seed[1]]), minval=-1.0, maxval=1.0
    )
    amount = tf.nn.relu(amount)
    return images + amount * (smooth - images)


class _Steps:
    """Training steps: cross-entropy of the labels, Adam with decoupled weight decay."""

    def __init__(
        self,
        classifier: Classifier,
        images: Images,
        labels: npt.NDArray[np.int64],
        *,
        augment: tuple[Augmentation, ...],
        seed: int,
    ) -> None:
        self._classifier, self._images, self._labels = classifier, images, labels
        self._augment = Augment(augment, seed=seed) if augment else None
        self._seed = seed % 2**31
        self._optimizer = keras.optimizers.AdamW(
            learning_rate=PEAK_RATE, weight_decay=WEIGHT_DECAY, beta_2=schedule.beta_2("cosine")
        )
        self._optimizer.build(classifier.variables)
        self._step = tf.function(self._one_step, autograph=False)

    def run(self, batches: np.ndarray, rates: np.ndarray, first: int) -> Iterator[tf.Tensor]:
        """Take a step for each row of positions (S, B), with its learning rate, from number `first` on.

        Yields:
            The loss of each step, a scalar that may not be computed yet.
        """
        for offset, (batch, rate) in enumerate(zip(batches, rates, strict=True)):
            pixels, labels = tf.constant(self._images[batch]), tf.constant(self._labels[batch])
            yield self._step(pixels, labels, tf.constant(first + offset), tf.constant(rate))

    def _one_step(self, pixels: tf.Tensor, labels: tf.Tensor, step: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        if self._augment:
            pixels = self._augment.apply(pixels, self._augment.draw(tf.shape(pixels)[0], step))
        variables = [variable.value for variable in self._classifier.variables]
        with tf.GradientTape() as tape:
            features = self._classifier.features(blurred(to_unit_range(pixels), seed=[self._seed, step]))
            logits = self._classifier.logits(features, dropout=DROPOUT, seed=tf.stack([self._seed, step]))
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, variables)
        self._optimizer.learning_rate.assign(rate)
        self._optimizer.apply(gradients)
        return loss


def _accuracy(
    classifier: Classifier, images: Images, labels: npt.NDArray[np.int64], positions: npt.NDArray[np.integer]
) -> float:
    """Return the share of the images at `positions` whose class has the largest logit."""
    _, logits = _outputs(classifier, images, positions)
    return float((logits.argmax(axis=1) == labels[positions]).mean())


def _outputs(
    classifier: Classifier, images: Images, positions: npt.NDArray[np.integer]
) -> tuple[np.ndarray, np.ndarray]:
    """Compute features (n, FEATURES) and logits (n, K) of the images at `positions` (n,), a chunk at a time."""
    parts = []
    for part in chunks(len(positions), images.shape[1:], most=MOST_AT_ONCE, chunk_bytes=CHUNK_BYTES):
        features = classifier.features(to_unit_range(tf.constant(images[positions[part]])))
        parts.append((features.numpy(), classifier.logits(features).numpy()))
    features, logits = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return features, logits
