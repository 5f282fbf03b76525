"""`vaecli eval --metrics elbo` of the 10,000 test images against Keras `evaluate` of the same model, in turns.

    python examples/benchmarks/evaluate.py -m runs/fashion-mnist-1 [--rounds 5]

Needs a run (for its encoder.keras and decoder.keras), its data, and the `train` extra. Keras computes the same sum:
cross-entropy from logits plus KL, one sample of the posterior an image, batches of 500. Both start warm, with the
images in memory.
"""

import argparse
import json
import os
import pathlib
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from vaecli.metrics.evaluate import evaluate
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for

BATCH = 500


class Elbo(keras.Model):
    """Encoder, a sample, decoder; `test_step` gives the mean ELBO in nats."""

    def __init__(self, run):
        super().__init__()
        self.encoder = keras.saving.load_model(run.encoder, compile=False)
        self.decoder = keras.saving.load_model(run.decoder, compile=False)
        self.mean = keras.metrics.Mean(name="elbo")

    def test_step(self, images):
        posterior = self.encoder({"image": images}, training=False)
        z_mean, z_log_var = posterior["z_mean"], posterior["z_log_var"]
        z = z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(tf.shape(z_mean))
        logits = self.decoder({"z": z}, training=False)["logits"]
        cost = tf.nn.sigmoid_cross_entropy_with_logits(labels=images, logits=logits)
        kl = 0.5 * (tf.square(z_mean) + tf.exp(z_log_var) - 1.0 - z_log_var)
        self.mean.update_state(-tf.reduce_sum(cost, axis=(1, 2, 3)) - tf.reduce_sum(kl, axis=1))
        return {"elbo": self.mean.result()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = Model.open(options.model)
    images = load_for(model, None, "test", warn=print, progress=lambda *_: None).images
    floats = images.astype(np.float32) / 255
    peer = Elbo(Run(options.model))
    peer.compile()
    runs = {
        "vaecli": lambda: evaluate(model, images, metrics=["elbo"]).values["elbo"],
        "keras": lambda: peer.evaluate(floats, batch_size=BATCH, verbose=0),
    }
    elbo = {name: run() for name, run in runs.items()}  # warm
    times = {name: [] for name in runs}
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(spent) for name, spent in times.items()}
    shown = {name: {"seconds": round(medians[name], 3), "elbo": round(float(elbo[name]), 2)} for name in runs}
    print(json.dumps(shown | {"vaecli_is_faster_by": round(medians["keras"] / medians["vaecli"], 2)}))


if __name__ == "__main__":
    main()
