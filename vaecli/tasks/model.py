"""Open the model that a command works on; loads onnxruntime and nothing of the data packages."""

import pathlib

from vaecli.choices import Precision
from vaecli.runtime.model import Model


def open_model(path: pathlib.Path, *, precision: Precision = "float32", threads: int | None = None) -> Model:
    """Open a run, a model folder or a decoder file, as `Model.open` does."""
    return Model.open(path, precision=precision, threads=threads)
