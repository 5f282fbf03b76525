"""Measure speed and memory of `vaecli train` as the data set grows: Fashion-MNIST's images repeated, one epoch.

    python examples/benchmarks/growth.py [--sizes 6000 60000 360000 600000] [--pictures]

Above 256 MiB, about 342,000 images, the images are streamed from their file. With --pictures each image is a PNG
file, a thousand in a folder; images above 32 MiB are streamed from the cache. Prints one JSON object per size:
images per second of the training steps, seconds of the whole command, peak memory in MB; with --pictures also
seconds and peak memory of `vaecli data info` before it, which decodes them. Needs the `train` extra.
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
from PIL import Image

from vaecli.data.idx.format import idx_header
from vaecli.data.load import load


def measure(command: list[str]) -> tuple[float, float]:
    """Run a process; return its wall time in seconds and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def write_idx(folder: pathlib.Path, images: np.ndarray, size: int) -> None:
    """Write an IDX file of `size` images, repeated as often as needed."""
    with (folder / "train-images-idx3-ubyte").open("wb") as file:
        file.write(idx_header((size, *images.shape[1:3])))
        for start in range(0, size, len(images)):
            file.write(np.ascontiguousarray(images[: size - start]).data)


def write_pictures(folder: pathlib.Path, images: np.ndarray, size: int) -> None:
    """Write `size` PNG files, the images repeated as often as needed, each time with another first pixel."""
    for index in range(size):
        pixels = images[index % len(images), :, :, 0].copy()
        pixels[0, 0] = index // len(images)
        path = folder / "pictures" / f"{index // 1000}" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--sizes", type=int, nargs="+", default=[6000, 60000, 360000, 600000])
    parser.add_argument("--pictures", action="store_true")
    options = parser.parse_args()
    images = load(options.data, "train").images[:]
    program = [sys.executable, "-m", "vaecli"]
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as path:
            folder, row = pathlib.Path(path), {"images": size}
            data = str(folder / "pictures" if options.pictures else folder)
            os.environ["VAECLI_CACHE"] = str(folder / "cache")
            (write_pictures if options.pictures else write_idx)(folder, images, size)
            if options.pictures:
                seconds, memory = measure([*program, "data", "info", data, "--quiet"])
                row |= {"info_seconds": round(seconds, 1), "info_peak_mb": round(memory)}
            run = folder / "run"
            train = ["train", "--data", data, "--epochs", "1", "--latent-dim", "2", "--quiet"]
            seconds, memory = measure([*program, *train, "--out", str(run)])
            with (run / "metrics.csv").open(newline="") as file:
                speed = float(next(csv.DictReader(file))["images_per_second"])
            row |= {"images_per_second": round(speed), "command_seconds": round(seconds, 1)}
            # before the folder is removed, which takes minutes with 300,000 pictures
            print(json.dumps(row | {"peak_mb": round(memory)}), flush=True)


if __name__ == "__main__":
    main()
