"""Directions as .npz files, which belong to one model."""

import dataclasses
import os
import pathlib
import zipfile

import numpy as np
import numpy.typing as npt

from vaecli import folders
from vaecli.errors import DataError, ModelError, OptionError, OutputError
from vaecli.npz import DamagedError, read_npz, write_npz
from vaecli.paths import shown, user_path
from vaecli.pictures.text import printable
from vaecli.runtime.model import Model

SUFFIX = ".npz"
_LARGEST = 2**20  # bytes of a file, and of its arrays: 4,096 numbers are 32 KiB
_LARGEST_NUMBER = 1e4


@dataclasses.dataclass(frozen=True, eq=False)
class Direction:
    """A direction in the latent space of a model.

    Attributes:
        start: (D,) mean latent of the images that it leads from.
        goal: (D,) mean latent of those that it leads to.
        start_name: a class, or a folder without its path; empty where it is the mean of all images.
        goal_name: a class, or a folder without its path.
        keeps_all: whether it is the bare difference of the means, as `latent.directions.moved` has it.
    """

    start: npt.NDArray[np.float64]
    goal: npt.NDArray[np.float64]
    start_name: str
    goal_name: str
    keeps_all: bool


def check_saving(path: str | os.PathLike[str], *, force: bool) -> pathlib.Path:
    """Return the path of --save; refuse, before anything is computed, one that cannot be written.

    Raises:
        OptionError: another suffix than .npz.
        OutputError: it is taken and `force` is not given, or cannot be written.
    """
    target = user_path(path, option="--save", error=OutputError)
    if target.suffix.lower() != SUFFIX or target.name.lower() == SUFFIX:
        raise OptionError(f"--save must end in {SUFFIX}, got {shown(target)}.", option="--save")
    folders.require_place(target, if_taken="replace" if force else "refuse")
    return target


def save(direction: Direction, model: Model, target: pathlib.Path) -> None:
    """Write a direction: its fields, the difference of its means as `direction` (D,), and `model_id`."""
    write_npz(
        target,
        {
            "direction": direction.goal - direction.start,
            "start": direction.start,
            "goal": direction.goal,
            "start_name": np.array(direction.start_name),
            "goal_name": np.array(direction.goal_name),
            "keeps_all": np.array(direction.keeps_all),
            "model_id": np.array(model.info.model_id),
        },
    )


def load(path: pathlib.Path, model: Model) -> Direction:
    """Read a direction of a model.

    Raises:
        DataError: the file holds no direction, or is damaged.
        ModelError: it belongs to another model.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if max(size, path.stat().st_size) > _LARGEST:
            raise DamagedError(f"it is larger than {_LARGEST:,} bytes")
        arrays = read_npz(path)
        start, goal, keeps_all = arrays["start"], arrays["goal"], arrays["keeps_all"]
        model_id, start_name, goal_name = (
            _text(arrays[name]) for name in ("model_id", "start_name", "goal_name")
        )
        is_of_model = model_id == model.info.model_id
        if is_of_model and not all(_is_latent(latent, model.latent_dim) for latent in (start, goal)):
            raise DamagedError(f"its latents must be {model.latent_dim} numbers")
        if keeps_all.shape != () or keeps_all.dtype != np.bool_:
            raise DamagedError("its keeps_all must be true or false")
    except (DamagedError, KeyError, IndexError, OSError, ValueError, zipfile.BadZipFile) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(
            f"{shown(path)} must be a direction that `vaecli edit --save` wrote: {reason[:200]}."
        ) from error
    if not is_of_model:
        raise ModelError(
            f"{shown(path)} is a direction of another model than {model.path}.",
            hint="Save one from this model, or name the other with -m.",
        )
    return Direction(
        start.astype(np.float64), goal.astype(np.float64), start_name, goal_name, bool(keeps_all)
    )


def _text(array: npt.NDArray[np.generic]) -> str:
    """Return the text of an array of the shape (), on one line of at most 200 characters.

    Raises:
        DamagedError: another array.
    """
    if array.shape != () or array.dtype.kind != "U":
        raise DamagedError("its names must be texts")
    return printable(str(array))[:200]


def _is_latent(latent: npt.NDArray[np.generic], size: int) -> bool:
    """Return whether an array is (size,) of finite numbers."""
    if latent.shape != (size,) or not np.issubdtype(latent.dtype, np.floating):
        return False
    return bool(np.isfinite(latent).all() and np.abs(latent).max() <= _LARGEST_NUMBER)
