"""`vaecli info PICTURE.png`: how a picture was made, and the command that makes it again."""

import itertools
import os
import pathlib
from collections.abc import Iterator
from typing import Any

from vaecli import bundled
from vaecli.choices import Precision
from vaecli.errors import DataError, VaecliError
from vaecli.modelfile.find import locate
from vaecli.modelfile.read import read_file
from vaecli.paths import shown, user_path
from vaecli.pictures.embedded import embedded_text, is_picture
from vaecli.runs.layout import ROOT
from vaecli.tasks.recipe import Recipe
from vaecli.tasks.recipe_text import parse

_SUFFIXES = {".png", ".gif", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}
_MOST_MODELS = 100  # runs and folders here that are looked at for a model


def names_picture(path: str | os.PathLike[str]) -> bool:
    """Return whether `path` is a PNG or GIF by its content, or has the suffix of a picture."""
    place = user_path(path, option="MODEL")
    return not place.is_dir() and (place.suffix.lower() in _SUFFIXES or is_picture(place))


def picture_info(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe how a picture was made, by the recipe that it carries.

    Returns:
        `file`, the name of the picture; `recipe`, its fields; `run`, a run or model folder here that holds the
        model, else the name of the model that comes with vaecli if that is it, else None; and `command`, which
        makes the picture again, or None if it needs pictures of which only the names are known. Without a run the
        command names MODEL.

    Raises:
        DataError: the file is missing or no PNG or GIF, carries no recipe, or one that is damaged.
    """
    place = user_path(path, option="MODEL")
    name = shown(place)
    if not place.exists():
        raise DataError(f"There is no {name}.")
    if not is_picture(place):
        raise DataError(
            f"{name} must be a PNG or a GIF, got another kind of file.",
            hint="Other pictures carry no recipe of vaecli.",
        )
    text = embedded_text(place)
    if text is None:
        raise DataError(
            f"{name} carries no recipe.",
            hint="Pictures that vaecli writes carry one, unless it was removed.",
        )
    recipe = parse(text, name)
    run = _model_here(recipe)
    return {
        "file": place.name,
        "recipe": recipe.shown(),
        "run": run and str(run),
        "command": recipe.command(str(run) if run else ""),
    }


def _model_here(recipe: Recipe) -> pathlib.Path | None:
    """Return the first folder that holds a recipe's model, or the name of the bundled model if it is that one."""
    precision: Precision = recipe.precision  # type: ignore[assignment]  # `parse` has checked it
    for folder in (*itertools.islice(_candidates(), _MOST_MODELS), pathlib.Path(bundled.MODEL)):
        try:
            decoder, encoder = locate(folder, precision)
            if recipe.sources and not encoder.exists():
                continue
            if read_file(decoder).info.model_id == recipe.model_id:
                return folder
        except (VaecliError, OSError):
            continue
    return None


def _candidates() -> Iterator[pathlib.Path]:
    """Yield the folders that may hold a model: those in runs/, the current folder, and those in it."""
    for root in (ROOT, pathlib.Path()):
        try:
            folders = sorted(path for path in root.iterdir() if path.is_dir())
        except OSError:
            continue
        folders = [pathlib.Path(), *folders] if root != ROOT else folders
        for folder in folders:
            if any((place / "decoder.onnx").exists() for place in (folder, folder / "model")):
                yield folder
