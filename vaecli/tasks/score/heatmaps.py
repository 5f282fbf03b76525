"""A folder with a map of the excess of each pixel for each picture, all on one scale of colours."""

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

from vaecli import folders
from vaecli.errors import OptionError, OutputError
from vaecli.files import translating
from vaecli.metrics.score import excess_map
from vaecli.paths import user_path
from vaecli.pictures import png
from vaecli.pictures.heat import beside
from vaecli.pixels import to_float32
from vaecli.runtime.model import Model
from vaecli.tasks.stream.batch import PictureBatch

BRIGHTEST = 2.0  # nats of a channel of a pixel; a white pixel at a probability of 0.135
_CHUNK = 64  # images at a time
_LONGEST = 80  # characters of a picture's name in that of its map


class Heatmaps:
    """Writes the maps of pictures to a folder."""

    def __init__(self, model: Model, folder: pathlib.Path) -> None:
        self._model, self._folder, self._count = model, folder, 0

    def add(self, batch: PictureBatch) -> None:
        """Write a PNG for each readable picture: itself, and the excess of each of its pixels."""
        largest = BRIGHTEST * self._model.image_shape[2]
        for start in range(0, len(batch.images), _CHUNK):
            images = batch.images[start : start + _CHUNK]
            maps = excess_map(self._model, to_float32(images))
            for name, image, nats in zip(batch.names[start:], images, maps, strict=False):
                path = self._folder / f"{self._count:06d}-{_stem(name)}.png"
                with translating(path):
                    path.write_bytes(png.encoded(beside(image, nats, largest)))
                self._count += 1


@contextlib.contextmanager
def writing_heatmaps(
    model: Model, path: str | os.PathLike[str] | None, *, force: bool
) -> Iterator[Heatmaps | None]:
    """Yield what takes pictures; the folder appears if the body ends without an error. None without a path."""
    if path is None:
        yield None
        return
    target = user_path(path, option="--heatmaps", error=OutputError)
    with folders.replacing_folder(target, if_taken="replace" if force else "refuse") as folder:
        yield Heatmaps(model, folder)


def check_heatmaps(path: str | os.PathLike[str], *, force: bool) -> None:
    """Refuse, before any picture is read, a folder that could not be written.

    Raises:
        OptionError: its suffix is that of a file.
        OutputError: it is taken, and `force` is not given.
    """
    if pathlib.PurePath(path).suffix:
        raise OptionError(f"--heatmaps must be a folder, got {path}.", option="--heatmaps")
    target = user_path(path, option="--heatmaps", error=OutputError)
    folders.require_place(target, if_taken="replace" if force else "refuse", is_folder=True)


def _stem(name: str) -> str:
    """Return a picture's name as part of a file's."""
    stem = re.sub(r"\.\w{1,5}$", "", pathlib.PurePath(name).name, flags=re.ASCII)
    return re.sub(r"[^\w-]+", "-", stem, flags=re.ASCII)[:_LONGEST].strip("-") or "picture"
