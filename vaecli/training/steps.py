"""Many training steps in one call of the graph; the state between calls is the variables and a step number."""

import functools
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf

from vaecli.choices import Augmentation, Schedule
from vaecli.data.images import Images
from vaecli.training import colours, streams
from vaecli.training.adam import make_optimizer
from vaecli.training.augment import Augment
from vaecli.training.binarise import Binarise
from vaecli.training.cluster.devices import Devices
from vaecli.training.image_source import source_of
from vaecli.training.labels import Labels
from vaecli.training.mixture_prior import MixturePrior
from vaecli.training.objective import LatentPrior, terms, to_unit_range
from vaecli.training.precision import Resolved, active
from vaecli.training.schedule import beta_2
from vaecli.training.vae import Vae


class TrainingSteps:
    """Training steps on images (N, H, W, C) uint8, which are scaled to [0, 1] in the graph.

    Randomness is stateless: the caller gives the order of the images; what step s draws follows from (seed, s) and
    the position in the batch. So a run can be resumed at any step, on any number of devices.

    Args:
        vae: the networks, which the steps change.
        images: all images.
        beta: weight of the KL divergence.
        seed: seed of noise, augmentation and binary pixels.
        kl_warmup: number of steps over which that weight rises in a line from 0 to `beta`; may be a fraction.
        free_bits: nats of each latent dimension that cost nothing: while the mean KL of a dimension over the batch
            is below, its KL is left out of the loss (Kingma et al. 2016, arXiv:1606.04934).
        colour_steps: number of steps over which colours count more in the gradient; 0 for none.
        schedule: schedule of the learning rate, which decides Adam's memory.
        precision: arithmetic of the steps.
        augment: random changes of the images.
        labels: labels of all images, for a conditional model.
        mixture: the prior of those steps that are taken with it.
        devices: the devices that train; one device if left out.
    """

    def __init__(
        self,
        vae: Vae,
        images: Images,
        *,
        beta: float,
        seed: int,
        kl_warmup: float = 0.0,
        free_bits: float = 0.0,
        colour_steps: int = 0,
        schedule: Schedule = "cosine",
        precision: Resolved = "float32",
        augment: Sequence[Augmentation] = (),
        labels: Labels | None = None,
        mixture: MixturePrior | None = None,
        devices: Devices | None = None,
    ) -> None:
        self.devices = devices or Devices()
        self.vae = vae
        self._precision: Resolved = precision
        with self.devices.scope():
            self.optimizer = make_optimizer(vae, beta_2(schedule))
        self._source = source_of(images)
        self._beta, self._seed, self._kl_warmup, self._free_bits = beta, seed, kl_warmup, free_bits
        self._colour_steps = colour_steps if images.shape[-1] == colours.CHANNELS else 0
        self._augment = Augment(augment, seed=seed) if augment else None
        self._binarise = Binarise(seed=seed) if vae.likelihood.binarised else None
        self._labels, self._mixture = labels, mixture
        self._run, self._run_with_mixture = (self._graph(prior) for prior in (None, mixture))

    def _graph(self, prior: LatentPrior | None) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
        """Return the graph of `run` with a prior, None for N(0, I); it is traced when it is first called."""
        graph: Callable[..., tuple[tf.Tensor, tf.Tensor]] = tf.function(
            functools.partial(self._all_steps, prior=prior),
            autograph=False,  # saves half a second of reading this source and all that it calls
            input_signature=[
                self._source.signature,
                tf.TensorSpec((None,), tf.float32),
                tf.TensorSpec((), tf.int32),
                tf.TensorSpec((), tf.int32),
                *([tf.TensorSpec((None, None), tf.int32)] if self._labels else []),
            ],
        )
        return graph

    def run(
        self,
        positions: np.ndarray,
        rates: np.ndarray,
        first_step: int,
        *,
        ahead: np.ndarray | None = None,
        with_mixture: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take S steps of B images each.

        Args:
            positions: (S, B) positions of the images in the data.
            rates: (S,) learning rates.
            first_step: number of steps taken before this call, since training began.
            ahead: (S, B) positions that the next call will probably get; they may be read in the background.
            with_mixture: whether the mixture is the prior, in place of N(0, I).

        Returns:
            reconstruction (S,) and kl (S,): the mean over each batch, in nats.
        """
        ahead = positions[:0] if ahead is None else ahead
        local = self.devices.local_slice(positions.shape[1])
        arguments = (
            self._source.feed(positions[:, local], ahead[:, self.devices.local_slice(ahead.shape[1])]),
            tf.constant(rates, tf.float32),
            tf.constant(first_step, tf.int32),
            tf.constant(positions.shape[1], tf.int32),
            *([self._labels.at(positions[:, local])] if self._labels else []),
        )
        with active(self.vae, self._precision):
            reconstruction, kl = (self._run_with_mixture if with_mixture else self._run)(*arguments)
        return reconstruction.numpy(), kl.numpy()

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables that change: those of the networks, those of the optimizer, those of the mixture."""
        mixture = self._mixture.variables if self._mixture else []
        return [*self.vae.variables, *self.optimizer.variables, *mixture]

    def is_finite(self) -> bool:
        """Return whether no variable holds NaN or infinity."""
        return all(bool(np.isfinite(variable.numpy()).all()) for variable in self.variables)

    def _all_steps(
        self,
        fed: tf.Tensor,
        rates: tf.Tensor,
        first_step: tf.Tensor,
        size: tf.Tensor,
        labels: tf.Tensor | None = None,
        *,
        prior: LatentPrior | None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Build the graph of `run`: a loop over the steps."""
        count, step = tf.shape(fed)[0], functools.partial(self._step, prior=prior)

        def body(
            i: tf.Tensor, reconstructions: tf.TensorArray, kls: tf.TensorArray
        ) -> tuple[tf.Tensor, tf.TensorArray, tf.TensorArray]:
            self.optimizer.learning_rate.assign(rates[i])
            arguments = self._source.images(fed[i]), first_step + i, size
            more = () if labels is None else (labels[i],)
            reconstruction, kl = self.devices.run(step, (*arguments, *more))
            return i + 1, reconstructions.write(i, reconstruction), kls.write(i, kl)

        empty = tf.TensorArray(tf.float32, size=count), tf.TensorArray(tf.float32, size=count)
        _, reconstructions, kls = tf.while_loop(lambda i, *_: i < count, body, (tf.constant(0), *empty))
        return reconstructions.stack(), kls.stack()

    def _step(
        self,
        pixels: tf.Tensor,
        step: tf.Tensor,
        size: tf.Tensor,
        labels: tf.Tensor | None = None,
        *,
        prior: LatentPrior | None,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Take one step in a replica, given this worker's pixels and labels of a batch of `size` images."""
        pixels = self.devices.replica_slice(pixels, size, of_worker=True)
        if self._augment:
            changes = self.devices.replica_slice(self._augment.draw(size, step), size)
            pixels = self._augment.apply(pixels, changes)
        if self._binarise:
            shape = tf.concat([[size], tf.shape(pixels)[1:]], axis=0)
            thresholds = self.devices.replica_slice(self._binarise.draw(shape, step), size)
            pixels = self._binarise.apply(pixels, thresholds)
        images = to_unit_range(pixels)
        seed = streams.noise(self._seed, step)
        noise = tf.random.stateless_normal((size, self.vae.latent_dim), seed=seed)
        noise = self.devices.replica_slice(noise, size)
        label = self._one_hot(labels, step, size)
        colour_gain = colours.gain(step, self._colour_steps) if self._colour_steps else None
        variables = self.vae.variables
        with tf.GradientTape() as tape:
            reconstruction, kl, kl_of_dimensions, _ = terms(
                self.vae, images, noise, training=True, label=label, colour_gain=colour_gain, prior=prior
            )
            counted = self._counted(kl_of_dimensions, size) if self._free_bits else kl
            loss = _batch_mean(
                reconstruction + kl_weight(step, beta=self._beta, warmup=self._kl_warmup) * counted, size
            )
        gradients = tape.gradient(loss, variables)
        means = _batch_mean(reconstruction, size), _batch_mean(kl, size)
        *gradients, reconstruction, kl = self.devices.all_reduce_in_replica([*gradients, *means], size)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return reconstruction, kl

    def _one_hot(self, labels: tf.Tensor | None, step: tf.Tensor, size: tf.Tensor) -> tf.Tensor | None:
        """Return this replica's one-hot labels (n, K) from those of its worker; zero for those that are dropped."""
        if labels is None or self._labels is None:
            return None
        own = self.devices.replica_slice(labels, size, of_worker=True)
        kept = self.devices.replica_slice(self._labels.kept(size, step), size)
        return self._labels.one_hot(own) * kept[:, None]

    def _counted(self, kl_of_dimensions: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
        """Return the KL (N,) of the dimensions whose mean over the whole batch is at least `free_bits`."""
        sums = tf.stop_gradient(tf.reduce_sum(kl_of_dimensions, axis=0))
        (means,) = self.devices.all_reduce_in_replica([sums / tf.cast(size, tf.float32)], size)
        is_counted = tf.cast(means >= self._free_bits, tf.float32)
        return tf.reduce_sum(is_counted * kl_of_dimensions, axis=1)


def kl_weight(step: tf.Tensor, *, beta: float, warmup: float) -> float | tf.Tensor:
    """Return the weight of the KL divergence in a step: it rises in a line to `beta` over `warmup` steps."""
    if not warmup:
        return beta
    return beta * tf.minimum((tf.cast(step, tf.float32) + 1.0) / warmup, 1.0)


def _batch_mean(values: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Return the sum of this replica's values / `size` of the whole batch; replicas sum these to the batch mean."""
    return tf.reduce_sum(values) / tf.cast(size, tf.float32)
