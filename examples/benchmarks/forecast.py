"""Compare the seconds of an epoch that `vaecli train --dry-run` forecasts with those of a real epoch.

    python examples/benchmarks/forecast.py [--networks classic dense] [--data fashion-mnist] [--rounds 2]

For each network: a forecast, then in each round a real epoch and a forecast. The real one is the second epoch of a
run, with its validation, after which the run is ended; the first one also makes the graph. Prints the medians as
JSON, and for each round the mean of the forecasts before and after the epoch, divided by the epoch, since a machine
that is busy with other programs changes both. With `--clock processor` both are in seconds of processor time of all
threads, which other programs hardly change. Needs the `train` extra.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

PROGRAM = """
import sys, time
if sys.argv.pop(1) == "processor":
    time.perf_counter = time.process_time
from vaecli.cli.main import main
sys.argv[0] = "vaecli"
main()
"""


def train(clock: str, *words: str) -> list[str]:
    """Return the command of `vaecli train` that reads a clock."""
    return [sys.executable, "-c", PROGRAM, clock, "train", *words]


def forecast(clock: str, options: list[str]) -> float:
    """Return the seconds of an epoch that a dry run forecasts."""
    command = train(clock, *options, "--dry-run", "--json")
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return float(json.loads(result.stdout)["seconds_an_epoch"])


def real(clock: str, options: list[str]) -> float:
    """Return the seconds of the second epoch of a run, with the validation after it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = train(clock, *options, "--json", "--out", str(pathlib.Path(folder) / "run"))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            for line in program.stdout or ():
                event = json.loads(line)
                if event["event"] == "epoch" and event["epoch"] == 2:
                    program.kill()  # without the export
                    return float(event["seconds"] + event["val_seconds"])
    raise SystemExit("The run ended before its second epoch.")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", default=["classic", "dense", "conv", "residual"])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    arguments = parser.parse_args()
    results = {}
    for network in arguments.networks:
        options = ["--data", arguments.data, "--network", network]
        forecasts, epochs = [forecast(arguments.clock, options)], []
        for _ in range(arguments.rounds):
            epochs.append(real(arguments.clock, options))
            forecasts.append(forecast(arguments.clock, options))
        ratios = [
            statistics.mean(forecasts[number : number + 2]) / epoch for number, epoch in enumerate(epochs)
        ]
        results[network] = {
            "forecast": round(statistics.median(forecasts), 2),
            "epoch": round(statistics.median(epochs), 2),
            "ratios": [round(ratio, 3) for ratio in ratios],
        }
        print(
            network,
            json.dumps(results[network] | {"forecasts": forecasts, "epochs": epochs}),
            file=sys.stderr,
        )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
