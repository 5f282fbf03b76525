"""Compare `vaecli encode` with `Model.encode` on an array in memory, and measure its peak memory.

    python examples/benchmarks/encode.py -m MODEL [-n 10000] [--rounds 5] [--sizes 1000 10000]

Both encode the same N sampled images. `encode` reads them from a .npy file, or decodes PNG files, and writes a
table. The alternatives take turns. The peak memory is that of a process that encodes a folder of so many PNG files.
Prints one JSON object per source and target, then one per size.
"""

import argparse
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import numpy as np

from vaecli.pixels import to_uint8
from vaecli.runtime.model import Model
from vaecli.tasks.encode import encode
from vaecli.tasks.sample import sample

TARGETS = ("z.npz", "z.csv", "z.jsonl")


def seconds_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_megabytes(model: pathlib.Path, pictures: pathlib.Path, out: pathlib.Path) -> int:
    """Measure the peak memory of `vaecli encode` in a process of its own.

    Call it before this process grows: the peak of a child process includes its parent's size at the fork.
    """
    command = [sys.executable, "-m", "vaecli", "encode", pictures, "-m", model, "-o", out, "--quiet"]
    process = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return round(usage.ru_maxrss / 1024)  # Linux counts in KiB


def make_pictures(model: pathlib.Path, count: int, folder: pathlib.Path) -> None:
    """Write sampled pictures as PNG files, in a process of its own."""
    command = [sys.executable, "-m", "vaecli", "sample", "-m", model, "-n", count, "-o", folder, "--quiet"]
    subprocess.run([*map(str, command)], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        peaks = {}
        for size in options.sizes:
            make_pictures(options.model, size, place / str(size))
            peaks[size] = peak_megabytes(options.model, place / str(size), place / f"{size}.csv")
        compare(options, place)
    for size, peak in peaks.items():
        print(json.dumps({"pictures": size, "peak_MB": peak}))


def compare(options: argparse.Namespace, place: pathlib.Path) -> None:
    """Print the images/s of `encode` from each source to each target, and the ratio to `Model.encode`."""
    model = Model.open(options.model)
    sample(model, n=options.n, out=place / "pngs")
    images = to_uint8(model.sample(options.n))
    np.save(place / "images.npy", images)
    model.encode(images[:512])
    for source, target in [*(("images.npy", target) for target in TARGETS), ("pngs", "z.npz")]:
        ours, bare = [], []
        write = functools.partial(encode, model, [place / source], out=place / target, force=True)
        for _ in range(options.rounds):
            bare.append(seconds_of(functools.partial(model.encode, images)))
            ours.append(seconds_of(write))
        speeds = {"encode": ours, "Model.encode": bare}
        report = {
            "source": source,
            "target": target,
            "images_per_second": {
                name: round(options.n / statistics.median(seconds)) for name, seconds in speeds.items()
            },
            "ratio": round(statistics.median(a / b for a, b in zip(bare, ours, strict=True)), 3),
        }
        print(json.dumps(report))


if __name__ == "__main__":
    main()
