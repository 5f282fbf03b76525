"""A VAE as people write it with Keras alone: one class, `fit`, Adam at 1e-3. The baseline of training benchmarks.

    python examples/benchmarks/plain_keras.py --epochs 30 --latent-dim 2

Trains on all training images of `--data`, by default Fashion-MNIST. Prints one JSON object per epoch: seconds so
far, test loss in nats.
"""

import argparse
import json
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from vaecli.data.load import load


class PlainVae(keras.Model):  # type: ignore[misc]  # Keras has no types
    """The classic network: encoder, posterior sample, decoder; the loss is cross-entropy plus KL."""

    def __init__(self, latent_dim: int, seed: int) -> None:
        super().__init__()
        keras.utils.set_random_seed(seed)
        self.latent_dim = latent_dim
        self.encoder = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2D(64, 3, strides=2, padding="same", activation="relu"),
                layers.Flatten(),
                layers.Dense(16, activation="relu"),
                layers.Dense(2 * latent_dim),
            ]
        )
        self.decoder = keras.Sequential(
            [
                keras.Input((latent_dim,)),
                layers.Dense(7 * 7 * 64, activation="relu"),
                layers.Reshape((7, 7, 64)),
                layers.Conv2DTranspose(64, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(32, 3, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
            ]
        )

    def train_step(self, images: tf.Tensor) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            z_mean, z_log_var = tf.split(self.encoder(images, training=True), 2, axis=1)
            z = z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(tf.shape(z_mean))
            entropy = keras.losses.binary_crossentropy(images, self.decoder(z, training=True))
            kl = -0.5 * tf.reduce_sum(1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var), axis=1)
            loss = tf.reduce_mean(tf.reduce_sum(entropy, axis=(1, 2)) + kl)
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


def compiled(latent_dim: int, seed: int) -> PlainVae:
    """Return a model ready for `fit`."""
    model = PlainVae(latent_dim, seed)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    return model


def seconds_of_epochs(model: PlainVae, images: np.ndarray, epochs: int, batch_size: int = 128) -> float:
    """Train for some epochs on images (N, 28, 28, 1) float32; return the wall time in seconds."""
    start = time.perf_counter()
    model.fit(images, epochs=epochs, batch_size=batch_size, verbose=0)
    return time.perf_counter() - start


def test_loss(model: PlainVae, images: np.ndarray, seed: int = 0) -> float:
    """Return cross-entropy plus KL in nats, the mean over images (N, 28, 28, 1), one posterior sample each."""
    generator, total = np.random.default_rng(seed), 0.0
    for start in range(0, len(images), 500):
        batch = images[start : start + 500]
        z_mean, z_log_var = np.split(model.encoder(batch).numpy(), 2, axis=1)
        z = z_mean + np.exp(0.5 * z_log_var) * generator.standard_normal(z_mean.shape).astype(np.float32)
        entropy = keras.losses.binary_crossentropy(batch, model.decoder(z)).numpy().sum(axis=(1, 2))
        kl = -0.5 * (1 + z_log_var - np.square(z_mean) - np.exp(z_log_var)).sum(axis=1)
        total += float((entropy + kl).sum(dtype=np.float64))
    return total / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    train, test = (
        load(options.data, split).images[:].astype(np.float32) / 255 for split in ("train", "test")
    )
    model, seconds = compiled(options.latent_dim, options.seed), 0.0
    for epoch in range(options.epochs):
        seconds += seconds_of_epochs(model, train, 1)
        row = {"epoch": epoch + 1, "seconds": seconds, "test_loss": test_loss(model, test)}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
