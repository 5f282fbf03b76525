"""Kill a training run again and again, take it up each time, and compare it with one that was never killed.

    python examples/proofs/kill_and_resume.py --times 20

A real `vaecli train` process gets SIGKILL, which no program can catch: every second time at a random moment, the
other times while it writes a state (its temporary file has just appeared). It writes one after every call into the
graph, so that there is much to hit. In the end all numbers of the state (weights, optimizer, best weights) and
metrics.csv are compared bit for bit, the columns that tell time left out.
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
    parser.add_argument("--times", type=int, default=20, help="how often to kill (default: 20)")
    parser.add_argument("--images", type=int, default=6000, help="of the bundled subset (default: all 6000)")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument(
        "--longest", type=float, default=4.0, help="seconds of training before a kill, at most"
    )
    parser.add_argument("--precision", default="auto", help="auto, float32 or bfloat16 (default: auto)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return compare(pathlib.Path(folder), chosen)


def compare(folder: pathlib.Path, chosen: argparse.Namespace) -> int:
    mini = load_mini("train")
    (folder / "data").mkdir()
    for kind, array in (("images-idx3", mini.images[..., 0]), ("labels-idx1", mini.labels.astype(np.uint8))):
        (folder / "data" / f"train-{kind}-ubyte").write_bytes(encode_idx(array[: chosen.images]))
    options = [
        "--data",
        folder / "data",
        "--epochs",
        chosen.epochs,
        "--latent-dim",
        2,
        "--precision",
        chosen.precision,
        "--checkpoint-every",
        0,
    ]
    whole = start([*options, "--out", folder / "whole"])
    moments = random.Random(chosen.seed)
    run, killed, attempt = folder / "killed", 0, 0
    while killed < chosen.times:
        process = start(["--resume", run, "--checkpoint-every", 0] if attempt else [*options, "--out", run])
        attempt += 1
        while_writing = killed % 2 == 1
        place = kill(process, run, moments.uniform(0, chosen.longest), while_writing=while_writing)
        if place is None:
            print(f"The run ended before it was killed {chosen.times} times: {killed}. Give more --epochs.")
            return 1
        killed += 1
        print(f"kill {killed:2}: {place}", flush=True)
    finish = start(["--resume", run])
    for process in (finish, whole):
        if process.wait() != 0:
            print(process.stderr.read())
            return 1
    differing = differences(folder / "whole", run)
    print(f"killed {killed} times, then finished: {', '.join(differing) or 'equal to the bit'}")
    return bool(differing)


def start(arguments: list[object]) -> subprocess.Popen:
    command = [sys.executable, "-m", "vaecli", "train", *map(str, arguments), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen, run: pathlib.Path, seconds: float, *, while_writing: bool) -> str | None:
    """Wait until training writes its first state, then `seconds` more, then for a write if so wished; and kill."""
    before = written(run)
    while written(run) == before and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    while while_writing and not writing(run) and process.poll() is None:
        pass  # a state is written within milliseconds: no time to sleep
    process.send_signal(signal.SIGKILL)
    process.wait()
    if process.returncode != -signal.SIGKILL:
        return None
    left = writing(run)
    return f"{seconds:.1f} s into training" + (", a half-written state is left" if left else "")


def written(run: pathlib.Path) -> int:
    """When the state was written last; 0 if it never was."""
    try:
        return (run / STATE).stat().st_mtime_ns
    except OSError:
        return 0


def writing(run: pathlib.Path) -> bool:
    return any((run / STATE).parent.glob(".state.npz.*.part"))


def differences(one: pathlib.Path, other: pathlib.Path) -> list[str]:
    found = [str(path) for path in other.rglob(".*.part")]
    with np.load(one / STATE) as a, np.load(other / STATE) as b:
        names = sorted(set(a.files) | set(b.files))
        found += [
            n for n in names if n != "state" and (n not in a or n not in b or not np.array_equal(a[n], b[n]))
        ]
    if rows(one) != rows(other):
        found.append("metrics.csv")
    return found


def rows(run: pathlib.Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if k not in TIMED} for row in csv.DictReader(file)]


if __name__ == "__main__":
    sys.exit(main())
