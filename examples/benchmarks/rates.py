"""Compare peak learning rates of each network by the negative ELBO of validation images.

    python examples/benchmarks/rates.py [--networks dense conv] [--epochs 5] [--factors 0.5 1 2]

Trains each network on Fashion-MNIST with its own rate times each factor. Prints JSON lines with the lowest
validation loss in nats, under N(0, I). The test images are not used. Needs Fashion-MNIST and the `train` extra.
"""

import argparse
import json
import pathlib
import tempfile
import typing

from vaecli import TrainOptions, train
from vaecli.choices import Network
from vaecli.runs.history import read_metrics
from vaecli.runs.layout import Run
from vaecli.training.networks.table import learning_rate


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    networks = typing.get_args(Network)
    parser.add_argument("--networks", choices=networks, nargs="+", default=networks)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--latent-dim", type=int, default=16)
    parser.add_argument("--factors", type=float, nargs="+", default=[0.5, 1.0, 2.0])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for network in arguments.networks:
            settings = {
                "network": network,
                "epochs": arguments.epochs,
                "latent_dim": arguments.latent_dim,
                "prior": "normal",
            }
            for factor in arguments.factors:
                rate = factor * learning_rate(TrainOptions(**settings, batch_size=128))
                out = pathlib.Path(folder) / f"{network}-{factor}"
                train(TrainOptions(**settings, learning_rate=rate, data="fashion-mnist"), out=out)
                loss = min(row["val_loss"] for row in read_metrics(Run(out).metrics))
                result = {"network": network, "rate": rate, "epochs": arguments.epochs}
                print(json.dumps(result | {"validation_loss": round(loss, 2)}), flush=True)


if __name__ == "__main__":
    main()
