"""Measure how often `vaecli compare` says that settings or files differ where nothing does (an A/A test).

    python examples/benchmarks/aa.py [--repeats 20000]
    python examples/benchmarks/aa.py --runs runs/aa --seeds 20 [--data fashion-mnist-mini --epochs 2]

Without --runs, by simulation: values of runs, and differences of images, are drawn from one distribution for both
sides: normal, with heavy tails, or skewed. With --runs, by real runs: it trains the seeds of one setting that are
not there yet, evaluates them, and gives `vaecli compare` every division of them into two sides. Prints the shares
of false verdicts as JSON. --runs needs the `train` extra.
"""

import argparse
import itertools
import json
import math
import pathlib
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from vaecli.metrics.comparing.intervals import paired, welch
from vaecli.metrics.saved import file
from vaecli.tasks.compare.compare import compare

Draw = Callable[[tuple[int, ...]], np.ndarray]
MOST_DIVISIONS = 1000
MORE_PAIRS = 10  # times as many repeats: of normal values the share is exactly 5 %
COUNTS = [(3, 3), (5, 5), (10, 10), (3, 5), (3, 8)]  # runs a side
IMAGES = [100, 1000, 10_000]


def distributions(rng: np.random.Generator) -> dict[str, Draw]:
    """Return functions of a shape that draw values with zero mean."""
    return {
        "normal": lambda shape: np.asarray(rng.normal(size=shape)),
        "heavy tails": lambda shape: np.asarray(rng.standard_t(3, size=shape)),
        "skewed": lambda shape: np.asarray(rng.gamma(2.0, size=shape)) - 2.0,
    }


def simulate(repeats: int) -> dict[str, object]:
    """Return the share of false verdicts on settings and on files, of each distribution."""
    results: dict[str, dict[str, float]] = {}
    for name, draw in distributions(np.random.default_rng(0)).items():
        rates = results[name] = {}
        for counts in COUNTS:
            sides = [draw((repeats, count)) for count in counts]
            differs = [welch(a, b).differs for a, b in zip(*sides, strict=True)]
            rates[f"settings, {counts[0]} and {counts[1]} runs, Welch"] = float(np.mean(differs))
        for count in (3, 5, 10):
            many = MORE_PAIRS * repeats
            of_seed = 3 * draw((many, count, 1))  # what a seed does to both sides
            a, b = np.moveaxis(of_seed + draw((many, count, 2)), 2, 0)
            differs = [paired(*sides).differs for sides in zip(a, b, strict=True)]
            rates[f"settings, {count} pairs of one seed"] = float(np.mean(differs))
        for count in IMAGES:
            pairs = (draw((2, count)) for _ in range(repeats))
            rates[f"files, {count:,} images"] = float(np.mean([paired(a, b).differs for a, b in pairs]))
    return {
        "repeats": repeats,
        "standard_error": round(math.sqrt(0.05 * 0.95 / repeats), 4),
        "rates": results,
    }


def vaecli(*words: object) -> None:
    """Run a command, in a process of its own."""
    subprocess.run([sys.executable, "-m", "vaecli", *map(str, words)], check=True, stdout=subprocess.DEVNULL)


def train(folder: pathlib.Path, seeds: int, data: str, epochs: int, latent_dim: int) -> list[pathlib.Path]:
    """Train and evaluate the runs that are missing, and return the saved evaluations of all."""
    paths = []
    for seed in range(seeds):
        run = folder / str(seed)
        size = ("--epochs", epochs, "--latent-dim", latent_dim)
        if not (run / "model" / "decoder.onnx").exists():
            vaecli(
                "train", "--data", data, *size, "--prior", "normal", "--seed", seed, "--out", run, "--quiet"
            )
        paths.append(run / "evaluation.npz")
        if not paths[-1].exists():
            vaecli("eval", "-m", run, "--metrics", "elbo,mse", "--save", paths[-1], "--quiet")
    return paths


def divisions(count: int, size: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return different ways to take two sides of `size` out of `count` runs: all, or MOST_DIVISIONS at random."""
    total = math.comb(count, size) * math.comb(count - size, size) // 2
    drawn: set[tuple[tuple[int, ...], tuple[int, ...]]] = set()
    rng = np.random.default_rng(0)
    while len(drawn) < min(total, MOST_DIVISIONS):
        order = rng.permutation(count)[: 2 * size].tolist()
        first, second = sorted([tuple(sorted(order[:size])), tuple(sorted(order[size:]))])
        drawn.add((first, second))
    return sorted(drawn)


def measure(paths: list[pathlib.Path], size: int) -> dict[str, object]:
    """Return how many of the divisions into sides of `size` runs give a false verdict."""
    false, every = [], divisions(len(paths), size)
    for first, second in every:
        words = [*(str(paths[place]) for place in first), "vs", *(str(paths[place]) for place in second)]
        (difference,) = compare(words, metrics=["elbo"]).of_settings.differences
        false.append(difference.interval.differs)
    return {"divisions": len(every), "false": int(np.sum(false)), "share": round(float(np.mean(false)), 4)}


def exchanged(paths: list[pathlib.Path], repeats: int) -> float:
    """Return the share of false verdicts on two files whose values are exchanged at random, image by image."""
    first, second = (file.read(path).per_image["elbo"] for path in paths[:2])
    rng = np.random.default_rng(0)
    swap = (rng.random(len(first)) < 0.5 for _ in range(repeats))
    return float(
        np.mean([paired(np.where(way, first, second), np.where(way, second, first)).differs for way in swap])
    )


def real(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the same of real runs, and how many pairs of these runs differ as files."""
    paths = train(arguments.runs, arguments.seeds, arguments.data, arguments.epochs, arguments.latent_dim)
    values = [float(file.read(path).per_image["elbo"].mean()) for path in paths]
    pairs = list(itertools.combinations(map(str, paths), 2))
    differ = [compare(pair, metrics=["elbo"]).of_files.differences[0].interval.differs for pair in pairs]
    sizes = [size for size in (3, 4) if 2 * size <= len(paths)]
    return {
        "elbo": [round(value, 2) for value in values],
        "standard_deviation_over_seeds": round(float(np.std(values, ddof=1)), 2),
        "settings": {f"{size} and {size} runs": measure(paths, size) for size in sizes},
        "pairs_of_files_that_differ": f"{int(np.sum(differ))} of {len(pairs)}",
        "files_with_exchanged_values": round(exchanged(paths, 20_000), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=20_000)
    parser.add_argument("--runs", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--data", default="fashion-mnist-mini")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--latent-dim", type=int, default=16)
    arguments = parser.parse_args()
    print(json.dumps(real(arguments) if arguments.runs else simulate(arguments.repeats), indent=1))


if __name__ == "__main__":
    main()
