"""The trained networks as .keras files, for people who stay in Keras; vaecli itself reads the state instead."""

import pathlib

from vaecli.files import translating
from vaecli.folders import replacing_folder
from vaecli.training.vae import Vae


def save(vae: Vae, folder: pathlib.Path, *, encoder: str, decoder: str) -> None:
    """Write both halves into a folder under these names, whole; standard layers only, so Keras alone reads them."""
    with replacing_folder(folder) as temporary, translating(folder):
        vae.encoder.save(temporary / encoder)
        vae.decoder.save(temporary / decoder)
