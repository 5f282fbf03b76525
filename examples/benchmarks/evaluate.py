"""Compare `vaecli eval --metrics elbo` on the 10,000 test images with Keras `evaluate` of the same model.

    python examples/benchmarks/evaluate.py -m RUN [--rounds 5]

Runs the two alternately, both warm and with the images in memory. Keras computes the same sum: cross-entropy
from logits plus KL, one posterior sample per image, in batches of 500. RUN must be a run folder, for its
encoder.keras and decoder.keras. Needs the run's data and the `train` extra. Prints medians in seconds and
their ratio as JSON.
"""

import argparse
import json
import os
import pathlib
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from vaecli.metrics.evaluate import evaluate
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

BATCH = 500


class Elbo(keras.Model):  # type: ignore[misc]  # Keras has no types
    """The run's Keras networks; `test_step` returns the mean ELBO in nats."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.encoder = keras.saving.load_model(run.encoder, compile=False)
        self.decoder = keras.saving.load_model(run.decoder, compile=False)
        self.mean = keras.metrics.Mean(name="elbo")

    def test_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        posterior = self.encoder({"image": images}, training=False)
        z_mean, z_log_var = posterior["z_mean"], posterior["z_log_var"]
        z = z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(tf.shape(z_mean))
        logits = self.decoder({"z": z}, training=False)["logits"]
        cost = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=logits)
        kl = 0.5 * (tf.square(z_mean) + tf.exp(z_log_var) - 1.0 - z_log_var)
        self.mean.update_state(-tf.reduce_sum(cost, axis=(1, 2, 3)) - tf.reduce_sum(kl, axis=1))
        return {"elbo": self.mean.result()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = Model.open(options.model)
    images = load_for(model, None, "test", warn=print, progress=lambda *_: None).images[:]
    floats = images.astype(np.float32) / 255
    baseline = Elbo(Run(options.model))
    baseline.compile()
    runs: dict[str, Callable[[], float]] = {
        "vaecli": lambda: evaluate(model, images, metrics=["elbo"]).values["elbo"],
        "keras": lambda: baseline.evaluate(floats, batch_size=BATCH, verbose=0),
    }
    elbo = {name: run() for name, run in runs.items()}  # warm
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(seconds) for name, seconds in times.items()}
    result = {
        name: {"seconds": round(medians[name], 3), "elbo": round(float(elbo[name]), 2)} for name in runs
    }
    print(json.dumps(result | {"vaecli_is_faster_by": round(medians["keras"] / medians["vaecli"], 2)}))


if __name__ == "__main__":
    main()
