"""The trained networks as .keras files, for people who stay in Keras, and back."""

import pathlib

import keras

from vaecli import files
from vaecli.errors import ModelError
from vaecli.training.network import Vae


def save(vae: Vae, encoder: pathlib.Path, decoder: pathlib.Path) -> None:
    """Write both halves, each file whole or not at all; standard layers only, so Keras alone reads them."""
    for model, path in ((vae.encoder, encoder), (vae.decoder, decoder)):
        with files.replacing_folder(path.parent) as folder:
            model.save(folder / path.name)


def load(encoder: pathlib.Path, decoder: pathlib.Path) -> Vae:
    """Read both halves.

    Raises:
        ModelError: a file is missing, or Keras does not take it.
    """
    models = []
    for path in (encoder, decoder):
        if not path.exists():
            raise ModelError(
                f"There is no {path}: this run has not been trained to its end.",
                hint=f"Finish it: vaecli train --resume {path.parent}",
            )
        try:
            models.append(keras.models.load_model(path, compile=False))
        except Exception as error:  # Keras raises whatever its archive reader raises
            raise ModelError(f"Keras cannot read {path}: {error}.", hint="Train the run again.") from error
    return Vae(*models)
