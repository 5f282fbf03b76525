"""`vaecli sample -n N -o x.npy`: throughput against the decoder alone, in turns, and peak memory of the process.

    python examples/benchmarks/million.py -m runs/fashion-mnist-1 [-n 60000] [--rounds 3] [--precision float32]

Writing includes the drawing of latents, rounding to uint8 and the file; the decoder alone has its latents at hand.
Memory does not depend on N; the README's figure is of a million.
"""

import argparse
import json
import pathlib
import resource
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("-n", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--precision", choices=("float32", "int8"), default="float32")
    options = parser.parse_args()
    speeds = {"sample": [], "decoder alone": []}
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "x.npy"
        arguments = ["-m", options.model, "-n", options.n, "-o", out, "--precision", options.precision]
        command = [sys.executable, "-m", "vaecli", "sample", *map(str, arguments)]
        subprocess.run(
            command, check=True, capture_output=True
        )  # first: a child's peak counts its parent's size
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # Linux counts in KiB
        model = Model.open(options.model, precision=options.precision)
        z = model.draw(BATCH)
        rounds = -(-options.n // BATCH)
        sample(model, n=BATCH, out=out, force=True)
        for _ in range(options.rounds):
            spent = seconds(lambda: sample(model, n=options.n, out=out, force=True))
            speeds["sample"].append(options.n / spent)
            spent = seconds(lambda: [model.decode(z) for _ in range(rounds)])
            speeds["decoder alone"].append(rounds * BATCH / spent)
    medians = {name: round(statistics.median(values)) for name, values in speeds.items()}
    ratio = statistics.median(
        ours / alone for ours, alone in zip(speeds["sample"], speeds["decoder alone"], strict=True)
    )
    print(json.dumps({"images_per_second": medians, "ratio": round(ratio, 3), "peak_MB": round(peak)}))


if __name__ == "__main__":
    main()
