"""The difference between a file of reduced precision and the float32 one: in pixel levels, and in nats.

A conditional model is measured with all labels in turn, and with none; the ELBO is that without labels.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from vaecli.choices import Precision
from vaecli.data.binarise import as_modelled
from vaecli.errors import ParityError
from vaecli.latent.draws import standard_normal
from vaecli.metrics.evaluate import evaluate
from vaecli.modelfile.metadata import ModelInfo
from vaecli.probability.gaussian import kl_divergence, sample_posterior
from vaecli.runtime.labels import NO_LABEL
from vaecli.runtime.model import Model

MAE_BOUNDS: Mapping[Precision, float] = {"int8": 1.0, "fp16": 0.1}  # levels of 255
# Nats per image of up to ELBO_VALUES values. The ELBO is a sum over values: larger images get more in proportion.
ELBO_BOUNDS: Mapping[Precision, float] = {"int8": 0.2, "fp16": 0.02}
ELBO_VALUES = 28 * 28
KL_BOUND = 0.01  # nats per image, of the posterior of an fp16 encoder
EXTREME_NORM = 10.0
DRAWS = 512  # from the prior
NOISES = 8  # samples of each image's posterior
MAX_VALUES = 2**25  # of all compared pictures
MIN_PICTURES = 16  # compared even if they hold more values
BATCH = 32


@dataclasses.dataclass(frozen=True)
class Degradation:
    """Differences between a reduced-precision decoder and the float32 one.

    Attributes:
        mae_posterior: mean absolute difference of the pictures, in levels of 255, on posterior samples.
        mae_prior: the same on draws from the prior.
        mae_extreme: the same on latents of norm 10; reported, not bounded.
        elbo: the ELBO minus that of the float32 files, in nats per validation image, with the same noise; for fp16,
            of both fp16 halves.
    """

    mae_posterior: float
    mae_prior: float
    mae_extreme: float
    elbo: float


def latents(model: Model, validation: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return posterior samples (8 N, D) of images (N, H, W, C) uint8, and 512 draws (512, D) from its prior."""
    z_mean, z_log_var = _posteriors(model, validation, None)
    noise = [
        standard_normal(0, len(z_mean), model.latent_dim, seed=seed, stream=1 + i) for i in range(NOISES)
    ]
    posterior = sample_posterior(z_mean, z_log_var, np.stack(noise), np)
    return posterior.reshape(-1, model.latent_dim), model.draw(DRAWS, seed=seed)


def labels_in_turn(info: ModelInfo, count: int) -> npt.NDArray[np.int64] | None:
    """Return a class for each of `count` images: all that have training images and none (-1) in turn, (count,).

    None for a model without labels.
    """
    if not info.is_conditional:
        return None
    counts = info.data.get("class_counts") or [1] * len(info.class_names)
    return np.resize(np.append(np.flatnonzero(counts), NO_LABEL), count)


def measure(exact: Model, reduced: Model, validation: np.ndarray, *, seed: int) -> Degradation:
    """Compare decoders on prior draws, and on posterior samples and ELBO of `validation` (N, H, W, C) uint8."""
    posterior, prior = latents(exact, validation, seed=seed)
    most = max(MIN_PICTURES, MAX_VALUES // math.prod(exact.image_shape))
    posterior, prior = (z[:: -(-len(z) // most)] for z in (posterior, prior))
    extreme = prior / np.linalg.norm(prior, axis=1, keepdims=True) * np.float32(EXTREME_NORM)
    return Degradation(
        mae_posterior=_mae(exact, reduced, posterior),
        mae_prior=_mae(exact, reduced, prior),
        mae_extreme=_mae(exact, reduced, extreme),
        elbo=_elbo(reduced, validation, seed) - _elbo(exact, validation, seed),
    )


def _posteriors(
    model: Model, images: np.ndarray, labels: npt.NDArray[np.int64] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Encode images (N, H, W, C) uint8, made binary for a model of binary pixels: z_mean and z_log_var, (N, D)."""
    (pixels,) = as_modelled([images], binary=model.likelihood.binarised)
    return model.encode(pixels, labels)


def _mae(exact: Model, reduced: Model, z: np.ndarray) -> float:
    labels = labels_in_turn(exact.info, len(z))
    sums = []
    for first in range(0, len(z), BATCH):
        rows = slice(first, first + BATCH)
        pictures = [
            model.decode(z[rows], labels if labels is None else labels[rows]) for model in (exact, reduced)
        ]
        sums.append(np.abs(pictures[0] - pictures[1]).sum(dtype=np.float64))
    return float(sum(sums)) / (len(z) * math.prod(exact.image_shape)) * 255


def _elbo(model: Model, validation: np.ndarray, seed: int) -> float:
    values = [
        evaluate(model, validation, metrics=["elbo"], seed=seed + i).values["elbo"] for i in range(NOISES)
    ]
    return float(np.mean(values))


def posterior_divergence(exact: Model, reduced: Model, validation: np.ndarray) -> float:
    """Return the mean KL divergence of the posteriors of `reduced` from those of `exact`, in nats per image."""
    labels = labels_in_turn(exact.info, len(validation))
    posteriors = [_posteriors(model, validation, labels) for model in (exact, reduced)]
    (other_mean, other_log_var), (z_mean, z_log_var) = np.asarray(posteriors, np.float64)
    divergence = kl_divergence(z_mean, z_log_var, other_mean, other_log_var, np)
    return float(divergence.sum(axis=1).mean())


def require_encoder(divergence: float) -> None:
    """Refuse an fp16 encoder whose posteriors differ too much from those of encoder.onnx.

    Raises:
        ParityError: the divergence is above its bound, or NaN.
    """
    if not divergence <= KL_BOUND:
        raise ParityError(
            f"The posteriors of the fp16 encoder must differ from those of encoder.onnx by at most {KL_BOUND:g} "
            f"nats, got {divergence:.2g}. Nothing was written.",
            hint="Export without --fp16; the float32 files are not affected.",
        )


def require(degradation: Degradation, precision: Precision, *, values: int) -> None:
    """Refuse a decoder that differs too much from the float32 one; `values` is H * W * C of an image.

    Raises:
        ParityError: a figure is beyond its bound, or NaN; the error names the first one.
    """
    elbo_bound = ELBO_BOUNDS[precision] * max(1.0, values / ELBO_VALUES)
    checks = {
        "levels of 255 on posterior samples": (degradation.mae_posterior, MAE_BOUNDS[precision]),
        "levels of 255 on draws from the prior": (degradation.mae_prior, MAE_BOUNDS[precision]),
        "nats of the ELBO": (abs(degradation.elbo), elbo_bound),
    }
    for unit, (value, bound) in checks.items():
        if not value <= bound:
            raise ParityError(
                f"The {precision} decoder must differ from decoder.onnx by at most {bound:.2g} {unit}, got "
                f"{value:.2g}. Nothing was written.",
                hint=f"Export without --{precision}; the float32 files are not affected.",
            )
