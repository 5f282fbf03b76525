"""Measure what `vaecli train` costs beside its steps: the time to the first step, and peak memory.

    python examples/benchmarks/startup.py [--rounds 5]

First, alternating: a bare `import tensorflow`, and the time from process start to the first training step on
Fashion-MNIST. Then one epoch of plain_keras.py and one of `vaecli train`, for their peak memory in MB. Prints
JSON. Needs the `train` extra.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from growth import measure

HERE = pathlib.Path(__file__).parent
FIRST_STEP = """
import os, sys
from vaecli.cli.main import main
from vaecli.runs.progress import Several

Several.stepped = lambda *_: os._exit(0)
sys.argv = ["vaecli", "train", "--data", sys.argv[1], "--latent-dim", "2", "--out", sys.argv[2]]
main()
"""


def seconds_of(*command: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    import_times: list[float] = []
    first_step_times: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.rounds):
            import_times.append(seconds_of("-c", "import tensorflow"))
            first_step_times.append(seconds_of("-c", FIRST_STEP, options.data, f"{folder}/{i}"))
        data = ["--data", options.data]
        _, script_memory = measure([sys.executable, str(HERE / "plain_keras.py"), "--epochs", "1", *data])
        train = ["train", *data, "--epochs", "1", "--latent-dim", "2", "--quiet"]
        _, our_memory = measure([sys.executable, "-m", "vaecli", *train, "--out", f"{folder}/run"])
    bare, first = statistics.median(import_times), statistics.median(first_step_times)
    result = {
        "import_tensorflow": bare,
        "first_step": first,
        "ratio": first / bare,
        "plain_keras_mb": script_memory,
        "vaecli_mb": our_memory,
        "memory_ratio": our_memory / script_memory,
    }
    print(json.dumps({name: round(value, 2) for name, value in result.items()}))


if __name__ == "__main__":
    main()
