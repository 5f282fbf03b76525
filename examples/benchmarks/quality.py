"""Compare the metrics of samples with torchmetrics and prdc, on the same features.

    python -m venv judges && judges/bin/pip install . -r examples/benchmarks/quality-requirements.txt
    judges/bin/python examples/benchmarks/quality.py

In an environment of its own, because vaecli needs none of these packages. The features are those of the
classifier that comes with vaecli: of the bundled test images against training images, blurred and noisy images.
The script fails if a metric differs by a thousandth.
"""

import sys

import numpy as np
import numpy.typing as npt
import torch
from prdc import compute_prdc
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from vaecli.data.named.bundled import load_mini
from vaecli.metrics.samples.compare import compare
from vaecli.metrics.samples.neighbours import K_DENSITY, K_PRECISION
from vaecli.pixels import Pixels
from vaecli.runtime.classifier import Classifier, bundled_file

MOST = 1e-3  # relative difference
SMALLEST = 0.01  # below this the difference counts as it is: an unbiased kernel distance may be about zero


class Identity(torch.nn.Module):  # type: ignore[misc]  # mypy does not read PyTorch
    """Features in place of a network of torchmetrics."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.num_features = count

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the features."""
        return features


def others(reference: npt.NDArray[np.float64], images: npt.NDArray[np.float64]) -> dict[str, float]:
    """Compute all metrics with torchmetrics and prdc."""
    count = reference.shape[1]
    frechet = FrechetInceptionDistance(feature=Identity(count)).set_dtype(torch.float64)
    kernel = KernelInceptionDistance(
        feature=Identity(count), subsets=1, subset_size=min(len(reference), len(images))
    ).set_dtype(torch.float64)
    for metric in (frechet, kernel):
        metric.update(torch.from_numpy(reference), real=True)
        metric.update(torch.from_numpy(images), real=False)
    by_precision = compute_prdc(reference, images, nearest_k=K_PRECISION)
    by_density = compute_prdc(reference, images, nearest_k=K_DENSITY)
    return {
        "frechet": float(frechet.compute()),
        "kernel": float(kernel.compute()[0]),
        "precision": float(by_precision["precision"]),
        "recall": float(by_precision["recall"]),
        "density": float(by_density["density"]),
        "coverage": float(by_density["coverage"]),
    }


def blurred(images: Pixels) -> Pixels:
    """Return images (N, H, W, 1) whose pixels are means over 3 x 3."""
    padded = np.pad(images.astype(int), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = images.shape[1:3]
    shifted = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    result: Pixels = (np.sum(shifted, axis=0) // 9).astype(np.uint8)
    return result


def main() -> None:
    classifier, test = Classifier(bundled_file()), load_mini("test").images[:]
    noise = np.random.default_rng(0).integers(0, 60, test.shape)
    sets = {
        "training images": load_mini("train").images[:1000],
        "blurred": blurred(test),
        "noisy": np.clip(test.astype(int) + noise, 0, 255).astype(np.uint8),
    }
    reference = classifier.classify(test).features.astype(np.float64)
    worst = 0.0
    for name, images in sets.items():
        features = classifier.classify(images).features.astype(np.float64)
        own, theirs = compare(reference, features).values, others(reference, features)
        for metric, value in own.items():
            difference = abs(value - theirs[metric]) / max(abs(theirs[metric]), SMALLEST)
            worst = max(worst, difference)
            print(f"{name:16} {metric:10} {value:12.6f} {theirs[metric]:12.6f} {difference:.1e}")
    print(f"largest relative difference {worst:.1e}")
    if not worst < MOST:
        sys.exit("Too large.")


if __name__ == "__main__":
    main()
