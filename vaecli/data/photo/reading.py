"""How the pictures of a training set become images of one shape.

The arithmetic is in whole numbers, those of Pillow for 8 bits, so that a program in another language can repeat it
to the bit. tests/data/photo/test_exact_reading.py repeats it in numpy; vectors.npz beside it holds pictures and
results. `divide` and grey are those of `whole`, `a // b` rounds down. A picture (H, W, C), perhaps with alpha, in
order:

1. Transparent parts become white. For each value v of opacity a: `s = 128 (v a + 255 (255 - a)) + 16384`, then
   `((s // 256 + s) // 256) // 128`.
2. Grey or RGB, as the model has it; a grey value stands for all three channels.
3. `crop` keeps the columns from `(W - w) // 2` on, `w = min(W, max(1, divide(H w', h')))` for a model of h' x w',
   and the rows likewise.
4. The size: with `pad` that of `whole.fit_inside`, else the model's. A picture that has it is not resized.
5. Reduction of a side of n pixels to m, where `f = n // (3 m)` is 2 or more, both sides at once: each block of
   f x f' pixels, d in number, smaller at the right and the bottom, becomes
   `((sum + d // 2) (2**24 // d)) // 2**24`. A side with f < 2 has f = 1.
6. Bicubic resizing (a = -1/2), first of rows, then of columns, in which the reduced side counts as p / q pixels
   long: n / f rounded to a float32, which is a whole number p over a power of two q. The old pixel j has in the new
   pixel i the weight w(t), `t = |(2 j + 1) q m - (2 i + 1) p| / (2 max(p, q m))`,
   `w = (3 t**3 - 5 t**2 + 2) / 2` below 1, `(-t**3 + 5 t**2 - 8 t + 4) / 2` below 2, else 0. The coefficient is w
   divided by the sum of all w of the new pixel, times 2**22, rounded; halves away from 0. The new value is
   `(2**21 + sum of coefficient times value) // 2**22`, clipped to 0 to 255, after each of the two passes.
7. `pad` places the result at (H - h) // 2 and (W - w) // 2 on a ground that has, for each channel, the mean of the
   middle two of the sorted values of its outermost rows and columns, corners twice, rounded down.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from vaecli.choices import Colour, Fit
from vaecli.data.photo.background import border
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.whole import divided, fit_inside
from vaecli.options import TrainOptions, image_size
from vaecli.pixels import SCALE, Pixels

CHANNELS: dict[Colour, int] = {"grey": 1, "rgb": 3}
_GAP = 3  # old pixels to a new one, at least, that the resizing sees after the reduction
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
        inner = self.height, self.width
        if self.fit == "pad":
            inner = fit_inside((image.height, image.width), inner)
        if image.size != (inner[1], inner[0]):
            image = _resized(image, inner)
        pixels: Pixels = np.asarray(image, np.uint8).reshape(*inner, self.channels)
        return pixels if inner == (self.height, self.width) else self._padded(pixels)

    def _middle(self, image: Image.Image) -> tuple[int, int, int, int]:
        """Return the largest box of the images' aspect ratio in the middle of a picture."""
        width = min(image.width, max(1, divided(image.height * self.width, self.height)))
        height = min(image.height, max(1, divided(image.width * self.height, self.width)))
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return left, top, left + width, top + height

    def _padded(self, pixels: Pixels) -> Pixels:
        """Place pixels (h, w, C) in the middle of an image (H, W, C) of the median colour of their border."""
        rows, columns, _ = pixels.shape
        image = np.empty(self.shape, np.uint8)
        image[...] = np.median(border(pixels), axis=0).astype(np.uint8)
        top, left = (self.height - rows) // 2, (self.width - columns) // 2
        image[top : top + rows, left : left + columns] = pixels
        return image


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Resize a picture of mode L or RGB to `size`, rows and columns.

    One call for both sides would leave their order to Pillow, whose versions differ in it, and in the last bit.
    """
    height, width = size
    down, across = (
        max(1, old // (_GAP * new)) for old, new in ((image.height, height), (image.width, width))
    )
    rows, columns = image.height / down, image.width / across
    if (down, across) != (1, 1):
        image = image.reduce((across, down))
    narrowed = image.resize((width, image.height), Image.Resampling.BICUBIC, (0, 0, columns, image.height))
    return narrowed.resize(size[::-1], Image.Resampling.BICUBIC, (0, 0, width, rows))


def _opaque(image: Image.Image) -> Image.Image:
    """Blend a picture of mode LA or RGBA with white paper; return any other as it is."""
    if image.mode not in ("LA", "RGBA"):
        return image
    paper = Image.new("RGBA", image.size, (*_PAPER, SCALE))
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert("L" if image.mode == "LA" else "RGB")
