"""The trained networks as .keras files, for people who stay in Keras; vaecli itself reads the state instead."""

import pathlib

from vaecli import files
from vaecli.training.vae import Vae


def save(vae: Vae, folder: pathlib.Path, *, encoder: str, decoder: str) -> None:
    """Write both halves into a folder under these names, whole; standard layers only, so Keras alone reads them."""
    with files.replacing_folder(folder, inside=True) as temporary:
        vae.encoder.save(temporary / encoder)
        vae.decoder.save(temporary / decoder)
