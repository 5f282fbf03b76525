"""Kill a training run again and again, resume it each time, and compare it with a run that was never killed.

    python examples/proofs/kill_and_resume.py --times 20

A real `vaecli train` process is killed with SIGKILL, which no program can catch: every second time at a
random moment, the other times while it writes its checkpoint (the temporary file has just appeared). The
checkpoint is written after every call into the graph, so most kills come close to a write. At the end all
arrays of the checkpoint (weights, optimizer, best weights) and metrics.csv must be equal bit for bit, except
for the columns that hold times.
"""

import argparse
import csv
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini

STATE = pathlib.Path("checkpoint") / "state.npz"
TIMED = ("seconds", "images_per_second", "val_seconds")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=20, help="number of kills (default: 20)")
    parser.add_argument(
        "--images",
        type=int,
        default=6000,
        help="number of training images (default: all 6000 of the bundled subset)",
    )
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument(
        "--longest", type=float, default=4.0, help="maximum seconds of training before a kill"
    )
    parser.add_argument("--precision", default="auto", help="auto, float32 or bfloat16 (default: auto)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the random moments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return compare(pathlib.Path(folder), options)


def compare(folder: pathlib.Path, options: argparse.Namespace) -> int:
    """Train one run without and one with kills; return the exit code, 0 if they end equal."""
    (folder / "data").mkdir()
    images = load_mini("train").images[: options.images]
    (folder / "data" / "train-images-idx3-ubyte").write_bytes(encode_idx(images[..., 0]))
    arguments: list[object] = [
        *("--data", folder / "data", "--epochs", options.epochs, "--latent-dim", 2),
        *("--precision", options.precision, "--checkpoint-every", 0),
    ]
    reference = start([*arguments, "--out", folder / "reference"])
    moments = random.Random(options.seed)
    run = folder / "killed"
    for kills in range(options.times):
        process = start(["--resume", run, "--checkpoint-every", 0] if kills else [*arguments, "--out", run])
        seconds = moments.uniform(0, options.longest)
        report = kill(process, run, seconds, while_writing=kills % 2 == 1)
        if report is None:
            print(f"The run ended after {kills} of {options.times} kills. Increase --epochs.")
            return 1
        print(f"kill {kills + 1:2}: {report}", flush=True)
    for process in (start(["--resume", run]), reference):
        _, errors = process.communicate()
        if process.returncode:
            print(errors)
            return 1
    differing = differences(folder / "reference", run)
    print(f"killed {options.times} times, then finished: {', '.join(differing) or 'equal to the bit'}")
    return bool(differing)


def start(arguments: list[object]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "vaecli", "train", *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def kill(
    process: subprocess.Popen[str], run: pathlib.Path, seconds: float, *, while_writing: bool
) -> str | None:
    """Kill a training process `seconds` after its first checkpoint, or at the next write of one after that.

    Returns a line for the user, or None if the process ended by itself.
    """
    before = checkpoint_time(run)
    while checkpoint_time(run) == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    while while_writing and not is_writing(run) and process.poll() is None:
        pass  # a checkpoint is written within milliseconds: do not sleep
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.returncode != -signal.SIGKILL:
        return None
    partial = ", a half-written checkpoint is left" if is_writing(run) else ""
    return f"{seconds:.1f} s into training{partial}"


def checkpoint_time(run: pathlib.Path) -> int:
    """Return the modification time of the checkpoint in nanoseconds, 0 if there is none yet."""
    try:
        return (run / STATE).stat().st_mtime_ns
    except OSError:
        return 0


def is_writing(run: pathlib.Path) -> bool:
    """Return whether a temporary file of a checkpoint exists."""
    return any((run / STATE).parent.glob(".vaecli-*.part"))


def differences(reference: pathlib.Path, run: pathlib.Path) -> list[str]:
    """Name the temporary files left in `run`, and the arrays and tables that differ."""
    names = [str(path) for path in run.rglob(".*.part")]
    with np.load(reference / STATE) as a, np.load(run / STATE) as b:
        for name in sorted((set(a.files) | set(b.files)) - {"state"}):
            if name not in a or name not in b or not np.array_equal(a[name], b[name]):
                names.append(name)
    if rows(reference) != rows(run):
        names.append("metrics.csv")
    return names


def rows(run: pathlib.Path) -> list[dict[str, str]]:
    """Return the rows of metrics.csv without the columns that hold times."""
    with (run / "metrics.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k not in TIMED} for row in csv.DictReader(file)]


if __name__ == "__main__":
    sys.exit(main())
