"""The layers of the classifier: convolutions, a linear layer of features, a ReLU, a linear layer of logits.

The features are the values before the ReLU, so that none of them is dead, that is, zero for all images. Their mean
variance over images is 1.
"""

import dataclasses
import itertools
import math
from typing import Any

import keras
import tensorflow as tf

from vaecli.training.keras_settings import standard_settings
from vaecli.training.networks import keras_model
from vaecli.training.networks.initializers import Initializers
from vaecli.training.networks.layers import Convolution, Dense, Flatten, Graph, Layer, Shape

FEATURES = 64
CHANNELS = (32, 64, 80)  # of the first convolutions; the last number is that of all further ones
SMALLEST_SIDE = 4  # to which the convolutions of stride 2 bring the longer side
LARGEST_FULL_SIDE = 32  # the first convolution of larger images has stride 2


@dataclasses.dataclass(frozen=True)
class Classifier:
    """The network, in two parts with the ReLU between them.

    Attributes:
        trunk: `image` (N, H, W, C) in [0, 1] -> `features` (N, FEATURES).
        head: `rectified` (N, FEATURES), not negative -> `logits` (N, K) of K classes.
    """

    trunk: keras.Model
    head: keras.Model

    @property
    def variables(self) -> list[keras.Variable]:
        """All variables, all of them trainable."""
        return [*self.trunk.variables, *self.head.variables]

    def features(self, images: tf.Tensor) -> tf.Tensor:
        """Compute the features (N, FEATURES) of images (N, H, W, C) in [0, 1]."""
        return self.trunk({"image": images})["features"]

    def logits(self, features: tf.Tensor, *, dropout: float = 0.0, seed: Any = (0, 0)) -> tf.Tensor:
        """Compute the logits (N, K) of features (N, FEATURES), a share of which is dropped in training."""
        rectified = tf.nn.relu(features)
        if dropout:
            rectified = tf.nn.experimental.stateless_dropout(rectified, dropout, seed)
        return self.head({"rectified": rectified})["logits"]

    def scale_features(self, factor: float) -> None:
        """Multiply all features by a positive factor; the logits stay, because a ReLU keeps it."""
        features, logits = self.trunk.get_layer("features"), self.head.get_layer("logits")
        features.kernel.assign(features.kernel * factor)
        features.bias.assign(features.bias * factor)
        logits.kernel.assign(logits.kernel / factor)


def build(image_shape: tuple[int, int, int], class_count: int, *, seed: int) -> Classifier:
    """Build an untrained classifier of images (H, W, C).

    Raises:
        TrainingError: Keras runs on another backend than TensorFlow.
    """
    convolutions = _convolutions(image_shape)
    linear = Dense(name="features", units=FEATURES, activation="linear")
    trunk = Graph("features", "image", image_shape, (*convolutions, Flatten()), {"features": (linear,)})
    logits = Dense(name="logits", units=class_count, activation="linear")
    head = Graph("classes", "rectified", (FEATURES,), (), {"logits": (logits,)})
    initializers = Initializers(seed)
    with standard_settings():
        return Classifier(keras_model.build(trunk, initializers), keras_model.build(head, initializers))


def _convolutions(image_shape: Shape) -> list[Layer]:
    """Return convolutions that halve the image until its longer side is at most `SMALLEST_SIDE`."""
    channels = itertools.chain(CHANNELS, itertools.repeat(CHANNELS[-1]))
    is_large = max(image_shape[:2]) > LARGEST_FULL_SIDE
    layers = [Convolution(name="conv_1", units=next(channels), stride=2 if is_large else 1)]
    side = math.ceil(max(image_shape[:2]) / layers[0].stride)
    while side > SMALLEST_SIDE:
        layers.append(Convolution(name=f"conv_{len(layers) + 1}", units=next(channels), stride=2))
        side = math.ceil(side / 2)
    return [*layers]
