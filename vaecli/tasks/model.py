"""Open the model of a command, and return the command to suggest next. Imports no data package at first."""

import pathlib
from typing import Literal

from vaecli.choices import Precision
from vaecli.errors import ModelError, VaecliError
from vaecli.modelfile.find import locate, read_all
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

__all__ = ["Model", "next_words", "open_model"]

BUNDLED = "fashion-mnist-mini"


def open_model(path: pathlib.Path, *, precision: Precision = "float32", threads: int | None = None) -> Model:
    """Open a run, a model folder, a decoder file or the bundled model, as `Model.open` does."""
    return Model.open(path, precision=precision, threads=threads)


def next_words(model: Model) -> list[str]:
    """Return the words of a command to suggest after `vaecli sample`; empty if the model's files do not fit."""
    part = _part_to_interpolate(model)
    if part:
        return ["interpolate", f"{part}:0", f"{part}:1"]
    try:
        read_all(model.path)
    except ModelError:
        return []
    return ["info"]


def _part_to_interpolate(model: Model) -> Literal["test", "val", ""]:
    """Return the part whose first pictures to interpolate; empty if encoder or images are not on this machine."""
    try:
        path = locate(model.path)[1]
        encoder = read_file(path).info if path.exists() else None
    except ModelError:
        return ""
    if encoder is None or (encoder.part, encoder.model_id) != ("encoder", model.info.model_id):
        return ""
    name, kind = model.info.data["name"], model.info.data.get("kind", "named")
    if kind != "named":
        is_there = _is_in_its_run(model)
        return "" if not is_there else "test" if model.info.data.get("test_sha256") else "val"
    if name == BUNDLED:
        return "test"
    from vaecli.tasks.data import states  # 15 ms: it brings Pillow

    return "test" if any(entry.name == name and entry.state != "not here" for entry in states()) else ""


def _is_in_its_run(model: Model) -> bool:
    """Return whether a model lies in its run and the path of the run's images exists."""
    if not (model.path.resolve().parent.parent / "config.toml").exists():
        return False
    from vaecli.tasks.origin import find_origin

    try:
        return pathlib.Path(str(find_origin(model).options.data)).exists()
    except (VaecliError, OSError):
        return False
