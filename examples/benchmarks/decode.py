"""Decoding at several batch sizes: vaecli against its peers on the same weights, taking turns in one run.

    python examples/benchmarks/decode.py -m runs/fashion-mnist-1 [--rounds 5] [--seconds 0.25]

Needs a run of the classic network (for its decoder.keras) and the `train` extra. Peers: the tf2onnx file in
onnxruntime's default session; Keras `predict` and a `tf.function`; PyTorch (eager, channels_last, compile,
bfloat16) and OpenVINO (float32, bfloat16; on the tf2onnx file) where they are installed. decoder.int8.onnx takes
part where it lies beside decoder.onnx. Prints the median images/s of each and the ratios to the peers as JSON, for
each batch size, and in bulk, where each may cut the work into the batches that suit it best.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import tempfile

import numpy as np
import peers

from vaecli.latent.draws import standard_normal
from vaecli.runtime.model import Model

KEPT = 2**30  # bytes that malloc keeps: without, PyTorch asks the system for its memory anew in every call


class Contestants:
    """Processes that decode on demand, one at a time."""

    def __init__(self, run, folder):
        context = multiprocessing.get_context("spawn")
        self.pipes, self._processes = {}, []
        for family in peers.installed():
            pipe, far_end = context.Pipe()
            process = context.Process(target=peers.serve, args=(family, run, folder, far_end), daemon=True)
            process.start()
            self._processes.append(process)
            self.pipes |= dict.fromkeys(pipe.recv(), pipe)

    def run(self, name, z, seconds):
        self.pipes[name].send((name, z, seconds))
        return self.pipes[name].recv()

    def close(self):
        for pipe in set(self.pipes.values()):
            pipe.send(None)
        for process in self._processes:
            process.join()


def measured(contestants, z, rounds, seconds):
    """The median images/s of each, all taking turns."""
    expected, _ = contestants.run(peers.OURS[0], z, 0)
    for name in contestants.pipes:  # warm, and the same pictures
        image, _ = contestants.run(name, z, 0)
        gaps = np.abs(image - expected)  # of int8 on average: a sharp edge may move
        off = gaps.mean() if name == peers.OURS[1] else gaps.max()
        np.testing.assert_array_less(off, peers.TOLERANCE.get(name, 1e-4), err_msg=name)
    speeds = {name: [] for name in contestants.pipes}
    for _ in range(rounds):
        for name, found in speeds.items():
            found.append(contestants.run(name, z, seconds)[1])
    return {name: statistics.median(found) for name, found in speeds.items()}


def ratios(speeds):
    """How many times as fast as the tf2onnx file, the best float32 peer and the best bfloat16 peer ours are."""
    others = {name: speed for name, speed in speeds.items() if name not in peers.OURS}
    rivals = {
        "tf2onnx": {peers.PLAIN},
        "best float32 peer": others.keys() - set(peers.BFLOAT16),
        "best bfloat16 peer": others.keys() & set(peers.BFLOAT16),
    }
    return {
        f"{ours} / {rival}": round(speeds[ours] / max(others[name] for name in names), 2)
        for ours in peers.OURS
        for rival, names in rivals.items()
        if ours in speeds and names
    }


def report(batch, speeds):
    shown = {name: round(speed) for name, speed in speeds.items()}
    document = {"batch": batch, "images_per_second": shown, "ratios": ratios(speeds)}
    print(json.dumps(document, indent=1), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 16, 64, 256, 4096])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.25)
    options = parser.parse_args()
    os.environ |= {"MALLOC_TRIM_THRESHOLD_": str(KEPT), "MALLOC_MMAP_THRESHOLD_": str(KEPT)}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        preparing = multiprocessing.get_context("spawn").Process(
            target=peers.prepare, args=(options.model, folder)
        )
        preparing.start()
        preparing.join()
        contestants = Contestants(options.model, folder)
        size = Model.open(options.model).latent_dim
        bulk = dict.fromkeys(contestants.pipes, 0.0)
        for batch in options.batches:
            speeds = measured(
                contestants, standard_normal(0, batch, size, seed=0), options.rounds, options.seconds
            )
            bulk = {name: max(speed, speeds[name]) for name, speed in bulk.items()}
            report(batch, speeds)
        contestants.close()
        report("bulk", bulk)


if __name__ == "__main__":
    main()
