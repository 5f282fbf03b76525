"""The same run on one device and on more: are the steps the same, and how much faster are they?

    python examples/benchmarks/scaling.py [--images 12800] [--epochs 3] [--rounds 2]

Four ways, in turns, each in processes of its own: one process on one core and on two, two workers on the loopback
interface with one core each, and one process with two logical processors. Prints JSON: the largest relative
difference of a loss to that of one core over the first 50 steps of `vaecli train --precision float32`, whose cosine
has 30 epochs; that of the validation loss after some epochs of a part of the images; images/s there (the median
over epochs but the first).
Needs Fashion-MNIST, the `train` extra and two cores, on Linux.
"""

import argparse
import json
import math
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile

import numpy as np

STEPS = 50
WAYS = {  # cores of each worker, and logical processors of each
    "one_core": ([[0]], 1),
    "two_workers": ([[0], [1]], 1),
    "two_cores": ([[0, 1]], 1),
    "two_logical": ([[0, 1]], 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(json.loads(options.child), options.images, options.epochs)
        return
    found: dict[str, list[dict]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            found[way].append(measured(way))
    base = found["one_core"][0]
    print(json.dumps({way: compared(runs, base) for way, runs in found.items()}, indent=1))


def measured(way: str) -> dict:
    """What the chief of one way says."""
    cores, logical = WAYS[way]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in cores]
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    workers = []
    for index, mine in enumerate(cores):
        place = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        job = json.dumps({"cores": mine, "logical": logical})
        workers.append(
            subprocess.Popen(
                [sys.executable, *sys.argv, "--child", job],
                env=os.environ | {"TF_CONFIG": json.dumps(place), "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
    outputs = [worker.communicate()[0] for worker in workers]
    return json.loads(outputs[0])


def compared(runs: list[dict], base: dict) -> dict:
    losses = zip(runs[0]["losses"], base["losses"], strict=True)
    speeds = [speed for run in runs for speed in run["speeds"][1:]]
    return {
        "first_50_losses": f"{max(abs(a / b - 1) for a, b in losses):.1e}",
        "validation_loss": f"{abs(runs[0]['validation_loss'] / base['validation_loss'] - 1):.1e}",
        "images_per_second": round(statistics.median(speeds)),
    }


def child(job: dict, images: int, epochs: int) -> None:
    os.sched_setaffinity(0, job["cores"])
    import tensorflow as tf

    from vaecli.data.load import load
    from vaecli.data.split import validation_mask
    from vaecli.options import TrainOptions
    from vaecli.runs.progress import Watcher
    from vaecli.training import threads
    from vaecli.training.cluster.devices import Devices
    from vaecli.training.cluster.tf_config import from_environment
    from vaecli.training.trainer import Trainer

    threads.use([len(job["cores"])] * 2)
    if job["logical"] > 1:
        (processor,) = tf.config.list_physical_devices("CPU")
        parts = [tf.config.LogicalDeviceConfiguration()] * job["logical"]
        tf.config.set_logical_device_configuration(processor, parts)
    devices = Devices(job["logical"], from_environment())
    data = load("fashion-mnist", "train").images

    def trained(images: np.ndarray, epochs: int, steps: float) -> tuple[list[float], list[dict]]:
        """The loss of each step, and the history."""
        options = TrainOptions(epochs=epochs, latent_dim=2, precision="float32")
        held_out = validation_mask(images, fraction=options.validation_split, seed=options.seed)
        losses: list[float] = []
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(images, held_out, options, pathlib.Path(folder) / "state.npz", devices)
            take = trainer._engine.run

            def recorded(*arguments: object, **more: object) -> tuple[np.ndarray, np.ndarray]:
                reconstruction, kl = take(*arguments, **more)
                losses.extend(map(float, reconstruction + kl))
                return reconstruction, kl

            trainer._engine.run = recorded
            stop = lambda: "enough" if len(losses) >= steps else None  # noqa: E731
            trainer.run({}, saved=lambda _: None, watch=Watcher(), stop=stop)
        return losses, trainer.state.history

    losses, _ = trained(data, TrainOptions().epochs, STEPS)
    _, rows = trained(data[:images], epochs, math.inf)
    speeds = [row["images_per_second"] for row in rows]
    print(json.dumps({"losses": losses[:STEPS], "validation_loss": rows[-1]["val_loss"], "speeds": speeds}))


if __name__ == "__main__":
    main()
