"""Compare `vaecli sample -n N` with the decoder alone, and measure the peak memory of the process.

    python examples/benchmarks/million.py -m MODEL [-n 60000] [--rounds 3] [--precision float32]
    python examples/benchmarks/million.py -m MODEL -n 20000 --to folder/ sheet.png

Sampling draws latents, decodes them, rounds to uint8 and writes files; the decoder alone starts from given
latents. The two alternate. Peak memory does not depend on N. A folder of PNG files is limited by the disk:
`--folder /dev/shm` writes to memory instead. Prints one JSON object per target.
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
from collections.abc import Callable
from typing import Any

from vaecli.runtime.model import Model
from vaecli.tasks.sample import sample

BATCH = 4096


def seconds_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak_megabytes(options: argparse.Namespace, out: pathlib.Path) -> int:
    """Measure the peak memory of `vaecli sample` in a process of its own.

    Call it before this process grows: the peak of a child process includes its parent's size at the fork.
    """
    arguments = ["-m", options.model, "-n", options.n, "-o", out, "--precision", options.precision, "--quiet"]
    command = [sys.executable, "-m", "vaecli", "sample", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return round(usage.ru_maxrss / 1024)  # Linux counts in KiB


def remove(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def compare(options: argparse.Namespace, model: Model, out: pathlib.Path) -> dict[str, Any]:
    """Return images/s of sampling to `out` and of the decoder alone, and the median of their ratios."""
    z = model.draw(BATCH)
    rounds = -(-options.n // BATCH)
    sampling: list[float] = []
    decoding: list[float] = []
    for _ in range(options.rounds):
        sampling.append(options.n / seconds_of(lambda: sample(model, n=options.n, out=out)))
        remove(out)
        decoding.append(rounds * BATCH / seconds_of(lambda: [model.decode(z) for _ in range(rounds)]))
    ratios = [a / b for a, b in zip(sampling, decoding, strict=True)]
    speeds = {"sample": sampling, "decoder alone": decoding}
    return {
        "images_per_second": {name: round(statistics.median(values)) for name, values in speeds.items()},
        "ratio": round(statistics.median(ratios), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("-n", type=int, default=60_000)
    parser.add_argument(
        "--to", nargs="+", default=["x.npy"], help="targets: x.npy, folder/, sheet.png, x.npz"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    parser.add_argument("--folder", type=pathlib.Path, help="folder for the targets, which are removed")
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
