"""Compare how long `vaecli train` and a plain Keras script take to reach the same loss, alternating.

    python examples/benchmarks/time_to_quality.py [--epochs 3] [--seeds 0 1 2] [--out FOLDER]

For each seed: three epochs of plain_keras.py, one run of `vaecli train`, three more epochs of plain_keras.py.
The time of the script's 30 epochs is extrapolated from these six. The time of
`vaecli train` is the sum of the column `seconds` of metrics.csv, tracing included. Test losses are those of
`vaecli eval`. `--whole` also runs all 30 epochs of the script once per seed, for its test losses and its
curve.

Prints JSON and writes `time-to-quality.png`, nats against seconds, to FOLDER. Needs Fashion-MNIST and the
`train` extra.
"""

import argparse
import csv
import functools
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
    process = subprocess.run(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return process.stdout


def script(data: str, epochs: int, seed: int, latent_dim: int) -> Curve:
    """Run the plain script in a process of its own; return seconds and test loss after each epoch."""
    options = ["--data", data, "--epochs", epochs, "--seed", seed, "--latent-dim", latent_dim]
    lines = output_of(HERE / "plain_keras.py", *options).splitlines()
    rows = [json.loads(line) for line in lines]
    return [(row["seconds"], row["test_loss"]) for row in rows]


def vaecli(data: str, folder: pathlib.Path, epochs: int, seed: int, latent_dim: int) -> tuple[Curve, float]:
    """Run `vaecli train`; return seconds and validation loss after each epoch, and the final test loss."""
    options = ["--epochs", epochs, "--seed", seed, "--latent-dim", latent_dim, "--out", folder, "--quiet"]
    output_of("-m", "vaecli", "train", "--data", data, *options)
    curve: Curve = []
    with (folder / "metrics.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            before = curve[-1][0] if curve else 0.0
            curve.append((before + float(row["seconds"]), float(row["val_loss"])))
    values = json.loads(output_of("-m", "vaecli", "eval", "-m", folder, "--metrics", "elbo", "--json"))
    return curve, -values["elbo"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--script-epochs", type=int, default=3, help="epochs of the script before and after")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path())
    parser.add_argument("--whole", action="store_true", help="run all 30 epochs of the script, too")
    options = parser.parse_args()
    result: dict[str, Any] = {"epochs": options.epochs, "runs": []}
    curves: list[tuple[str, Curve]] = []
    for seed in options.seeds:
        run_script = functools.partial(script, options.data, seed=seed, latent_dim=options.latent_dim)
        before = run_script(options.script_epochs)[-1][0]
        with tempfile.TemporaryDirectory() as folder:
            run_folder = pathlib.Path(folder) / "run"
            curve, test_loss = vaecli(options.data, run_folder, options.epochs, seed, options.latent_dim)
        after = run_script(options.script_epochs)[-1][0]
        script_seconds = EPOCHS / options.script_epochs * (before + after) / 2
        run = {
            "seed": seed,
            "seconds": curve[-1][0],
            "script_seconds": script_seconds,
            "test_loss": test_loss,
        }
        curves.append(("vaecli train (validation images)", curve))
        if options.whole:
            whole = run_script(EPOCHS)
            run["script_test_loss"] = whole[-1][1]
            curves.append(
                (
                    "plain Keras script (test images)",
                    [(s * script_seconds / whole[-1][0], n) for s, n in whole],
                )
            )
        result["runs"].append(run)
        print(json.dumps(run), file=sys.stderr, flush=True)
    for name in ("test_loss", "script_test_loss"):
        values = [run[name] for run in result["runs"] if name in run]
        if values:
            result[f"mean_{name}"] = sum(values) / len(values)
    seconds = [run["script_seconds"] / run["seconds"] for run in result["runs"]]
    print(json.dumps(result | {"times_faster": sum(seconds) / len(seconds)}, indent=1))
    draw(curves, options.out / "time-to-quality.png")


def draw(curves: list[tuple[str, Curve]], path: pathlib.Path) -> None:
    """Plot nats against seconds, one colour per program."""
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
