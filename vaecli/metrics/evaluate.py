"""All metrics in one pass over the images, each image's value kept, so that standard errors are exact.

The result depends on the images, the model, the seed and K: not on the chunk, but for the last bits of the
model's own float32 arithmetic.
"""

import dataclasses
import math
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from vaecli.data.images import Images
from vaecli.errors import DataError
from vaecli.metrics.bound import bound
from vaecli.metrics.protocol import Autoencoder, Float32, Float64
from vaecli.metrics.ssim import ssim
from vaecli.metrics.table import require_metrics
from vaecli.probability.gaussian import kl_to_standard_normal

ACTIVE_VARIANCE = 0.01  # Burda, Grosse & Salakhutdinov 2016, section 5.2
CHUNK, CHUNK_VALUES = 500, 2**23  # images, and pixels and channels of them, at most
AT_ONCE = 2  # chunks: while one is in the model, numpy adds up the other
PSNR_CAP = 100.0  # dB, where the error is below 1e-10 or zero

_FROM_SAMPLES = frozenset({"elbo", "reconstruction", "nll", "bits_per_dim"})
_FROM_MEAN = frozenset({"mse", "psnr", "ssim"})


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """The metrics asked for, `<name>_se` after each that is a mean over images, then size and time.

    Attributes:
        values: flat and in a stable order; names and units are those of `metrics.names.METRICS`, then
            `n_images`, `seconds` and `images_per_second`. With one image there are no standard errors.
    """

    values: dict[str, float]


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is computed, and from which numbers."""

    metrics: tuple[str, ...]
    samples: int  # decoded samples of the posterior per image
    importance: bool
    seed: int
    chunk: int

    @property
    def reconstructs(self) -> bool:
        return not _FROM_MEAN.isdisjoint(self.metrics)


class _Meter:
    """Adds up what is done and tells the caller."""

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
    seed: int = 0,
    chunk: int | None = None,
    threads: int = AT_ONCE,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Measure a model on `images` (N, H, W, C) uint8; only what is asked for is computed.

    Args:
        model: what is measured; two threads share it.
        images: image i has the noise of row i of the seed.
        metrics: names out of `METRICS`, or `all`.
        importance_samples: K of `nll`; `bits_per_dim` comes from the same bound if K > 0, else from the ELBO.
        seed: of the noise.
        chunk: images encoded, and latents decoded, at a time; as many as fit well in memory if left out.
        threads: of which two are used here, if there are so many; the model has its own.
        progress: told the work done and all of it, in images times the samples decoded of each.

    Raises:
        OptionError: an unknown metric, a negative K, a seed out of range.
        DataError: no images, or images of another shape than the model's.
    """
    chosen = require_metrics(metrics, importance_samples=importance_samples)
    _require_images(images, model.image_shape)
    importance = importance_samples > 0 and not {"nll", "bits_per_dim"}.isdisjoint(chosen)
    samples = 0 if _FROM_SAMPLES.isdisjoint(chosen) else importance_samples if importance else 1
    chunk = chunk or max(1, min(CHUNK, CHUNK_VALUES // math.prod(model.image_shape)))
    plan = _Plan(chosen, samples, importance, seed, chunk)
    began = time.perf_counter()
    meter = _Meter(len(images) * max(1, samples), progress)

    def measured(first: int) -> dict[str, Float64]:
        part = images[first : first + chunk].astype(np.float32) / np.float32(255)
        return _measure(model, part, first, plan, meter.advance)

    with ThreadPoolExecutor(min(AT_ONCE, threads), thread_name_prefix="vaecli-eval") as pool:
        parts = list(pool.map(measured, range(0, len(images), chunk)))
    seconds = time.perf_counter() - began
    per_image = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    values = _report(per_image, plan, math.prod(model.image_shape))
    size = {"n_images": len(images), "seconds": seconds, "images_per_second": len(images) / seconds}
    return Evaluation(values | size)


def _measure(
    model: Autoencoder, images: Float32, first: int, plan: _Plan, advance: Callable[[int], None]
) -> dict[str, Float64]:
    """The numbers of each image of a chunk that the report is made from, (n,) or (n, D), float64."""
    posterior = model.encode(images)
    z_mean, z_log_var = (part.astype(np.float64) for part in posterior)
    numbers = {"z_mean": z_mean, "kl_dim": kl_to_standard_normal(z_mean, z_log_var, np)}
    if plan.samples:
        numbers["reconstruction"], numbers["bound"] = bound(
            model,
            images,
            posterior,
            first=first,
            samples=plan.samples,
            seed=plan.seed,
            batch=plan.chunk,
            advance=advance,
        )
    else:
        advance(len(images))
    if plan.reconstructs:
        decoded = model.outputs(posterior[0])["image"]
        numbers["mse"] = np.square(images - decoded).mean(axis=(1, 2, 3), dtype=np.float64)
        if "ssim" in plan.metrics:
            numbers["ssim"] = ssim(images, decoded)
    return numbers


def _report(numbers: dict[str, Float64], plan: _Plan, pixels: int) -> dict[str, float]:
    """Means and standard errors of the metrics asked for, in the order of `METRICS`."""
    per_image = dict(numbers)
    per_image["kl"] = numbers["kl_dim"].sum(axis=1)
    if plan.samples:
        per_image["elbo"] = -(numbers["reconstruction"] + per_image["kl"])
        per_image["nll"] = -numbers["bound"]
        nats = per_image["nll"] if plan.importance else -per_image["elbo"]
        per_image["bits_per_dim"] = nats / (pixels * math.log(2))
    if plan.reconstructs:
        floor = 10 ** (-PSNR_CAP / 10)
        per_image["psnr"] = -10.0 * np.log10(np.maximum(numbers["mse"], floor))
    values: dict[str, float] = {}
    for name in plan.metrics:
        if name == "active_units":
            values[name] = int(np.count_nonzero(numbers["z_mean"].var(axis=0) > ACTIVE_VARIANCE))
        elif name == "kl_dim":
            for dimension, column in enumerate(numbers["kl_dim"].T):
                values |= _mean_and_error(f"kl_dim_{dimension}", column)
        else:
            values |= _mean_and_error(name, per_image[name])
    return values


def _mean_and_error(name: str, values: Float64) -> dict[str, float]:
    mean = {name: float(values.mean())}
    if len(values) > 1:
        mean[f"{name}_se"] = float(values.std(ddof=1) / math.sqrt(len(values)))
    return mean


def _require_images(images: Images, shape: tuple[int, int, int]) -> None:
    if len(images.shape) != 4 or images.shape[1:] != shape or not len(images):
        raise DataError(
            f"Images of shape (N, {', '.join(map(str, shape))}) with N >= 1 were expected; {images.shape} came."
        )
