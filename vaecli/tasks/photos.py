"""The preparation of a user's pictures, as the commands that take pictures need it."""

import os

from vaecli.choices import Cutout, PicturePolarity, Prepare
from vaecli.data.photo.photo_options import PhotoOptions, parse_range
from vaecli.errors import OptionError
from vaecli.pictures.targets import check_target, target_kind
from vaecli.pictures.writers import write_images
from vaecli.pixels import Pixels


def photo_options(
    *,
    prepare: Prepare = "auto",
    polarity: PicturePolarity = "auto",
    trim: bool = True,
    cutout: Cutout = "auto",
    value_range: str = "auto",
) -> PhotoOptions:
    """Return the options of the preparation; `value_range` is auto, full or LOW:HIGH.

    Raises:
        OptionError: another text.
    """
    return PhotoOptions(
        prepare=prepare, polarity=polarity, trim=trim, cutout=cutout, value_range=parse_range(value_range)
    )


def require_folder(path: str | os.PathLike[str], *, force: bool) -> None:
    """Refuse a target of `save_prepared` that is no folder, or is taken.

    Raises:
        OptionError: its suffix is that of a file.
        OutputError: it is taken, and `force` is not given.
    """
    if target_kind(path) != "folder":
        raise OptionError(f"--save-prepared must be a folder, got {path}.", option="--save-prepared")
    check_target(path, if_taken="replace" if force else "refuse")


def save_prepared(path: str | os.PathLike[str], images: Pixels, *, force: bool) -> None:
    """Write pictures (N, H, W, C) to a folder, a PNG each, in their order."""
    write_images(
        path,
        (image[None] for image in images),
        count=len(images),
        shape=images.shape[1:],
        if_taken="replace" if force else "refuse",
    )
