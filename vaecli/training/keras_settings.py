"""Keras' global settings, which ~/.keras/keras.json or a calling program may have changed."""

import contextlib
from collections.abc import Iterator

import keras

from vaecli.errors import TrainingError


@contextlib.contextmanager
def standard_settings() -> Iterator[None]:
    """Create layers and optimizers in the body in float32 and channels last; restore the settings afterwards.

    Raises:
        TrainingError: Keras has been imported with another backend than TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise TrainingError(
            f"Keras must run on TensorFlow, and this process has loaded it with {keras.backend.backend()}.",
            hint="Set KERAS_BACKEND=tensorflow before keras is imported.",
        )
    config = keras.config
    saved = config.image_data_format(), config.floatx(), config.dtype_policy()
    _set("channels_last", "float32", "float32")
    try:
        yield
    finally:
        _set(*saved)


def _set(data_format: str, float_type: str, policy: "str | keras.DTypePolicy") -> None:
    keras.config.set_image_data_format(data_format)
    keras.config.set_floatx(float_type)
    keras.config.set_dtype_policy(policy)
