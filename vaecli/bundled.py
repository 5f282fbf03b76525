"""The model that comes with the package: its name, and where its files are.

`fashion-mnist` opens it wherever a model is named. A file, a run or a model folder of that name in the current
folder wins; other folders, such as one of pictures, do not.
"""

import os
import pathlib

MODEL = "fashion-mnist"
MODEL_HINT = (
    f"Train one with `vaecli train`, or name one with --model; `-m {MODEL}` is one that comes with vaecli."
)
REINSTALL = "Install vaecli anew: pip install --force-reinstall --no-deps vaecli"
_FOLDER = pathlib.Path(__file__).with_name("bundled_models") / MODEL
_SIGNS = ("*coder*.onnx", "model", "provenance.json", "config.toml")  # of a model folder or a run


def model_folder(path: pathlib.Path) -> pathlib.Path | None:
    """Return the folder of the bundled model if a path is its name and nothing here has that name."""
    return _FOLDER if str(path) == MODEL and not _is_taken(path) else None


def is_name_taken(path: pathlib.Path) -> bool:
    """Return whether a path is the name of the bundled model, but leads to a file, run or model folder here."""
    return str(path) == MODEL and _is_taken(path)


def holds(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a file of the bundled model."""
    return pathlib.Path(path).parent == _FOLDER


def _is_taken(path: pathlib.Path) -> bool:
    return os.path.isfile(path) or any(next(path.glob(sign), None) for sign in _SIGNS)  # noqa: PTH113  # never raises
