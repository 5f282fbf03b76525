"""Compare a model's reconstructions of held-out images with those of PCA with as many components.

    python examples/benchmarks/pca.py -m RUN [--data FOLDER] [--split validation]
    python examples/benchmarks/pca.py --out RUN --data FOLDER --epochs 40 --augment flip

The second form first trains the run: all other options go to `vaecli train`. Both are fitted on the training
images: the model decodes z_mean in onnxruntime, PCA is a randomised SVD (Halko et al. 2011) with power iterations.
Prints the mean squared error of pixels in [0, 1], the median of the seconds an epoch and, of a training, its peak
memory.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
from typing import Any

import numpy as np

from vaecli.data.images import ImageSet
from vaecli.pixels import chunks
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

OVERSAMPLING, ITERATIONS = 16, 6


def images_of(data: ImageSet) -> np.ndarray:
    """Return all images as float32 in [0, 1], (N, H * W * C)."""
    images = data.images[np.arange(len(data.images))]
    return images.reshape(len(images), -1).astype(np.float32) / 255


def components(images: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mean (V,) and the first principal components (count, V) of images (N, V)."""
    mean = images.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = images - mean
    start = np.random.default_rng(0).standard_normal((len(images), count + OVERSAMPLING), np.float32)
    basis = np.linalg.qr(centred.T @ start)[0]
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0]
    rotation = np.linalg.svd(centred @ basis, full_matrices=False)[2][:count]
    return mean, rotation @ basis.T


def error_of_pca(train: ImageSet, held_out: ImageSet, count: int) -> float:
    """Return the mean squared error of the projection of held-out images onto `count` components."""
    mean, axes = components(images_of(train), count)
    centred = images_of(held_out) - mean
    return float(np.mean(np.square(centred - centred @ axes.T @ axes), dtype=np.float64))


def error_of_model(model: Model, held_out: ImageSet) -> float:
    """Return the mean squared error of decoding z_mean of held-out images."""
    total = 0.0
    for part in chunks(len(held_out.images), model.image_shape, most=100):
        images = held_out.images[part]
        decoded = model.decode(model.encode(images)[0])
        total += np.square(decoded - images.astype(np.float32) / 255).sum(dtype=np.float64)
    return float(total / np.prod(held_out.images.shape))


def train(out: pathlib.Path, arguments: list[str]) -> float:
    """Train a run with `vaecli train`; return its peak memory in MB."""
    command = [sys.executable, "-m", "vaecli", "train", "--out", str(out), *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    run = parser.add_mutually_exclusive_group(required=True)
    run.add_argument("-m", "--model", type=pathlib.Path, help="A run that is there.")
    run.add_argument("--out", type=pathlib.Path, help="A run to train.")
    parser.add_argument("--data", help="Where the images are, if not where the run knows them.")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    options, others = parser.parse_known_args()
    if options.model and others:
        parser.error(f"these options are for a training, which needs --out: {' '.join(others)}")
    result: dict[str, Any] = {}
    if options.out:
        data = ["--data", options.data] if options.data else []
        result["peak_mb"] = round(train(options.out, data + others))
    path = options.model or options.out
    model = Model.open(path)
    fitted, held_out = (load_for(model, options.data, part=part) for part in ("train", options.split))
    rows = read_metrics(Run(path).metrics)
    result |= {
        "shape": model.image_shape,
        "images": len(fitted.images),
        "held_out": len(held_out.images),
        "epochs": len(rows),
        "seconds_an_epoch": statistics.median(row["seconds"] for row in rows),
        "components": model.latent_dim,
        "error": error_of_model(model, held_out),
        "error_of_pca": error_of_pca(fitted, held_out, model.latent_dim),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
