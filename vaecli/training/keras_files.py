"""The trained networks as .keras files, for use in Keras; vaecli itself reads the state instead."""

import pathlib

from vaecli.files import translating
from vaecli.folders import replacing_folder
from vaecli.training.vae import Vae


def save(vae: Vae, folder: pathlib.Path, *, encoder: str, decoder: str) -> None:
    """Write both networks to files of these names in a folder; Keras reads them without vaecli.

    Raises:
        OutputError: the folder cannot be written.
    """
    with replacing_folder(folder) as temporary, translating(folder):
        vae.encoder.save(temporary / encoder)
        vae.decoder.save(temporary / decoder)
