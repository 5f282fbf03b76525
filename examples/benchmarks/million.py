"""`vaecli sample -n N`: throughput against the decoder alone, in turns, and peak memory of the process.

    python examples/benchmarks/million.py -m runs/fashion-mnist-1 [-n 60000] [--rounds 3] [--precision float32]
    python examples/benchmarks/million.py -m runs/fashion-mnist-1 -n 20000 --to folder/ sheet.png

Writing includes the drawing of latents, rounding to uint8 and the files; the decoder alone has its latents at hand.
Memory does not depend on N; the README's figure is of a million. A folder is as fast as the disk makes files:
`--folder /dev/shm` leaves the disk out.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from vaecli.runtime.model import Model
from vaecli.tasks.sample import sample

BATCH = 4096


def seconds(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_megabytes(options, out):
    """Of the program in a process of its own. Asked first: a child's peak counts its parent's size."""
    arguments = ["-m", options.model, "-n", options.n, "-o", out, "--precision", options.precision, "--quiet"]
    command = [sys.executable, "-m", "vaecli", "sample", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return round(usage.ru_maxrss / 1024)  # Linux counts in KiB


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def compare(options, model, out):
    """Images/s of sampling to a file or folder and of the decoder alone, and the median of their ratios."""
    z = model.draw(BATCH)
    rounds = -(-options.n // BATCH)
    ours, alone = [], []
    for _ in range(options.rounds):
        ours.append(options.n / seconds(lambda: sample(model, n=options.n, out=out)))
        remove(out)
        alone.append(rounds * BATCH / seconds(lambda: [model.decode(z) for _ in range(rounds)]))
    ratios = [one / other for one, other in zip(ours, alone, strict=True)]
    speeds = {"sample": ours, "decoder alone": alone}
    return {
        "images_per_second": {name: round(statistics.median(values)) for name, values in speeds.items()},
        "ratio": round(statistics.median(ratios), 3),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("-n", type=int, default=60_000)
    parser.add_argument("--to", nargs="+", default=["x.npy"], help="x.npy, folder/, sheet.png, x.npz")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    parser.add_argument("--folder", type=pathlib.Path, help="where to write, and to remove again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        targets = [pathlib.Path(folder) / name for name in options.to]
        peaks = []
        for out in targets:
            peaks.append(peak_megabytes(options, out))
            remove(out)
        model = Model.open(options.model, precision=options.precision)
        sample(model, n=BATCH, out=targets[0])
        remove(targets[0])
        for out, peak in zip(targets, peaks, strict=True):
            print(json.dumps({"to": out.name, **compare(options, model, out), "peak_MB": peak}))


if __name__ == "__main__":
    main()
