"""Samples of the posterior, decoded: the ELBO's reconstruction term and the importance-weighted bound.

Sample k of image i uses row i of the seed's stream k, so it depends on neither the chunks nor K.
"""

from collections.abc import Callable

import numpy as np

from vaecli.latent.draws import standard_normal
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
from vaecli.probability.bounds import LogMeanExp
from vaecli.probability.gaussian import log_normal, log_normal_standard, sample_posterior


def sampled_terms(
    model: Autoencoder,
    images: Float32,
    posterior: tuple[Float32, Float32],
    *,
    first: int,
    samples: range,
    seed: int,
) -> tuple[Float64, Float64]:
    """The cross-entropy and the log-weight of each sample of each image, both (k, N), in nats.

    The log-weight is `log p(x|z) + log p(z) - log q(z|x)`. `first` is the number of the first image (N, H, W, C),
    `samples` those wanted of each; all are decoded as one batch.
    """
    z_mean, z_log_var = posterior
    count, size = z_mean.shape
    noise = [standard_normal(first, count, size, seed=seed, stream=k) for k in samples]
    z = sample_posterior(z_mean, z_log_var, np.stack(noise), np)  # (k, N, D)
    decoded = model.outputs(z.reshape(-1, size))
    outputs = {name: decoded[name].reshape(len(samples), *images.shape) for name in model.likelihood.outputs}
    cost = -model.likelihood.log_prob(images, outputs, np).sum(axis=(2, 3, 4), dtype=np.float64)
    exact = z.astype(np.float64)
    ratio = log_normal_standard(exact, np) - log_normal(exact, z_mean, z_log_var, np)
    return cost, ratio.sum(axis=-1) - cost


def bound(
    model: Autoencoder,
    images: Float32,
    posterior: tuple[Float32, Float32],
    *,
    first: int,
    samples: int,
    seed: int,
    batch: int,
    advance: Callable[[int], None],
) -> tuple[Float64, Float64]:
    """The cross-entropy at sample 0 and the importance-weighted bound with K = `samples`, both (N,), in nats.

    At most about `batch` latents are decoded at a time; memory does not grow with K. With one sample the bound
    is the ELBO with a sampled in place of the exact KL. `advance` is told the latents decoded in each step.
    """
    together = max(1, batch // len(images))
    accumulator = LogMeanExp(len(images))
    for start in range(0, samples, together):
        wanted = range(start, min(start + together, samples))
        cost, log_weight = sampled_terms(model, images, posterior, first=first, samples=wanted, seed=seed)
        accumulator.update(log_weight)
        advance(cost.size)
        if start == 0:
            first_cost = cost[0]
    return first_cost, accumulator.value()
