"""Compare the same run on one device and on several: are the steps equal, and how much faster are they?

    python examples/benchmarks/scaling.py [--images 12800] [--epochs 3] [--rounds 2]

Four ways, alternating, each in processes of its own: one process on one core; one process on two cores; two
workers with one core each on the loopback interface; one process with two logical processors. Prints JSON per
way:

- the largest relative difference from one core, over the losses of the first 50 steps (float32, cosine, 30 epochs);
- the relative difference of the validation loss after `--epochs` epochs on `--images` images;
- the median images/s of those epochs, the first left out.

Needs Fashion-MNIST, the `train` extra, Linux and two cores.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import unittest.mock
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

STEPS = 50
WAYS: dict[str, tuple[list[list[int]], int]] = {  # cores of each worker; logical processors per worker
    "one_core": ([[0]], 1),
    "two_workers": ([[0], [1]], 1),
    "two_cores": ([[0, 1]], 1),
    "two_logical": ([[0, 1]], 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(json.loads(options.child), options.data, options.images, options.epochs)
        return
    results: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            results[way].append(measure(way))
    base = results["one_core"][0]
    print(json.dumps({way: compare(runs, base) for way, runs in results.items()}, indent=1))


def measure(way: str) -> dict[str, Any]:
    """Run one way; return the results that its chief prints."""
    cores, logical = WAYS[way]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in cores]
    hosts = [f"127.0.0.1:{reserved.getsockname()[1]}" for reserved in sockets]
    for reserved in sockets:
        reserved.close()
    workers = []
    for index, worker_cores in enumerate(cores):
        tf_config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        job = json.dumps({"cores": worker_cores, "logical": logical})
        workers.append(
            subprocess.Popen(
                [sys.executable, *sys.argv, "--child", job],
                env=os.environ | {"TF_CONFIG": json.dumps(tf_config), "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    outputs = [worker.communicate()[0] for worker in workers]
    result: dict[str, Any] = json.loads(outputs[0])
    return result


def compare(runs: list[dict[str, Any]], base: dict[str, Any]) -> dict[str, Any]:
    """Return the differences from `base`, and the speed."""
    losses = zip(runs[0]["losses"], base["losses"], strict=True)
    speeds = [speed for run in runs for speed in run["speeds"][1:]]
    return {
        "first_50_losses": f"{max(abs(a / b - 1) for a, b in losses):.1e}",
        "validation_loss": f"{abs(runs[0]['validation_loss'] / base['validation_loss'] - 1):.1e}",
        "images_per_second": round(statistics.median(speeds)),
    }


def child(job: dict[str, Any], name: str, images: int, epochs: int) -> None:
    """Train as one worker, on `job["cores"]`; print the results as JSON."""
    os.sched_setaffinity(0, job["cores"])
    import tensorflow as tf

    from vaecli.data.load import load
    from vaecli.data.split import validation_mask
    from vaecli.options import TrainOptions
    from vaecli.runs.progress import Watcher
    from vaecli.training.cluster.devices import Devices
    from vaecli.training.cluster.tf_config import from_environment
    from vaecli.training.loop import Loop
    from vaecli.training.steps import TrainingSteps
    from vaecli.training.tensorflow import use_threads
    from vaecli.training.trainer import Trainer

    use_threads([len(job["cores"])] * 2)
    if job["logical"] > 1:
        (processor,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * job["logical"]
        tf.config.set_logical_device_configuration(processor, parts)
    devices = Devices(job["logical"], from_environment())
    data = load(name, "train")

    def train(
        images: np.ndarray, epochs: int, steps: float
    ) -> tuple[list[float], Sequence[Mapping[str, float]]]:
        """Return the loss of each step, and the rows of metrics.csv."""
        options = TrainOptions(epochs=epochs, latent_dim=2, precision="float32")
        held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
        losses: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "state.npz"
            part = dataclasses.replace(data, images=images, labels=None)
            trainer = Trainer(part, held_out, options, checkpoint=file, devices=devices)
            run_steps = TrainingSteps.run

            def run_and_record(*arguments: Any, **options: Any) -> tuple[np.ndarray, np.ndarray]:
                reconstruction, kl = run_steps(*arguments, **options)
                losses.extend(map(float, reconstruction + kl))
                return reconstruction, kl

            with unittest.mock.patch.object(TrainingSteps, "run", run_and_record):
                stop = lambda: "enough" if len(losses) >= steps else None  # noqa: E731
                Loop(trainer, watch=Watcher(), stop=stop).run()
        return losses, trainer.state.history

    losses, _ = train(data.images[:], TrainOptions().epochs, STEPS)
    _, rows = train(data.images[:images], epochs, math.inf)
    speeds = [row["images_per_second"] for row in rows]
    print(json.dumps({"losses": losses[:STEPS], "validation_loss": rows[-1]["val_loss"], "speeds": speeds}))


if __name__ == "__main__":
    main()
