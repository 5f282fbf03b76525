"""The VAE that people write with Keras alone: one class, `fit`, Adam at 1e-3. The peer of training benchmarks."""

import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers


class PlainVae(keras.Model):
    """Encoder and decoder of the classic network, a sampling step, cross-entropy plus KL."""

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
    """A model ready for `fit`."""
    model = PlainVae(latent_dim, seed)
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    return model


def seconds_of_epochs(model: PlainVae, images: np.ndarray, epochs: int, batch_size: int = 128) -> float:
    """Wall time of some epochs of `fit` over images (N, 28, 28, 1) float32."""
    start = time.perf_counter()
    model.fit(images, epochs=epochs, batch_size=batch_size, verbose=0)
    return time.perf_counter() - start
