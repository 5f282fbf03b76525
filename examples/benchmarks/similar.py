"""Measure `vaecli similar`: how often the nearest pictures are of one class, and the search among many latents.

    python examples/benchmarks/similar.py -m runs/d16 [--count 1000000]

The 5 nearest training pictures vote for the class of each validation picture, with plain distances and with those
in units of the posterior's standard deviation. Then one picture is searched among `--count` latents in an .npz, in
a process of its own.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from vaecli import Model
from vaecli.latent.nearest import vote
from vaecli.pixels import chunks
from vaecli.tables.columns import Numbers, Texts
from vaecli.tables.writing import writing_table
from vaecli.tasks.inputs import load_for
from vaecli.tasks.latent_space import latent_space

NEIGHBOURS, CHUNK = 5, 200
MEASURED = (  # a process takes the peak memory of its parent for its own until it has more: this one is small
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)"
)


def encoded(model: Model, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior means and variances of images, (N, D)."""
    parts = [model.encode(images[part]) for part in chunks(len(images), model.image_shape, most=512)]
    return np.concatenate([mean for mean, _ in parts]), np.exp(np.concatenate([log for _, log in parts]))


def accuracy(train: np.ndarray, labels: np.ndarray, queries: np.ndarray, truth: np.ndarray) -> float:
    """Return how often the 5 nearest of `train` vote for the true class of a query."""
    squares, right = (train**2).sum(axis=1), 0
    for start in range(0, len(queries), CHUNK):
        distances = squares - 2 * queries[start : start + CHUNK] @ train.T
        nearest = np.argpartition(distances, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1)
        classes = vote(labels[np.take_along_axis(nearest, order, axis=1)])
        right += int((classes == truth[start : start + CHUNK]).sum())
    return right / len(queries)


def search(model: Model, count: int) -> None:
    """Search one picture among random latents with names, and print the seconds and the memory."""
    rng, space = np.random.default_rng(0), latent_space(model)
    columns = (
        Texts("file"),
        Texts("label"),
        Numbers("z", tuple(f"z_{i:02d}" for i in range(model.latent_dim))),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "latents.npz"
        with writing_table(path, columns) as table:
            for start in range(0, count, 10_000):
                names = [f"pictures/{number:07d}.jpg" for number in range(start, min(start + 10_000, count))]
                z = space.mean + space.deviation * rng.standard_normal((len(names), model.latent_dim))
                table.add({"file": names, "label": [None] * len(names), "z": z.astype(np.float32)})
        command = [
            "-m",
            "vaecli",
            "similar",
            "test:0",
            "-m",
            model.path,
            "--among",
            path,
            "--json",
            "--quiet",
        ]
        started = time.perf_counter()
        words = [sys.executable, "-c", MEASURED, sys.executable, *map(str, command)]
        result = subprocess.run(words, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
    among, peak = json.loads(result.stdout)["among"], int(result.stderr.splitlines()[-1]) / 1024
    print(f"one picture among {among:,} latents: {seconds:.1f} s, {peak:.0f} MiB at most")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", required=True)
    parser.add_argument("--count", type=int, default=1_000_000, help="latents to search among")
    options = parser.parse_args()
    model = Model.open(options.model)
    train, validation = (load_for(model, None, part) for part in ("train", "validation"))
    if train.labels is None or validation.labels is None:
        raise SystemExit(f"{options.model} must be a model of labelled data.")
    z, variances = encoded(model, np.asarray(train.images[:]))
    queries, _ = encoded(model, np.asarray(validation.images[:]))
    for name, scale in (("plain", 1.0), ("scaled", np.sqrt(variances.mean(axis=0)))):
        rate = accuracy(z / scale, train.labels, queries / scale, validation.labels)
        print(f"{name}: 5 nearest training pictures give {rate:.1%} of the validation pictures their class")
    search(model, options.count)


if __name__ == "__main__":
    main()
