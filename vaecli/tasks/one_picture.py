"""The one picture that a command asks about."""

import dataclasses
import os
from collections.abc import Mapping
from typing import TypeAlias

from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import OptionError
from vaecli.pixels import Pixels
from vaecli.runtime.model import Model
from vaecli.tasks.stream.opening import open_pictures
from vaecli.tasks.stream.reports import SILENT, Reports

Outputs: TypeAlias = Mapping[str, str | os.PathLike[str]]  # option -> the file or folder that it names


@dataclasses.dataclass(frozen=True, eq=False)
class OnePicture:
    """A picture as the encoder takes it.

    Attributes:
        name: its name in the stream of pictures, such as `photos/boot.jpg` or `test:17`.
        label: its class where known, else None.
        image: (H, W, C) uint8.
        note: what was done to it.
    """

    name: str
    label: str | None
    image: Pixels
    note: str


def load_picture(
    model: Model,
    name: str,
    *,
    data: str | None = None,
    photo: PhotoOptions | None = None,
    reports: Reports = SILENT,
    outputs: Outputs | None = None,
) -> OnePicture:
    """Load one picture: a file, or `test:17` of the data set; `outputs` will be written.

    Raises:
        OptionError: the name means several pictures, or an output is the picture.
        DataError: it cannot be read.
    """
    quiet = dataclasses.replace(reports, unreadable=SILENT.unreadable)  # it is raised
    stream = open_pictures(model, [name], data=data, photo=photo, reports=quiet)
    if stream.total != 1:
        raise OptionError(f"PICTURE must be one picture, got {stream.total:,} of {name}.", option="PICTURE")
    for option, path in (outputs or {}).items():
        stream.require_apart(path, option=option)
    batch = next(iter(stream))
    for unreadable in batch.unreadable.values():
        raise unreadable.error
    return OnePicture(batch.names[0], batch.labels[0], batch.images[0], f"{name}: {batch.notes[0]}")
