"""Streams of the pictures that a user names."""

import os
from collections.abc import Iterable, Sequence

import numpy as np

from vaecli.choices import Part
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.photo.prepare import Preparation
from vaecli.runtime.model import Model
from vaecli.tasks.inputs import load_for
from vaecli.tasks.stream.names import Names
from vaecli.tasks.stream.reader import Reader
from vaecli.tasks.stream.reports import SILENT, Reports
from vaecli.tasks.stream.shard import ALL, Shard
from vaecli.tasks.stream.stream import PictureStream


def open_pictures(
    model: Model,
    pictures: Sequence[str | os.PathLike[str]],
    *,
    data: str | None = None,
    split: Part | None = None,
    shard: Shard = ALL,
    photo: PhotoOptions | None = None,
    reports: Reports = SILENT,
) -> PictureStream:
    """Open the pictures that a user names as a stream; nothing is decoded yet.

    A picture is prepared as the model says; images of the data set, and arrays (N, H, W, C) of the model's shape,
    are taken as they are. In the stream each picture has the name that the user gave, joined with the path in a
    folder or archive; an image of a data set or array has its index: `test:17`, `images.npy:17`.

    Args:
        model: an opened model.
        pictures: files, folders, globs, archives, .npy and .npz files, `test:17`, `val:0:100`; none for all images
            of `split`.
        data: the data set of `split` and of `test:17`; by default that of the model.
        split: the part that is read where `pictures` is empty; by default test, else validation.
        shard: which part of all pictures.
        photo: how pictures become like the training images; by default as the model says.
        reports: get what is to be said while pictures are read.

    Raises:
        OptionError: a name is empty, or a glob matches nothing.
        DataError: a folder, an archive or an array without pictures, or a data set that cannot be had.
        ModelError: the model has no encoder.
    """
    model.encode(
        np.empty((0, *model.image_shape), np.uint8)
    )  # a missing encoder is an error before any reading
    names = _names(model, data, photo, reports)
    sections = names.sections(pictures) if pictures else [names.part(split)]
    total = sum(section.count for section in sections)
    return PictureStream(
        sections,
        shard.rows(total),
        model.image_shape,
        threads=model.threads,
        reports=reports,
    )


def open_at_hand(
    model: Model, pictures: Iterable[str], *, data: str | None = None, photo: PhotoOptions | None = None
) -> PictureStream:
    """Open, of names that a stream gave to pictures earlier, those that still mean one picture each.

    Others are left out: empty ones, files that are gone, folders, and images that the data set does not have.
    """
    names = _names(model, data, photo, SILENT)
    sections = [section for name in pictures for section in names.at_hand(name)]
    total = sum(section.count for section in sections)
    return PictureStream(sections, range(total), model.image_shape, threads=model.threads, reports=SILENT)


def _names(model: Model, data: str | None, photo: PhotoOptions | None, reports: Reports) -> Names:
    preparation = Preparation.from_metadata(model.info.preparation, model.image_shape)
    return Names(
        Reader(preparation, photo or PhotoOptions()),
        lambda part: load_for(
            model, data, part, warn=reports.warn, progress=reports.download, pictures=reports.decoding
        ),
        reports.warn,
    )
