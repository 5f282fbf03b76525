"""Measure whether an exponential moving average of the weights lowers the validation loss.

    python examples/benchmarks/ema.py [--epochs 10] [--latent-dim 2] [--schedule cosine] [--seed 0]

Trains one model and keeps averages of its weights with decays of 0.99, 0.999 and 0.9999 per step. They are
updated every ten steps and corrected for their start at zero. Prints the final validation losses in nats as
JSON. Needs Fashion-MNIST and the `train` extra.
"""

import argparse
import json
import typing

import numpy as np

from vaecli.choices import Schedule
from vaecli.data.load import load
from vaecli.data.parts import Division
from vaecli.options import TrainOptions
from vaecli.probability.likelihoods import likelihood
from vaecli.training import precision
from vaecli.training.networks.table import batch_size, learning_rate
from vaecli.training.schedule import epoch_order, learning_rates
from vaecli.training.steps import TrainingSteps
from vaecli.training.vae import build
from vaecli.training.validation import Validation

EVERY = 10  # steps
DECAYS = (0.99, 0.999, 0.9999)


class Average:
    """Bias-corrected exponential moving average of a list of arrays."""

    def __init__(self, decay: float) -> None:
        self.decay, self.weight = decay, 0.0
        self.sums: list[np.ndarray] = []

    def add(self, arrays: list[np.ndarray]) -> None:
        sums = self.sums or [np.zeros(array.shape) for array in arrays]
        self.sums = [self.decay * old + (1 - self.decay) * new for old, new in zip(sums, arrays, strict=True)]
        self.weight = self.decay * self.weight + 1 - self.decay

    @property
    def mean(self) -> list[np.ndarray]:
        return [total / self.weight for total in self.sums]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--schedule", choices=typing.get_args(Schedule), default="cosine")
    parser.add_argument("--seed", type=int, default=0)
    options = TrainOptions(**vars(parser.parse_args()))
    data = load(options.data, "train")
    mask = Division.of(options).held_out(data)
    train, held_out = np.flatnonzero(~mask), np.flatnonzero(mask)
    size = batch_size(options, len(train))
    vae = build("classic", likelihood("bernoulli"), (28, 28, 1), options.latent_dim, seed=options.seed)
    training = TrainingSteps(
        vae,
        data.images,
        beta=1.0,
        seed=options.seed,
        schedule=options.schedule,
        precision=precision.choose("auto"),
    )
    validation = Validation(vae, data.images, held_out, seed=options.seed)
    averages = [Average(decay**EVERY) for decay in DECAYS]
    steps = len(train) // size
    peak = learning_rate(options) if options.schedule == "cosine" else 1e-3
    rates = learning_rates(
        0, steps * options.epochs, total=steps * options.epochs, peak=peak, schedule=options.schedule
    )
    for epoch in range(options.epochs):
        order = train[epoch_order(len(train), seed=options.seed, epoch=epoch)][: steps * size]
        batches = order.reshape(steps, size).astype(np.int32)
        for first in range(0, steps, EVERY):
            call = batches[first : first + EVERY]
            step = epoch * steps + first
            training.run(call, rates[step : step + len(call)], step)
            weights = [variable.numpy() for variable in vae.variables]
            for average in averages:
                average.add(weights)

    def loss(values: list[np.ndarray]) -> float:
        for variable, value in zip(vae.variables, values, strict=True):
            variable.assign(value)
        measured = validation.measure()
        return round(measured.reconstruction + measured.kl, 3)

    losses = {"weights": loss(weights)} | {
        str(decay): loss(average.mean) for decay, average in zip(DECAYS, averages, strict=True)
    }
    print(json.dumps({"schedule": options.schedule, "epochs": options.epochs, "validation_loss": losses}))


if __name__ == "__main__":
    main()
