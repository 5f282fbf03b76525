"""Pictures read and prepared for a model, in pieces of a stream."""

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from vaecli.data.collection.examine import Budget
from vaecli.data.collection.listing import Content
from vaecli.data.images import ImageSet
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.photo.prepare import Picture, Preparation
from vaecli.errors import DataError
from vaecli.pixels import Pixels


class Piece(NamedTuple):
    """Consecutive pictures, read.

    Attributes:
        names: (n,) of all of them.
        labels: (n,) names of classes; None where there is none.
        images: (m, H, W, C) of those that could be read, in order.
        notes: (m,) what was done to each of these.
        errors: position in the piece of each of the others -> what is wrong with it.
    """

    names: list[str]
    labels: list[str | None]
    images: Pixels
    notes: list[str]
    errors: dict[int, DataError]


@dataclasses.dataclass(frozen=True)
class Reader:
    """The preparation of pictures for a model.

    Attributes:
        preparation: that of the model.
        options: what the user says of it.
        budget: bytes that may be decoded at a time.
    """

    preparation: Preparation
    options: PhotoOptions
    budget: Budget = dataclasses.field(default_factory=Budget)

    def read(self, content: Content, name: str) -> Picture:
        """Read a file, or the content of a member of an archive.

        Raises:
            DataError: it cannot be read.
        """
        if isinstance(content, DataError):
            raise content
        reserve = functools.partial(self.budget.reserved, reduced=True)
        return self.preparation.read(content, name, self.options, reserve)

    def takes(self, images: ImageSet) -> bool:
        """Return whether the images of an array are used as they are: they have the model's shape."""
        return self.options.polarity == "auto" and images.images.shape[1:] == self.preparation.shape

    def convert(self, image: Pixels) -> Picture:
        """Prepare an image (H, W, C) of an array as if it were a picture."""
        picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        return self.preparation.apply(Opened(picture, picture.size, picture.mode, ()), self.options)

    def piece(
        self, names: list[str], labels: list[str | None], pictures: Sequence[Callable[[], Picture]]
    ) -> Piece:
        """Read pictures; those that cannot be read become errors."""
        images, notes, errors = [], [], {}
        for position, read in enumerate(pictures):
            try:
                picture = read()
            except DataError as error:
                errors[position] = error
            else:
                images.append(picture.image)
                notes.append(", ".join(picture.steps) or "used without a change")
        shape = (len(images), *self.preparation.shape)
        return Piece(names, labels, np.array(images, np.uint8).reshape(shape), notes, errors)
