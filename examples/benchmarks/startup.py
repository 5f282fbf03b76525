"""What `vaecli train` costs beside its steps: the time to the first one, and peak memory.

    python examples/benchmarks/startup.py [--rounds 5]

In turns: a bare `import tensorflow`, and the time from starting a process to its first training step on
Fashion-MNIST; then an epoch of plain_keras.py and one of `vaecli train`, for their peak memory in MB. Prints JSON.
Needs the `train` extra.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from growth import measured

HERE = pathlib.Path(__file__).parent
FIRST_STEP = """
import os, sys
from vaecli.cli.main import main
from vaecli.runs.progress import Several

Several.stepped = lambda *_: os._exit(0)
sys.argv = ["vaecli", "train", "--data", "fashion-mnist", "--latent-dim", "2", "--out", sys.argv[1]]
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
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    bare, first = [], []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.rounds):
            bare.append(seconds_of("-c", "import tensorflow"))
            first.append(seconds_of("-c", FIRST_STEP, f"{folder}/{i}"))
        _, theirs = measured([sys.executable, str(HERE / "plain_keras.py"), "--epochs", "1"])
        train = ["train", "--data", "fashion-mnist", "--epochs", "1", "--latent-dim", "2", "--quiet"]
        _, ours = measured([sys.executable, "-m", "vaecli", *train, "--out", f"{folder}/run"])
    found = {"import_tensorflow": statistics.median(bare), "first_step": statistics.median(first)}
    ratio = found["first_step"] / found["import_tensorflow"]
    memory = {"plain_keras_mb": theirs, "vaecli_mb": ours, "memory_ratio": ours / theirs}
    print(json.dumps({name: round(value, 2) for name, value in (found | {"ratio": ratio} | memory).items()}))


if __name__ == "__main__":
    main()
