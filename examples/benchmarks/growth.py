"""Cost per image and memory of `vaecli train` as the data grows: Fashion-MNIST's images, repeated, for one epoch.

    python examples/benchmarks/growth.py [--sizes 6000 60000 360000 600000]

Above 256 MiB, about 342,000 images, they are streamed from their file. Prints a JSON object a size: images/s of the
steps, seconds of the whole command, and its peak memory in MB. Needs the `train` extra.
"""

import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from vaecli.data.idx.format import idx_header
from vaecli.data.load import load


def measured(command: list[str]) -> tuple[float, float]:
    """Wall seconds and peak memory in MB of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[6000, 60000, 360000, 600000])
    options = parser.parse_args()
    images = load("fashion-mnist", "train").images
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            with (folder / "train-images-idx3-ubyte").open("wb") as file:
                file.write(idx_header((size, *images.shape[1:3])))
                for start in range(0, size, len(images)):
                    file.write(np.ascontiguousarray(images[: size - start]).data)
            run = folder / "run"
            train = ["train", "--data", name, "--epochs", "1", "--latent-dim", "2", "--quiet"]
            seconds, memory = measured([sys.executable, "-m", "vaecli", *train, "--out", str(run)])
            with (run / "metrics.csv").open(newline="") as file:
                speed = float(next(csv.DictReader(file))["images_per_second"])
        row = {"images": size, "images_per_second": round(speed), "command_seconds": round(seconds, 1)}
        print(json.dumps(row | {"peak_mb": round(memory)}), flush=True)


if __name__ == "__main__":
    main()
