"""Facts about the posterior means of a set of images: moments, classes, a few examples."""

import numpy as np
import numpy.typing as npt

from vaecli.latent.aggregate import posterior_variance
from vaecli.latent.nearest import better_scale
from vaecli.sample_size import FEWEST_IMAGES

MAX_COVARIANCE = 256  # dimensions: beyond, a covariance has more entries than it is worth in a file
MAX_EXAMPLES = 256


def summarise(
    z_mean: npt.NDArray[np.floating],
    kl: npt.NDArray[np.floating],
    labels: npt.NDArray[np.integer] | None = None,
    class_count: int = 0,
    *,
    examples: bool = True,
) -> dict[str, np.ndarray]:
    """Summarise the posteriors of N images.

    Args:
        z_mean: (N, D) posterior means.
        kl: (N, D) KL divergence of each latent dimension, in nats.
        labels: (N,) class of each image; labels outside 0 to `class_count` - 1 count for no class.
        class_count: K, the number of classes.
        examples: whether to include the arrays `examples` and `example_labels`, which reveal something of
            single images.

    Returns:
        Arrays by name: `kl` (D,) mean KL of each dimension, `z_mean` (D,) and `z_covariance` (D, D), the mean and
        the covariance (divided by N) of the posterior means, all float64; no covariance if D > 256 or N < 100.
        With labels and K > 0: `class_counts` (K,) int64 and `class_means` (K, D) float64, 0 for a class without
        images. With `examples`: `examples` (n, D) float32, the posterior means of up to 256 evenly chosen images,
        and with labels `example_labels` (n,) int64. `distance_scale` (D,) float64 are the posterior's deviations,
        if distances in their units tell the classes apart better than plain ones.
    """
    latents = z_mean.astype(np.float64)
    count, dimensions = latents.shape
    mean = latents.mean(axis=0)
    facts = {"kl": kl.mean(axis=0, dtype=np.float64), "z_mean": mean}
    if dimensions <= MAX_COVARIANCE and count >= FEWEST_IMAGES:
        facts["z_covariance"] = (latents - mean).T @ (latents - mean) / count
    if labels is not None and class_count:
        facts |= _classes(latents, labels, class_count)
        deviation = np.sqrt(posterior_variance(facts["kl"], mean, latents.var(axis=0)))
        scale = better_scale(latents, labels, deviation)
        facts |= {} if scale is None else {"distance_scale": scale}
    if examples:
        evenly = np.linspace(0, count - 1, min(count, MAX_EXAMPLES)).astype(np.int64)
        facts["examples"] = latents[evenly].astype(np.float32)
        if labels is not None:
            facts["example_labels"] = labels[evenly].astype(np.int64)
    return facts


def _classes(
    latents: npt.NDArray[np.float64], labels: npt.NDArray[np.integer], class_count: int
) -> dict[str, np.ndarray]:
    """Count the images of each class (K,), and average their posterior means (K, D)."""
    known = (labels >= 0) & (labels < class_count)
    counts = np.bincount(labels[known], minlength=class_count).astype(np.int64)
    sums = np.zeros((class_count, latents.shape[1]))
    np.add.at(sums, labels[known], latents[known])
    return {"class_counts": counts, "class_means": sums / np.maximum(counts, 1)[:, None]}
