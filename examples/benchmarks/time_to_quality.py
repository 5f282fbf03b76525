"""How long until a plain Keras script's loss is reached: `vaecli train` beside plain_keras.py, in turns.

    python examples/benchmarks/time_to_quality.py [--epochs 3] [--seeds 0 1 2] [--out FOLDER]

For each seed: three epochs of the script, one run of `vaecli train`, three more epochs of the script. The script's
30 epochs are taken to last ten times as long as three (the mean of before and after); our time is the sum of the
column `seconds` of metrics.csv, tracing included. Test losses are `vaecli eval`'s. With `--whole` the script runs
its 30 epochs once for each seed, too, so that its own test losses and its curve are known.

Prints JSON and leaves `time-to-quality.png`, nats against seconds, in FOLDER. Needs Fashion-MNIST and the `train`
extra.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
from typing import Any

import matplotlib.figure

HERE = pathlib.Path(__file__).parent
EPOCHS = 30  # of the script
Curve = list[tuple[float, float]]  # seconds, nats


def output_of(*command: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return done.stdout


def script(epochs: int, seed: int, latent_dim: int) -> Curve:
    """Seconds and test loss after each epoch of the plain script, in a process of its own."""
    lines = output_of(
        HERE / "plain_keras.py", "--epochs", epochs, "--seed", seed, "--latent-dim", latent_dim
    ).splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["seconds"], row["test_loss"]) for row in rows]


def ours(folder: pathlib.Path, epochs: int, seed: int, latent_dim: int) -> tuple[Curve, float]:
    """Seconds and validation loss after each epoch of `vaecli train`, and the test loss at its end."""
    options = ["--epochs", epochs, "--seed", seed, "--latent-dim", latent_dim, "--out", folder, "--quiet"]
    output_of("-m", "vaecli", "train", "--data", "fashion-mnist", *options)
    curve: Curve = []
    with (folder / "metrics.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            before = curve[-1][0] if curve else 0.0
            curve.append((before + float(row["seconds"]), float(row["val_loss"])))
    found = json.loads(output_of("-m", "vaecli", "eval", "-m", folder, "--metrics", "elbo", "--json"))
    return curve, -found["elbo"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path())
    parser.add_argument("--whole", action="store_true", help="run all 30 epochs of the script, too")
    options = parser.parse_args()
    found: dict[str, Any] = {"epochs": options.epochs, "runs": []}
    curves: list[tuple[str, Curve]] = []
    for seed in options.seeds:
        before = script(3, seed, options.latent_dim)[-1][0]
        with tempfile.TemporaryDirectory() as folder:
            curve, test_loss = ours(pathlib.Path(folder) / "run", options.epochs, seed, options.latent_dim)
        after = script(3, seed, options.latent_dim)[-1][0]
        theirs = 10 * (before + after) / 2
        run = {"seed": seed, "seconds": curve[-1][0], "script_seconds": theirs, "test_loss": test_loss}
        curves.append(("vaecli train (validation images)", curve))
        if options.whole:
            whole = script(EPOCHS, seed, options.latent_dim)
            run["script_test_loss"] = whole[-1][1]
            curves.append(
                ("plain Keras script (test images)", [(s * theirs / whole[-1][0], n) for s, n in whole])
            )
        found["runs"].append(run)
        print(json.dumps(run), file=sys.stderr, flush=True)
    for name in ("test_loss", "script_test_loss"):
        values = [run[name] for run in found["runs"] if name in run]
        if values:
            found[f"mean_{name}"] = sum(values) / len(values)
    seconds = [run["script_seconds"] / run["seconds"] for run in found["runs"]]
    print(json.dumps(found | {"times_faster": sum(seconds) / len(seconds)}, indent=1))
    draw(curves, options.out / "time-to-quality.png")


def draw(curves: list[tuple[str, Curve]], path: pathlib.Path) -> None:
    """Nats against seconds, a colour each side."""
    figure = matplotlib.figure.Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    colours = {name: f"C{i}" for i, name in enumerate(dict.fromkeys(name for name, _ in curves))}
    for name, curve in curves:
        first = name in colours and name not in axes.get_legend_handles_labels()[1]
        axes.plot(*zip(*curve, strict=True), marker=".", color=colours[name], label=name if first else None)
    axes.set(xscale="log", xlabel="seconds of training", ylabel="negative ELBO, nats", ylim=(258, 285))
    axes.legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
