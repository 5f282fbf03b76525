"""Compare the decoding speed of models, such as those of two networks.

    python examples/benchmarks/decoding.py RUN OTHER... [--precision float32 int8] [-n 2048] [--rounds 9]

The models take turns in one process; each decodes the same N latents of its size. Prints one JSON object per
precision: images/s of each, median of the rounds, and how many times as fast as the first each of the others is,
median of the ratios within a round.
"""

import argparse
import json
import statistics
import time
import typing

import numpy as np

from vaecli.choices import Precision
from vaecli.runtime.model import Model


def images_per_second(model: Model, latents: np.ndarray) -> float:
    """Decode latents (N, D) once."""
    start = time.perf_counter()
    model.decode(latents)
    return len(latents) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", help="Runs or model folders.")
    parser.add_argument(
        "--precision", nargs="+", choices=typing.get_args(Precision), default=["float32", "int8"]
    )
    parser.add_argument("-n", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    for precision in arguments.precision:
        models = [Model.open(path, precision=precision) for path in arguments.models]
        latents = [rng.standard_normal((arguments.n, model.latent_dim), np.float32) for model in models]
        rounds = [
            [images_per_second(model, z) for model, z in zip(models, latents, strict=True)]
            for _ in range(arguments.rounds + 1)
        ][1:]  # the first one warms up
        speeds = {
            path: round(statistics.median(column))
            for path, column in zip(arguments.models, zip(*rounds, strict=True), strict=True)
        }
        ratios = [
            round(statistics.median(row[place] / row[0] for row in rounds), 2)
            for place in range(1, len(models))
        ]
        print(json.dumps({"precision": precision, "images_per_second": speeds, "ratios": ratios}), flush=True)


if __name__ == "__main__":
    main()
