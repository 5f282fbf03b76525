"""Open the model that a command works on, and say what can be done with it; loads nothing of the data packages."""

import pathlib
from typing import Literal

from vaecli.choices import Precision
from vaecli.errors import ModelError
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

__all__ = ["Model", "next_command", "open_model"]

BUNDLED = "fashion-mnist-mini"


def open_model(path: pathlib.Path, *, precision: Precision = "float32", threads: int | None = None) -> Model:
    """Open a run, a model folder or a decoder file, as `Model.open` does."""
    return Model.open(path, precision=precision, threads=threads)


def next_command(model: Model) -> Literal["interpolate", "info", ""]:
    """Return a command that works after `vaecli sample`; none if files beside the decoder do not fit."""
    if _can_interpolate(model):
        return "interpolate"
    try:
        read_all(model.path)
    except ModelError:
        return ""
    return "info"


def _can_interpolate(model: Model) -> bool:
    """Return whether `vaecli interpolate test:0 test:1` works: the encoder and the test set are on this machine."""
    path = model.path.with_name("encoder.onnx")
    try:
        encoder = read_file(path).info if path.exists() else None
    except ModelError:
        return False
    if encoder is None or (encoder.part, encoder.model_id) != ("encoder", model.info.model_id):
        return False
    name, kind = model.info.data["name"], model.info.data.get("kind", "named")
    if kind != "named" or name == BUNDLED:
        return bool(kind == "named")
    from vaecli.tasks.data import states  # 15 ms: it brings Pillow

    return any(entry.name == name and entry.state != "not here" for entry in states())
