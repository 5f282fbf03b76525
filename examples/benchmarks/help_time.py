"""Compare the time of `vaecli --help` with that of an empty Typer app, alternating in one run.

    python examples/benchmarks/help_time.py

Prints the median wall time of each process in seconds, and their ratio. The ratio must stay below 1.5.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 21
EMPTY = """
import typer

app = typer.Typer()


@app.command()
def main() -> None:
    "Nothing."


app()
"""


def seconds_of(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        empty = pathlib.Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        commands = {
            "empty typer app": [sys.executable, str(empty), "--help"],
            "vaecli": [sys.executable, "-m", "vaecli", "--help"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(ROUNDS):
            for name, command in commands.items():
                times[name].append(seconds_of(command))
    medians = {name: round(statistics.median(values), 3) for name, values in times.items()}
    print(json.dumps(medians | {"ratio": round(medians["vaecli"] / medians["empty typer app"], 2)}))


if __name__ == "__main__":
    main()
