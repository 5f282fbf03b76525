"""Compare training speed with a plain Keras `fit`: same network, batches and images, alternating in one run.

    python examples/benchmarks/throughput.py [--latent-dim 2] [--images 12800] [--rounds 5]

Prints median images/s and the ratios to `fit` as JSON: in float32, and in bfloat16 where the machine supports
it. Needs Fashion-MNIST and the `train` extra.
"""

import argparse
import json
import statistics
import time

import numpy as np
import plain_keras

from vaecli.data.load import load
from vaecli.probability.likelihoods import likelihood
from vaecli.training.precision import Resolved, choose
from vaecli.training.steps import TrainingSteps
from vaecli.training.vae import build

BATCH = 128


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--images", type=int, default=12800)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    images = load(options.data, "train").images[: options.images // BATCH * BATCH]
    floats = images.astype(np.float32) / 255
    fit = plain_keras.compiled(options.latent_dim, seed=0)
    precisions: list[Resolved] = list(dict.fromkeys(["float32", choose("auto")]))
    trainings = {
        precision: TrainingSteps(
            build("classic", likelihood("bernoulli"), (28, 28, 1), options.latent_dim, seed=0),
            images,
            beta=1.0,
            seed=0,
            precision=precision,
        )
        for precision in precisions
    }
    order = np.arange(len(images), dtype=np.int32).reshape(-1, BATCH)
    rates = np.full(len(order), 1e-3, np.float32)
    plain_keras.seconds_of_epochs(fit, floats[: 2 * BATCH], 1)  # trace all graphs before measuring
    for training in trainings.values():
        training.run(order[:2], rates[:2], 0)
    speeds: dict[str, list[float]] = {name: [] for name in ("keras_fit", *trainings)}
    for _ in range(options.rounds):
        speeds["keras_fit"].append(len(images) / plain_keras.seconds_of_epochs(fit, floats, 1))
        for precision, training in trainings.items():
            start = time.perf_counter()
            for first in range(0, len(order), 25):  # about as many steps per call as `vaecli train`
                training.run(order[first : first + 25], rates[first : first + 25], first)
            speeds[precision].append(len(images) / (time.perf_counter() - start))
    medians = {name: round(statistics.median(values)) for name, values in speeds.items()}
    ratios = {f"{name}_ratio": round(medians[name] / medians["keras_fit"], 2) for name in trainings}
    print(json.dumps(medians | ratios))


if __name__ == "__main__":
    main()
