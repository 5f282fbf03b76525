"""The search for the nearest pictures, in flat memory: among pictures, or among latents that `encode` wrote."""

import dataclasses
import os
import pathlib

import numpy as np
import numpy.typing as npt

from vaecli.choices import DATA_SETS, Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import OptionError
from vaecli.latent.nearest import Nearest
from vaecli.paths import is_same_place, shown, user_path
from vaecli.pixels import Pixels, to_uint8
from vaecli.runtime.model import Model
from vaecli.tables.latents import LatentTable, holds_latents
from vaecli.tasks.one_picture import OnePicture
from vaecli.tasks.stream.opening import open_at_hand, open_pictures
from vaecli.tasks.stream.reports import Reports
from vaecli.tasks.stream.stream import PictureStream

_SAME = 0.01  # relative difference of latents of one picture, prepared with the same options, at most


@dataclasses.dataclass(frozen=True, eq=False)
class Neighbour:
    """A picture near another one.

    Attributes:
        file: its name, as `encode` writes it.
        label: its class; None if it has none.
        distance: of the two posterior means.
        image: (H, W, C) uint8.
        is_decoded: whether the picture itself was not there, so that the image is its reconstruction.
    """

    file: str
    label: str | None
    distance: float
    image: Pixels
    is_decoded: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Place:
    """A place that is searched.

    Attributes:
        model: the model.
        among: what the user named.
        split: part of a data set; only where `among` is its name.
        data: data set of references such as `train:0:1000`.
        photo: how files become like the training images.
        reports: get what is to be said meanwhile.

    Raises:
        OptionError: a split of something that is no data set.
    """

    model: Model
    among: str
    split: Part | None
    data: str | None
    photo: PhotoOptions | None
    reports: Reports

    def __post_init__(self) -> None:
        """Refuse a split of a folder or a file."""
        if self.split is not None and not self.is_data_set:
            raise OptionError(
                f"--split must be left out unless --among names a data set, got {self.split}.",
                option="--split",
            )

    @property
    def is_data_set(self) -> bool:
        """Whether the place is a data set by its name."""
        return self.among in DATA_SETS and not os.path.lexists(self.among)

    @property
    def is_table(self) -> bool:
        """Whether the place is a table of latents."""
        path = user_path(self.among, option="--among")
        return not self.is_data_set and path.is_file() and holds_latents(path)

    def search(
        self,
        given: OnePicture,
        count: int,
        scales: npt.NDArray[np.float64] | None,
        target: str | os.PathLike[str] | None,
    ) -> tuple[list[Neighbour], int, PictureStream | None]:
        """Return the neighbours of a picture, the number of pictures, and their stream; None for latents.

        Args:
            given: the picture.
            count: number of neighbours.
            scales: (D,) what differences of latents are divided by; None for plain distances.
            target: file that will be written.

        Raises:
            OptionError: the target is one of the pictures, or the file of the latents.
        """
        z_mean = self.model.encode(given.image[np.newaxis])[0][0]
        if self.is_table:
            path = user_path(self.among, option="--among")
            if target is not None and is_same_place(path, user_path(target, option="--out")):
                raise OptionError(
                    f"--out must be another file than --among, got {shown(target)}.", option="--out"
                )
            nearest = Nearest(z_mean, count + 1, scales)  # the picture itself may be one of them
            table = LatentTable(path, self.model.latent_dim)
            neighbours = among_latents(self.model, given, table, nearest, data=self.data, photo=self.photo)
            return neighbours[:count], nearest.total, None
        stream = open_pictures(
            self.model,
            [] if self.is_data_set else [self.among],
            data=self.among if self.is_data_set else self.data,
            split=self.split,
            photo=self.photo,
            reports=self.reports,
        )
        if target is not None:
            stream.require_apart(target)
        nearest = Nearest(z_mean, count, scales)
        return among_pictures(self.model, given, stream, nearest), nearest.total, stream


def among_pictures(
    model: Model, given: OnePicture, stream: PictureStream, nearest: Nearest
) -> list[Neighbour]:
    """Return the nearest pictures of a stream, without the given one itself."""
    kept: dict[int, tuple[str, str | None, Pixels]] = {}

    for batch, values in stream.computed(lambda images: {"z": model.encode(images)[0]}):
        start = nearest.total
        own = [start + row for row, name in enumerate(batch.names) if _is_same(name, given.name)]
        nearest.add(values["z"], without=frozenset(own))
        for index in nearest.indices[nearest.indices >= start].tolist():
            row = index - start
            kept[index] = batch.names[row], batch.labels[row], batch.images[row].copy()
        kept = {index: kept[index] for index in nearest.indices.tolist()}
    return [
        Neighbour(*kept[index][:2], distance, kept[index][2])
        for index, distance in zip(nearest.indices.tolist(), nearest.distances.tolist(), strict=True)
    ]


def among_latents(
    model: Model,
    given: OnePicture,
    table: LatentTable,
    nearest: Nearest,
    *,
    data: str | None,
    photo: PhotoOptions | None,
) -> list[Neighbour]:
    """Return the nearest rows of a table, without the given picture itself.

    Their pictures are read again by their names; the reconstruction takes the place of each that is gone or has
    changed.
    """
    for latents in table.chunks():
        nearest.add(latents)
    rows = nearest.indices.tolist()
    files, labels = (table.texts(name, rows) for name in ("file", "label"))
    stream = open_at_hand(model, filter(None, files.values()), data=data, photo=photo)
    images = {name: image for batch in stream for name, image in zip(batch.names, batch.images, strict=True)}
    neighbours = []
    for z, row, distance in zip(nearest.latents, rows, nearest.distances.tolist(), strict=True):
        if _is_same(files[row], given.name):
            continue
        image = images.get(files[row])
        is_decoded = image is None or not _has_latent(model, image, z)
        if image is None or is_decoded:
            image = to_uint8(model.decode(z[np.newaxis]))[0]
        neighbours.append(Neighbour(files[row], labels[row] or None, distance, image, is_decoded))
    return neighbours


def _has_latent(model: Model, image: Pixels, z: npt.NDArray[np.float32]) -> bool:
    """Return whether a picture still has a latent (D,): its name may mean another picture by now."""
    difference = np.abs(model.encode(image[np.newaxis])[0][0] - z).max()
    return bool(difference < _SAME * (1.0 + np.abs(z).max()))


def _is_same(name: str, other: str) -> bool:
    """Return whether two names mean the same picture: the same text, or the same file."""
    if name == other:
        return True
    if pathlib.PurePath(name).name != pathlib.PurePath(other).name:
        return False
    try:
        return os.path.samefile(name, other)  # noqa: PTH121
    except (OSError, ValueError):
        return False
