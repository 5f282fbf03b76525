"""A mixture of Gaussians as the prior in the last epochs, fitted anew before each of them.

Within an epoch the networks lower the loss with the mixture as it is; between epochs the mixture is fitted to the
posteriors as they are. Tomczak & Welling 2018 (arXiv:1705.07120) train a mixture by gradients instead.
"""

import contextlib
from collections.abc import Sequence

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from vaecli.data.binarise import as_modelled
from vaecli.data.images import Images
from vaecli.latent import priors
from vaecli.latent.draws import Rows
from vaecli.latent.fitting import FitOptions
from vaecli.latent.mixture import MAX_FULL, Mixture, centred_parameters, feature_count
from vaecli.latent.posterior_fit import Posteriors, fewest_images, fit_posteriors
from vaecli.latent.prior_sizes import to_encode
from vaecli.pixels import chunks
from vaecli.probability.gaussian import log_normal
from vaecli.training.cluster.devices import Devices
from vaecli.training.objective import CHUNK_BYTES, MOST_IMAGES, to_unit_range
from vaecli.training.vae import Vae

ITERATIONS, LATER_ITERATIONS = 15, 5  # of EM in the first fit and in the others
ABSENT = -1e30  # log-weight of a component that has been removed


class MixturePrior:
    """A mixture of at most K Gaussians over the latents of a model, for the training images.

    Its numbers are variables of the graph, in float64: bfloat16 in training steps does not touch these.

    Args:
        vae: the networks.
        images: (N, H, W, C) uint8, all images.
        indices: positions of the training images.
        components: K.
        seed: seed of the noise of the posteriors, and of the fits.
        devices: devices of all workers; the chief fits.
        fewest: least number of images of a component; by default, what a prior needs so as not to copy them.
    """

    def __init__(
        self,
        vae: Vae,
        images: Images,
        indices: npt.NDArray[np.integer],
        *,
        components: int,
        seed: int,
        devices: Devices,
        fewest: int | None = None,
    ) -> None:
        dim = vae.latent_dim
        self._fewest = fewest_images(dim) if fewest is None else fewest
        self._images, self._indices = images, to_encode(indices, images.shape[1:], dim)
        self._components, self._seed, self._devices = components, seed, devices
        self._binarised = vae.likelihood.binarised
        self._pairs = None if dim > MAX_FULL else np.triu_indices(dim)
        scales = (components, dim) if self._pairs is None else (components, dim, dim)
        shape = feature_count(dim, diagonal=self._pairs is None), components
        with devices.scope():
            self._weights = _variable((components,), "mixture_weights")
            self._means = _variable((components, dim), "mixture_means")
            self._scales = _variable(scales, "mixture_scales")
            self._centre = _variable((dim,), "mixture_centre")
            self._parameters = _variable(shape, "mixture_parameters")
        self._encode = tf.function(
            lambda pixels: vae.encode({"image": to_unit_range(pixels)}),
            autograph=False,
            reduce_retracing=True,
        )

    @property
    def variables(self) -> list[keras.Variable]:
        """Weights (K,), 0 for those that are removed, means (K, D) and scales; no optimizer changes them."""
        return [self._weights, self._means, self._scales]

    @property
    def is_fitted(self) -> bool:
        """Whether the mixture has been fitted, in this process or before the saved state."""
        return bool(self._weights.numpy().any())

    def fit(self, epoch: int) -> bool:
        """Fit the mixture to the posteriors of the training images; all workers call this together.

        Returns false, and leaves the mixture, if posteriors are not finite or have no finite mixture.

        The first fit begins with k-means, each later one with the mixture before it.

        Args:
            epoch: number of epochs that are done; each has noise of its own.
        """
        arrays = [np.zeros(variable.shape) for variable in self.variables]
        if self._devices.is_chief:
            self._write_fit(epoch, arrays)
        arrays = [self._devices.all_reduce(array) for array in arrays]
        if not all(np.isfinite(array).all() for array in arrays):
            return False
        for variable, array in zip(self.variables, arrays, strict=True):
            variable.assign(array)
        self.refresh()
        return True

    def _write_fit(self, epoch: int, arrays: Sequence[npt.NDArray[np.float64]]) -> None:
        """Write the fitted weights, means and scales into arrays of zeros; NaN if there are none."""
        posteriors = self._posteriors(self._seed + epoch)
        arrays[0][:] = np.nan
        if not (np.isfinite(posteriors.mean).all() and np.isfinite(posteriors.deviation).all()):
            return
        before = self._mixture if self.is_fitted else None
        options = FitOptions(
            self._components,
            iterations=LATER_ITERATIONS if before else ITERATIONS,
            fewest=self._fewest,
            seed=self._seed,
        )
        with contextlib.suppress(np.linalg.LinAlgError):
            mixture = fit_posteriors(posteriors, options, prune=True, before=before).mixture
            arrays[0][:] = 0
            for array, part in zip(arrays, (mixture.weights, mixture.means, mixture.scales), strict=True):
                array[: len(part)] = part

    def refresh(self) -> None:
        """Compute what training steps need from `variables`, after these were assigned."""
        if not self.is_fitted:
            return
        centre, present = centred_parameters(self._mixture)
        parameters = np.zeros(self._parameters.shape)
        parameters[-1] = ABSENT
        parameters[:, : present.shape[1]] = present
        self._centre.assign(centre)
        self._parameters.assign(parameters)

    @property
    def _mixture(self) -> Mixture:
        weights, means, scales = (variable.numpy() for variable in self.variables)
        is_present = weights > 0
        return Mixture(weights[is_present], means[is_present], scales[is_present])

    def kl(self, z: tf.Tensor, z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
        """Estimate the KL divergence of posteriors from the mixture by one sample of each, `z`: (N,) in nats.

        Its gradient passes through `z` alone: that through the density of the posterior is zero in the mean
        (Roeder, Wu & Duvenaud 2017, arXiv:1703.09194).
        """
        mean, log_var = tf.stop_gradient(z_mean), tf.stop_gradient(z_log_var)
        return tf.reduce_sum(log_normal(z, mean, log_var, keras.ops), axis=1) - self.log_prob(z)

    def log_prob(self, z: tf.Tensor) -> tf.Tensor:
        """Compute the log-density of latents (N, D) under the mixture: (N,) float32, in nats."""
        centred = tf.cast(z, tf.float64) - tf.convert_to_tensor(self._centre)
        if self._pairs is None:
            products = tf.square(centred)
        else:
            first, second = (tf.gather(centred, columns, axis=1) for columns in self._pairs)
            products = first * second
        features = tf.concat([products, centred, tf.ones_like(centred[:, :1])], axis=1)
        joint = features @ tf.convert_to_tensor(self._parameters)
        return tf.cast(tf.reduce_logsumexp(joint, axis=1), tf.float32)

    def sample(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Place each row of random numbers in a component, as a decoder file with the mixture would: (n, D)."""
        return priors.MixturePrior(self._mixture).sample(*rows)

    def _posteriors(self, seed: int) -> Posteriors:
        """Encode the training images."""
        shape = self._images.shape[1:]
        parts = chunks(len(self._indices), shape, most=MOST_IMAGES, chunk_bytes=CHUNK_BYTES)
        batches = (self._images[self._indices[part]] for part in parts)
        encoded = [
            self._encode(tf.constant(pixels)) for pixels in as_modelled(batches, binary=self._binarised)
        ]
        mean, log_var = (
            np.concatenate([part[name].numpy() for part in encoded]) for name in ("z_mean", "z_log_var")
        )
        return Posteriors(mean, np.exp(0.5 * log_var), seed)


def _variable(shape: tuple[int, ...], name: str) -> keras.Variable:
    return keras.Variable(np.zeros(shape), dtype="float64", trainable=False, name=name)
