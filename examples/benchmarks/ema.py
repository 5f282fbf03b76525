"""Does an exponential moving average of the weights pay? One run, its weights, and averages of them as they went.

    python examples/benchmarks/ema.py [--epochs 10] [--latent-dim 2] [--schedule cosine] [--seed 0]

Needs Fashion-MNIST and the `train` extra. Averages with decays 0.99, 0.999 and 0.9999 a step, taken every ten steps
and corrected for their start. Prints the validation losses in nats at the end as JSON.
"""

import argparse
import json
import typing

import numpy as np

from vaecli.choices import Schedule
from vaecli.data.load import load
from vaecli.options import TrainOptions
from vaecli.probability.likelihoods import likelihood
from vaecli.tasks.train.job import hold_out
from vaecli.training import precision
from vaecli.training.schedule import epoch_order, learning_rates
from vaecli.training.steps import Engine
from vaecli.training.vae import build
from vaecli.training.validation import Validation

EVERY = 10  # steps
DECAYS = (0.99, 0.999, 0.9999)


class Average:
    """Of arrays, each new one counting 1 - decay."""

    def __init__(self, decay: float) -> None:
        self.decay, self.weight, self.sums = decay, 0.0, None

    def add(self, arrays: list[np.ndarray]) -> None:
        part = 1 - self.decay
        before = self.sums or [np.zeros(array.shape) for array in arrays]
        self.sums = [self.decay * old + part * new for old, new in zip(before, arrays, strict=True)]
        self.weight = self.decay * self.weight + part

    @property
    def mean(self) -> list[np.ndarray]:
        return [total / self.weight for total in self.sums]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--schedule", choices=typing.get_args(Schedule), default="cosine")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chosen = TrainOptions(
        epochs=given.epochs, latent_dim=given.latent_dim, schedule=given.schedule, seed=given.seed
    )
    data = load("fashion-mnist", "train")
    mask = hold_out(data, chosen)
    train, held = np.flatnonzero(~mask), np.flatnonzero(mask)
    vae = build("classic", likelihood("bernoulli"), (28, 28, 1), chosen.latent_dim, seed=chosen.seed)
    engine = Engine(
        vae,
        data.images,
        beta=1.0,
        seed=chosen.seed,
        schedule=chosen.schedule,
        precision=precision.choose("auto"),
    )
    validation = Validation(vae, data.images, held, seed=chosen.seed)
    averages = [Average(decay**EVERY) for decay in DECAYS]
    steps = len(train) // chosen.batch_size
    peak = chosen.learning_rate if chosen.schedule == "cosine" else 1e-3
    rates = learning_rates(
        0, steps * chosen.epochs, total=steps * chosen.epochs, peak=peak, schedule=chosen.schedule
    )
    for epoch in range(chosen.epochs):
        order = train[epoch_order(len(train), seed=chosen.seed, epoch=epoch)][: steps * chosen.batch_size]
        batches = order.reshape(steps, chosen.batch_size).astype(np.int32)
        for first in range(0, steps, EVERY):
            part = slice(first, first + EVERY)
            step = epoch * steps + first
            engine.run(batches[part], rates[step : step + len(batches[part])], step)
            weights = [variable.numpy() for variable in vae.variables]
            for average in averages:
                average.add(weights)

    def loss(values: list[np.ndarray]) -> float:
        for variable, value in zip(vae.variables, values, strict=True):
            variable.assign(value)
        measured = validation.measure()
        return round(measured.reconstruction + float(measured.kl.sum()), 3)

    losses = {"weights": loss(weights)} | {
        str(decay): loss(average.mean) for decay, average in zip(DECAYS, averages, strict=True)
    }
    print(json.dumps({"schedule": chosen.schedule, "epochs": chosen.epochs, "validation_loss": losses}))


if __name__ == "__main__":
    main()
