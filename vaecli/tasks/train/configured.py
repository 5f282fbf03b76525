"""`--config` with other options: numbers of the file that go with its own options give way to the defaults.

A run writes every option with its value into config.toml: width, depth and learning rate for its network, the
warm-up of the KL for its epochs, the batch size for its images. Another network has numbers of its own.
"""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from vaecli import batches
from vaecli.errors import OptionError, VaecliError
from vaecli.options import TrainOptions, image_size, merge
from vaecli.paths import is_same_place, shown, user_path
from vaecli.runs.layout import Run
from vaecli.training.networks import table

DEPENDENT = ("width", "depth", "batch_size", "learning_rate", "kl_warmup")  # their defaults depend on options
DIVISION = {"data", "validation_split", "test_split"}  # they decide the number of training images
SHAPE = {"data", "image_size", "colour"}  # they decide the shape of an image


class Images(NamedTuple):
    """The images of the run that wrote a file: their shape (H, W, C), and the number to train on."""

    shape: tuple[int, int, int]
    n_train: int


@dataclasses.dataclass(frozen=True)
class Outdated:
    """The settings of a file that do not go with the options of the command line.

    Attributes:
        path: the file.
        settings: name -> value in the file.
        causes: the typed options that differ from the file's, such as `--network`.
    """

    path: pathlib.Path
    settings: dict[str, Any]
    causes: list[str]

    @property
    def note(self) -> str:
        """Name the settings and their causes, and how to keep one."""
        listing = ", ".join(f"{name} = {value}" for name, value in self.settings.items())
        first, value = next(iter(self.settings.items()))
        return (
            f"Not taken from {shown(self.path)}, because they go with another {' and '.join(self.causes)}: "
            f"{listing}. The defaults take their places; to keep one, type it: --{first.replace('_', '-')} {value}."
        )


def outdated(path: pathlib.Path, settings: Mapping[str, Any], typed: Mapping[str, Any]) -> Outdated:
    """Return the settings of a file that give way to the defaults for the typed options.

    Width, depth and learning rate of another network do so in any case; the other numbers only if they are the
    defaults for the file's own options. Defaults that depend on the images are known for the config.toml of a run.

    Args:
        path: the file.
        settings: of the file.
        typed: the options of the command line.
    """
    images = _images(path)
    changed = {name for name, value in typed.items() if _differs(name, value, settings.get(name))}
    changed_here = changed & settings.keys()
    network, batch_size, epochs = (changed_here & {name} for name in ("network", "batch_size", "epochs"))
    causes = dict.fromkeys(DEPENDENT, network) | {"batch_size": set(), "kl_warmup": set()}
    if images and settings.get("width") == _default(
        settings, "network", of=lambda options: table.size_of(options, images.shape).width
    ):
        causes["width"] = network | changed & SHAPE
    if images and settings.get("batch_size") == batches.size(images.n_train):
        causes["batch_size"] = changed & DIVISION
    if settings.get("learning_rate") == _default(settings, "network", "batch_size", of=table.learning_rate):
        causes["learning_rate"] = network | batch_size | causes["batch_size"]
    if settings.get("kl_warmup") == _default(settings, "epochs", of=table.kl_warmup):
        causes["kl_warmup"] = epochs
    names = [name for name in DEPENDENT if causes[name] and name in settings and name not in typed]
    flags = [_flag(name, typed) for name in typed if any(name in causes[dependent] for dependent in names)]
    return Outdated(path, {name: settings[name] for name in names}, flags)


def _default(settings: Mapping[str, Any], *names: str, of: Callable[[TrainOptions], Any]) -> Any:
    """Return a default for those options of a file that `names` lists; None if one is out of its range."""
    with contextlib.suppress(OptionError):
        return of(merge({name: settings[name] for name in names if name in settings}))
    return None


def _differs(name: str, typed: Any, before: Any) -> bool:
    """Return whether a typed option differs from the setting of the file."""
    with contextlib.suppress(VaecliError):  # an invalid value is refused later
        if name == "data" and before is not None:
            return bool(typed != before) and not is_same_place(user_path(typed), os.fspath(before))
        if name == "image_size" and before is not None:
            return image_size(typed) != image_size(before)
    return bool(typed != before)


def _flag(name: str, typed: Mapping[str, Any]) -> str:
    return f"--{typed[name]}" if name == "colour" else "--" + name.replace("_", "-")


def _images(path: pathlib.Path) -> Images | None:
    """Read the facts of the images of the run whose config.toml `path` is; None for another file."""
    run = Run(user_path(path).parent)
    if path.name != run.config.name:
        return None
    with contextlib.suppress(VaecliError, LookupError, TypeError, ValueError, OverflowError):
        data = run.read_provenance()["data"]
        height, width, channels = (max(1, int(side)) for side in data["image_shape"])
        return Images((height, width, channels), int(data["count"]))
    return None
