"""All metrics in one pass over the images, with the value of each image, so that standard errors are exact.

Images of a model with binary pixels are binarised first, the same way each time.

The result depends on the images, the model, the seed and K, not on the chunk size, except for the last bits of the
model's own float32 arithmetic.
"""

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import cast

import numpy as np

from vaecli import checks
from vaecli.data.binarise import as_modelled
from vaecli.data.images import Images
from vaecli.errors import DataError
from vaecli.latent.priors import Density, Prior
from vaecli.metrics.bound import bound
from vaecli.metrics.clock import Clock
from vaecli.metrics.evaluation import Evaluation
from vaecli.metrics.labelled import ClassPrior, Conditional, Labelled, Labels
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
from vaecli.metrics.ssim import ssim
from vaecli.metrics.table import METRICS, require_metrics
from vaecli.parallel import ahead
from vaecli.pixels import Pixels, chunk_length, chunks, to_float32
from vaecli.probability.gaussian import active_units, kl_to_standard_normal
from vaecli.sample_size import FEWEST_IMAGES

CHUNK, CHUNK_BYTES = 500, 2**23  # most images of a chunk, and most bytes of their 8-bit pixels
AT_ONCE = 2  # chunks: while the model computes one, numpy adds up the other
PSNR_CAP = 100.0  # dB, where the error is below 1e-10 or zero


@dataclasses.dataclass(frozen=True)
class _Plan:
    """The computations that the requested metrics need."""

    metrics: tuple[str, ...]
    samples: int  # decoded samples of the posterior per image
    importance: bool
    prior: Density
    seed: int
    chunk: int
    clock: Clock

    @property
    def reconstructs(self) -> bool:
        """Whether the posterior mean is decoded."""
        return any("mean" in METRICS[name].needs for name in self.metrics)


