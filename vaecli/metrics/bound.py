"""The ELBO and the importance-weighted bound, from decoded samples of the posterior.

The noise of sample k of image i is row i of the seed's stream k, whatever the chunks and K are.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from vaecli.latent.draws import standard_normal
from vaecli.latent.priors import Density
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
from vaecli.probability.bounds import LogMeanExp
from vaecli.probability.gaussian import log_normal, sample_posterior


class SampledTerms(NamedTuple):
    """The terms of K samples of N images, each (K, N) in nats.

    Attributes:
        reconstruction: `-log p(x given z)`.
        log_ratio: `log p(z) - log q(z given x)`, whose expectation is minus the KL.
    """

    reconstruction: Float64
    log_ratio: Float64


class Bound(NamedTuple):
    """Terms of the ELBO and the importance-weighted bound of each image, (N,) in nats.

    Attributes:
        reconstruction: `-log p(x given z)` at sample 0.
        kl: KL to the prior: in closed form, or at sample 0 if the prior has no closed form.
        log_evidence: the importance-weighted bound on log p(x).
    """

    reconstruction: Float64
    kl: Float64
    log_evidence: Float64


def sampled_terms(
    model: Autoencoder,
    images: Float32,
    posterior: tuple[Float32, Float32],
    *,
    prior: Density,
    first: int,
    samples: range,
    seed: int,
) -> SampledTerms:
    """Decode some samples of each image's posterior, all as one batch.

    Args:
        model: model whose decoder and likelihood are used.
        prior: the prior p(z).
        images: (N, H, W, C) in [0, 1].
        posterior: `z_mean` and `z_log_var`, (N, D).
        first: index of the first image, which selects its noise.
        samples: indices k of the samples, which select their noise.
        seed: seed of the noise.
    """
    z_mean, z_log_var = posterior
    count, size = z_mean.shape
    noise = [standard_normal(first, count, size, seed=seed, stream=k) for k in samples]
    z = sample_posterior(z_mean, z_log_var, np.stack(noise), np)  # (K, N, D)
    decoded = model.outputs(z.reshape(-1, size))
    outputs = {name: decoded[name].reshape(len(samples), *images.shape) for name in model.likelihood.outputs}
    log_p_x = model.likelihood.log_prob(images, outputs, np).sum(axis=(2, 3, 4), dtype=np.float64)
    exact = z.astype(np.float64)
    log_q_z = log_normal(exact, z_mean, z_log_var, np).sum(axis=-1)
    return SampledTerms(-log_p_x, prior.log_prob(exact) - log_q_z)


def bound(
    model: Autoencoder,
    images: Float32,
    posterior: tuple[Float32, Float32],
    *,
    prior: Density,
    first: int,
    samples: int,
    seed: int,
    batch: int,
    advance: Callable[[int], None],
) -> Bound:
    """Compute the terms of the ELBO at sample 0 and the importance-weighted bound with K = `samples`.

    At most about `batch` latents are decoded at a time; memory does not grow with K. With one sample the bound is
    the ELBO with a sampled KL. `advance` receives the number of latents decoded in each step.
    """
    together = max(1, batch // len(images))
    accumulator = LogMeanExp(len(images))
    for start in range(0, samples, together):
        numbers = range(start, min(start + together, samples))
        terms = sampled_terms(model, images, posterior, prior=prior, first=first, samples=numbers, seed=seed)
        accumulator.update(terms.log_ratio - terms.reconstruction)
        advance(terms.reconstruction.size)
        if start == 0:
            at_sample_0 = terms.reconstruction[0], terms.log_ratio[0]
    kl = prior.kl(*posterior)
    return Bound(at_sample_0[0], -at_sample_0[1] if kl is None else kl, accumulator.value())
