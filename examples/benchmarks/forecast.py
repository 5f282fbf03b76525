"""Compare the seconds of an epoch that `vaecli train --dry-run` forecasts with those of a real epoch.

    python examples/benchmarks/forecast.py [--networks classic dense] [--data fashion-mnist] [--rounds 2]

For each network in turn: a forecast, then a run of two epochs, of which the second is measured with its validation;
the first also makes the graph. Prints the medians and the ratio of each pair as JSON. Needs the `train` extra.
"""

import argparse
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile


def vaecli(*words: str) -> str:
    """Run `vaecli train` in a process, and return its output."""
    command = [sys.executable, "-m", "vaecli", "train", *words]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    ).stdout


def forecast(options: list[str]) -> float:
    """Return the seconds of an epoch that a dry run forecasts."""
    return float(json.loads(vaecli(*options, "--dry-run", "--json"))["seconds_an_epoch"])


def real(options: list[str]) -> float:
    """Return the seconds of the second epoch of a run, with the validation after it."""
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        vaecli(*options, "--epochs", "2", "--prior", "normal", "--out", str(run), "--quiet")
        with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
            last = list(csv.DictReader(file))[-1]
    return float(last["seconds"]) + float(last["val_seconds"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", default=["classic", "dense", "conv", "residual"])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    pairs: dict[str, list[tuple[float, float]]] = {network: [] for network in arguments.networks}
    for _ in range(arguments.rounds):
        for network, measured in pairs.items():
            options = ["--data", arguments.data, "--network", network]
            measured.append((forecast(options), real(options)))
            print(network, *measured[-1], file=sys.stderr)
    results = {
        network: {
            "forecast": statistics.median(first for first, _ in measured),
            "real": statistics.median(second for _, second in measured),
            "ratios": [round(first / second, 3) for first, second in measured],
        }
        for network, measured in pairs.items()
    }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
