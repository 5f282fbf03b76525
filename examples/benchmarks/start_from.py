"""Measure what `vaecli train --start-from` gains for few pictures of a kind that the earlier run has not seen.

    python examples/benchmarks/start_from.py [--network classic] [--label 8] [--epochs 10] [--seeds 0]

Trains on all classes of Fashion-MNIST but one (bags). Then trains on 200 pictures of that class, with 50 more for
validation: from those weights, and from random ones, with the same options. Prints the negative ELBO in nats of the
1,000 test images of the class as JSON lines. Needs Fashion-MNIST and the `train` extra.
"""

import argparse
import json
import pathlib
import tempfile
import time
import typing

import numpy as np

from vaecli import Model, TrainOptions, train
from vaecli.choices import Network
from vaecli.data.load import load
from vaecli.metrics.evaluate import evaluate
from vaecli.pixels import Pixels

TRAINED, VALIDATION = 200, 50


def trained(folder: pathlib.Path, name: str, images: Pixels, options: TrainOptions) -> pathlib.Path:
    """Train a run on images, and return its folder."""
    file = folder / f"{name}.npz"
    np.savez(file, images=images)
    settings = {**vars(options), "data": str(file)}
    train(TrainOptions(**settings), out=folder / name)
    return folder / name


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--network", choices=typing.get_args(Network), default="classic")
    parser.add_argument("--label", type=int, default=8, help="number of the class that is left out")
    parser.add_argument("--epochs", type=int, default=10, help="of the run on the other classes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    data, test = load(arguments.data, "train"), load(arguments.data, "test")
    images, labels = np.asarray(data.images), data.labels
    measured = np.asarray(test.images)[test.labels == arguments.label]
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        options = TrainOptions(network=arguments.network, epochs=arguments.epochs)
        others = trained(folder, "others", images[labels != arguments.label], options)
        own = np.flatnonzero(labels == arguments.label)
        for seed in arguments.seeds:
            few = images[np.random.default_rng(seed).permutation(own)[: TRAINED + VALIDATION]]
            for start in (None, str(others)):
                options = TrainOptions(
                    network=arguments.network,
                    validation_split=VALIDATION / (TRAINED + VALIDATION),
                    seed=seed,
                    start_from=start,
                )
                began = time.perf_counter()
                name = f"{'random' if start is None else 'others'}-{seed}"
                run = trained(folder, name, few, options)
                seconds = time.perf_counter() - began
                loss = -evaluate(Model.open(run), measured, metrics=["elbo"]).values["elbo"]
                result = {"network": arguments.network, "start": name, "neg_elbo": round(loss, 2)}
                print(json.dumps(result | {"seconds": round(seconds)}), flush=True)


if __name__ == "__main__":
    main()
