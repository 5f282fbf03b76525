"""How far a decoder in fewer bits is from the float32 one: in grey levels, and in nats on validation images."""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from vaecli.choices import Precision
from vaecli.errors import ParityError
from vaecli.latent.draws import standard_normal
from vaecli.metrics.evaluate import evaluate
from vaecli.probability.gaussian import sample_posterior
from vaecli.runtime.model import Model

GREY_BOUNDS: Mapping[Precision, float] = {"int8": 1.0, "fp16": 0.1}  # mean absolute difference, of 255
# nats an image of 28 x 28 values or fewer; of more, in proportion: an ELBO is a sum over them
ELBO_BOUNDS: Mapping[Precision, float] = {"int8": 0.2, "fp16": 0.02}
ELBO_VALUES = 28 * 28
EXTREME_NORM = 10.0
DRAWS = 512
NOISES = 8  # samples of each image's posterior
MOST_VALUES = 2**25  # of all pictures that are compared: of large ones fewer are
FEWEST = 16
AT_ONCE = 32  # pictures


@dataclasses.dataclass(frozen=True)
class Loss:
    """What fewer bits cost.

    Attributes:
        grey_encodings: mean absolute difference of the pictures in grey levels, on posterior samples.
        grey_prior: the same on draws from the prior.
        grey_extreme: the same on latents of norm 10; reported, not bounded.
        elbo: change of the ELBO in nats on validation images, the same noise for both; below zero is worse.
    """

    grey_encodings: float
    grey_prior: float
    grey_extreme: float
    elbo: float


def latents(model: Model, validation: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Posterior samples of images (N, H, W, C) uint8, and draws from the prior, both (n, D)."""
    z_mean, z_log_var = model.encode(validation)
    noise = [
        standard_normal(0, len(z_mean), model.latent_dim, seed=seed, stream=1 + i) for i in range(NOISES)
    ]
    posterior = sample_posterior(z_mean, z_log_var, np.stack(noise), np)
    return posterior.reshape(-1, model.latent_dim), standard_normal(0, DRAWS, model.latent_dim, seed=seed)


def measure(exact: Model, rough: Model, validation: np.ndarray, *, seed: int) -> Loss:
    """Compare two models that share an encoder, on latents of this seed; `validation` is (N, H, W, C) uint8."""
    posterior, prior = latents(exact, validation, seed=seed)
    most = max(FEWEST, MOST_VALUES // math.prod(exact.image_shape))
    posterior, prior = (z[:: -(-len(z) // most)] for z in (posterior, prior))
    extreme = prior / np.linalg.norm(prior, axis=1, keepdims=True) * np.float32(EXTREME_NORM)
    return Loss(
        grey_encodings=_grey(exact, rough, posterior),
        grey_prior=_grey(exact, rough, prior),
        grey_extreme=_grey(exact, rough, extreme),
        elbo=_elbo(rough, validation, seed) - _elbo(exact, validation, seed),
    )


def _grey(exact: Model, rough: Model, z: np.ndarray) -> float:
    parts = [z[first : first + AT_ONCE] for first in range(0, len(z), AT_ONCE)]
    sums = [np.abs(exact.decode(part) - rough.decode(part)).sum(dtype=np.float64) for part in parts]
    return float(sum(sums)) / (len(z) * math.prod(exact.image_shape)) * 255


def _elbo(model: Model, validation: np.ndarray, seed: int) -> float:
    values = [
        evaluate(model, validation, metrics=["elbo"], seed=seed + i).values["elbo"] for i in range(NOISES)
    ]
    return float(np.mean(values))


def require(loss: Loss, precision: Precision, *, values: int) -> None:
    """Refuse a file that loses too much; `values` are the pixels of an image, times its channels.

    Raises:
        ParityError: naming what is beyond its bound; a number that is none is, too.
    """
    checks = {
        "grey levels on posterior samples": (loss.grey_encodings, GREY_BOUNDS[precision]),
        "grey levels on the prior": (loss.grey_prior, GREY_BOUNDS[precision]),
        "nats of the ELBO": (abs(loss.elbo), ELBO_BOUNDS[precision] * max(1.0, values / ELBO_VALUES)),
    }
    for what, (value, bound) in checks.items():
        if not value <= bound:
            raise ParityError(
                f"The {precision} decoder is off by {value:.2g} {what}; at most {bound:.2g} was expected.",
                hint=f"Nothing was written. Export without --{precision}; the float32 files are right.",
            )
