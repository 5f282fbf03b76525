"""How the pictures of a training set become images of one shape."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from vaecli.choices import Colour, Fit
from vaecli.data.photo.background import border
from vaecli.data.photo.decode import Opened
from vaecli.options import TrainOptions, image_size
from vaecli.pixels import SCALE, Pixels

CHANNELS: dict[Colour, int] = {"grey": 1, "rgb": 3}
_PAPER = (SCALE,) * 3  # what shows through transparent parts


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """Size, colour and fit that a user asks for; each that is None is chosen from the pictures."""

    size: tuple[int, int] | None = None
    colour: Colour | None = None
    fit: Fit | None = None

    @classmethod
    def of(cls, options: TrainOptions) -> "ReadingOptions":
        """Return what the options of a run ask for."""
        size = None if options.image_size is None else image_size(options.image_size)
        return cls(size=size, colour=options.colour, fit=options.fit)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reading:
    """How each picture of a training set is read.

    Attributes:
        height: of the images.
        width: of the images.
        channels: 1 (grey, by the weights of ITU-R BT.601) or 3 (RGB).
        fit: `pad` keeps the whole picture and fills the rest with the median colour of its border; `crop` keeps its
            middle; `stretch` changes its aspect ratio.
    """

    height: int
    width: int
    channels: int
    fit: Fit = "pad"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of the images."""
        return self.height, self.width, self.channels

    @classmethod
    def from_metadata(cls, table: Mapping[str, Any], shape: tuple[int, int, int]) -> "Reading":
        """Return the reading that `to_metadata` made the table of, for images of `shape` (H, W, C)."""
        height, width, channels = shape
        return cls(height=height, width=width, channels=channels, fit=table["fit"])

    @property
    def options(self) -> ReadingOptions:
        """The options that read other pictures in this way."""
        return ReadingOptions(size=(self.height, self.width), colour=self.colour, fit=self.fit)

    @property
    def colour(self) -> Colour:
        """`grey` or `rgb`."""
        return "rgb" if self.channels == 3 else "grey"

    def to_metadata(self) -> dict[str, Any]:
        """Return the table for a model file; the shape stands elsewhere in it."""
        return {"fit": self.fit}

    def apply(self, opened: Opened) -> Pixels:
        """Bring an opened picture to the shape (H, W, C), uint8; transparent parts become white."""
        image, mode = _opaque(opened.image), "RGB" if self.channels == 3 else "L"
        if image.mode != mode:  # `convert` would copy the picture
            image = image.convert(mode)
        if self.fit == "crop":
            image = image.crop(self._middle(image))
        inner = self._inner(image) if self.fit == "pad" else (self.height, self.width)
        if image.size != (inner[1], inner[0]):
            image = image.resize((inner[1], inner[0]), Image.Resampling.BICUBIC, reducing_gap=3.0)
        pixels: Pixels = np.asarray(image, np.uint8).reshape(*inner, self.channels)
        return pixels if inner == (self.height, self.width) else self._padded(pixels)

    def _middle(self, image: Image.Image) -> tuple[int, int, int, int]:
        """Return the largest box of the images' aspect ratio in the middle of a picture."""
        width = min(image.width, max(1, round(image.height * self.width / self.height)))
        height = min(image.height, max(1, round(image.width * self.height / self.width)))
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return left, top, left + width, top + height

    def _inner(self, image: Image.Image) -> tuple[int, int]:
        """Return the rows and columns that a picture fills when it keeps its aspect ratio; at least 1."""
        scale = min(self.height / image.height, self.width / image.width)
        return max(1, round(image.height * scale)), max(1, round(image.width * scale))

    def _padded(self, pixels: Pixels) -> Pixels:
        """Place pixels (h, w, C) in the middle of an image (H, W, C) of the median colour of their border."""
        rows, columns, _ = pixels.shape
        image = np.empty(self.shape, np.uint8)
        image[...] = np.median(border(pixels), axis=0).astype(np.uint8)
        top, left = (self.height - rows) // 2, (self.width - columns) // 2
        image[top : top + rows, left : left + columns] = pixels
        return image


def _opaque(image: Image.Image) -> Image.Image:
    """Blend a picture of mode LA or RGBA with white paper; return any other as it is."""
    if image.mode not in ("LA", "RGBA"):
        return image
    paper = Image.new("RGBA", image.size, (*_PAPER, SCALE))
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("L" if image.mode == "LA" else "RGB")