class _Meter:
    """A counter of the work done, to which all threads add, and which reports the sum to the caller."""

    def __init__(self, total: int, progress: Callable[[int, int], None]) -> None:
        self._done, self._total, self._progress = 0, total, progress
        self._lock = threading.Lock()

    def advance(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            self._progress(self._done, self._total)


def evaluate(
    model: Autoencoder,
    images: Images,
    *,
    metrics: Collection[str] = ("all",),
    importance_samples: int = 0,
    prior: Prior | None = None,
    seed: int = 0,
    labels: Labels | None = None,
    prior_of_class: Callable[[int], Prior] | None = None,
    chunk: int | None = None,
    threads: int = AT_ONCE,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Measure a model on `images` (N, H, W, C) uint8; only the requested metrics are computed.

    Args:
        model: model to measure; two threads share it.
        images: the images; the noise of image i is row i of the seed's series.
        metrics: names from `METRICS`, or `all`.
        importance_samples: K of `nll`; `bits_per_dim` comes from the same bound if K > 0, else from the ELBO.
        prior: the prior of the bounds; the model's own if left out.
        seed: seed of the noise.
        labels: (N,) class numbers for a conditional model, -1 for no label; none at all if left out.
        prior_of_class: with labels, number of a class or -1 -> the prior of its latents, in place of `prior`.
        chunk: number of images encoded, and of latents decoded, at a time; bounded in bytes if left out.
        threads: number of threads, of which at most two are used here; the model has its own.
        progress: called with the work done and the total, in images times decoded samples per image.

    Raises:
        OptionError: an unknown metric, or a number out of its range.
        DataError: no images, images of another shape or type than the model's, or too few for a metric that is
            named in `metrics`.
    """
    names = require_metrics(metrics, importance_samples=importance_samples, likelihood=model.likelihood)
    if chunk is not None:
        checks.integer(chunk, "chunk", least=1)
    checks.integer(threads, "--threads", least=1)
    _require_images(images, model.image_shape)
    names = _without_spreads(names, metrics, len(images))
    prior = model.prior if prior is None else prior
    name = prior.name if prior_of_class is None else ClassPrior.name
    importance = importance_samples > 0 and not {"nll", "bits_per_dim"}.isdisjoint(names)
    sampled = any("samples" in METRICS[name].needs for name in names) or (
        "kl" in names and (prior_of_class is not None or not _closed(prior, model.latent_dim))
    )
    samples = (importance_samples if importance else 1) if sampled else 0
    size = chunk or chunk_length(model.image_shape, most=CHUNK, chunk_bytes=CHUNK_BYTES)
    plan = _Plan(names, samples, importance, prior, seed, size, Clock())
    began = time.perf_counter()
    meter = _Meter(len(images) * max(1, samples), progress)

    def measure(batch: tuple[int, Pixels]) -> dict[str, Float64]:
        first, pixels = batch
        given, given_plan = model, plan
        if labels is not None:
            own = labels[first : first + len(pixels)]
            given = Labelled(cast("Conditional", model), own)
            if prior_of_class is not None:
                given_plan = dataclasses.replace(plan, prior=ClassPrior(own, prior_of_class))
        return _measure(given, to_float32(pixels), first, given_plan, meter.advance)

    parts = list(ahead(measure, _batches(model, images, size), threads=min(AT_ONCE, threads)))
    seconds = time.perf_counter() - began
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    totals = {"active_units": active_units(values["z_mean"])} if "active_units" in names else {}
    per_image = _per_image(values, plan, math.prod(model.image_shape))
    shares = plan.clock.shares(seconds)
    return Evaluation(names, per_image, totals, len(images), seconds, name, part_seconds=shares)


def _batches(model: Autoencoder, images: Images, size: int) -> Iterator[tuple[int, Pixels]]:
    """Yield batches of `size` images with the number of their first, binarised if the model's pixels are binary."""
    shape = model.image_shape
    slices = [*chunks(len(images), shape, most=size, chunk_bytes=size * math.prod(shape))]
    batches = (images[part] for part in slices)
    starts = (part.start for part in slices)
    return zip(starts, as_modelled(batches, binary=model.likelihood.binarised), strict=True)


def _measure(
    model: Autoencoder, images: Float32, first: int, plan: _Plan, advance: Callable[[int], None]
) -> dict[str, Float64]:
    """Compute the values from which the metrics of each image of a chunk follow, (n,) or (n, D), float64."""
    with plan.clock.step("encode"):
        posterior = model.encode(images)
        z_mean, z_log_var = (part.astype(np.float64) for part in posterior)
        values = {"z_mean": z_mean, "kl_dim": kl_to_standard_normal(z_mean, z_log_var, np)}
        closed_form = plan.prior.kl(z_mean, z_log_var)
        if closed_form is not None:
            values["kl"] = closed_form
    if plan.samples:
        with plan.clock.step("nll" if plan.importance else "elbo"):
            terms = bound(
                model,
                images,
                posterior,
                prior=plan.prior,
                first=first,
                samples=plan.samples,
                seed=plan.seed,
                batch=plan.chunk,
                advance=advance,
            )
        values |= terms._asdict()
    else:
        advance(len(images))
    if plan.reconstructs:
        with plan.clock.step("mse"):
            decoded = model.outputs(posterior[0])["image"]
            values["mse"] = np.square(images - decoded).mean(axis=(1, 2, 3), dtype=np.float64)
        if "ssim" in plan.metrics:
            with plan.clock.step("ssim"):
                values["ssim"] = ssim(images, decoded)
    return values


def _per_image(values: Mapping[str, Float64], plan: _Plan, pixels: int) -> dict[str, Float64]:
    """Derive the value of each requested metric for each image."""
    per_image = dict(values) | {"kl_normal": values["kl_dim"].sum(axis=1)}
    if plan.samples:
        per_image["elbo"] = -(values["reconstruction"] + values["kl"])
        per_image["nll"] = -values["log_evidence"]
        nats = per_image["nll"] if plan.importance else -per_image["elbo"]
        per_image["bits_per_dim"] = nats / (pixels * math.log(2))
    if plan.reconstructs:
        floor = 10 ** (-PSNR_CAP / 10)
        per_image["psnr"] = -10.0 * np.log10(np.maximum(values["mse"], floor))
    return {name: per_image[name] for name in plan.metrics if name in per_image}


def _without_spreads(names: tuple[str, ...], requested: Collection[str], count: int) -> tuple[str, ...]:
    """Return `names` without `active_units` if there are fewer than `FEWEST_IMAGES` images.

    Raises:
        DataError: `active_units` was requested by name, not through `all`.
    """
    if count >= FEWEST_IMAGES or "active_units" not in names:
        return names
    if "active_units" in requested:
        raise DataError(
            f"The metric active_units needs at least {FEWEST_IMAGES} images, got {count}.",
            hint="Leave it out of --metrics.",
        )
    return tuple(name for name in names if name != "active_units")


def _closed(prior: Prior, latent_dim: int) -> bool:
    """Return whether the KL to a prior has a closed form."""
    return prior.kl(*np.zeros((2, 1, latent_dim))) is not None


def _require_images(images: Images, shape: tuple[int, int, int]) -> None:
    if not hasattr(images, "shape"):
        raise DataError(f"The images must be an array, got {type(images).__name__}.")
    if len(images.shape) != 4 or images.shape[1:] != shape or not len(images):
        raise DataError(
            f"The images must have the shape (N, {', '.join(map(str, shape))}) with N at least 1, "
            f"got {images.shape}."
        )
    if (dtype := images[:1].dtype) != np.uint8:
        raise DataError(f"The images must be uint8, got {dtype}.")
