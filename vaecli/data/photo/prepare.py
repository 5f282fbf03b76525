"""A user's picture, any size, any background, to a model's input."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageChops

from vaecli.choices import Fit, Photo, Polarity
from vaecli.data.images import Images
from vaecli.data.photo import frame
from vaecli.data.photo.background import Floats, find_background
from vaecli.data.photo.decode import Opened, open_picture
from vaecli.data.photo.frame import Placement, Scene
from vaecli.data.photo.guess import guess_photo, guess_polarity
from vaecli.data.photo.reading import Reading
from vaecli.data.photo.subject import find_box
from vaecli.errors import DataError
from vaecli.paths import user_path
from vaecli.pixels import SCALE, Pixels

TRANSPARENT = "transparent parts taken as background"
_RESIZED: dict[Fit, str] = {
    "pad": "resized and padded as the training pictures were",
    "crop": "its middle resized as those of the training pictures were",
    "stretch": "stretched to the size as the training pictures were",
}
_ENOUGH = 32  # pixels of the picture for one of the model: more are averaged away before the work begins


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A picture brought to a model's shape.

    Attributes:
        image: (H, W, C) uint8.
        size: (width, height) of the file.
        mode: Pillow's, of the file.
        steps: what was done to it, in short phrases, in order.
    """

    image: Pixels
    size: tuple[int, int]
    mode: str
    steps: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a picture becomes the input of a model.

    Attributes:
        shape: (H, W, C) of the model's images.
        polarity: of the training images.
        photo: how a picture of another size is placed in the frame. `fashion`: the subject fills it, in the middle;
            `digits`: the subject fills 20 / 28 of it, centred by its mass; `resize`: it is read by `reading`, as
            the training pictures were, and its polarity stays.
        reading: how the pictures of a folder become images for this model; None for models of images that had their
            shape, and whose subject is cut out.
        scale: what pixels are divided by.
    """

    shape: tuple[int, int, int]
    polarity: Polarity
    photo: Photo = "fashion"
    reading: Reading | None = None
    scale: int = SCALE

    @classmethod
    def of_images(cls, images: Images, reading: Reading | None = None) -> "Preparation":
        """Return the preparation that brings pictures to the likeness of training images (N, H, W, C).

        A subject is cut out for images of one plain background, unless they were themselves read from whole
        pictures; then only a subject on black is, as in Fashion-MNIST and MNIST.

        Args:
            images: the training images.
            reading: how they were read from pictures; None if they had their shape.
        """
        height, width, channels = images.shape[1:]
        polarity = guess_polarity(images)
        keeps_scene = polarity == "any" or (reading is not None and polarity != "light-on-dark")
        if keeps_scene and reading is None:
            reading = Reading(height=height, width=width, channels=channels, fit="pad")
        photo = "resize" if keeps_scene else guess_photo(images, polarity)
        return cls(shape=(height, width, channels), polarity=polarity, photo=photo, reading=reading)

    @classmethod
    def from_metadata(cls, table: Mapping[str, Any], shape: tuple[int, int, int]) -> "Preparation":
        """Return the preparation that `to_metadata` made the table of, for images of `shape` (H, W, C)."""
        reading = table.get("reading")
        return cls(
            shape=shape,
            polarity=table["polarity"],
            photo=table["photo"],
            reading=None if reading is None else Reading.from_metadata(reading, shape),
            scale=table["scale"],
        )

    def to_metadata(self) -> dict[str, Any]:
        """Return the table for a model file; the shape stands elsewhere in it."""
        reading = {} if self.reading is None else {"reading": self.reading.to_metadata()}
        return {"scale": self.scale, "polarity": self.polarity, "photo": self.photo} | reading

    def load(self, path: str | os.PathLike[str]) -> Picture:
        """Read any picture and bring it to the model's shape and polarity.

        Raises:
            OptionError: the path is empty.
            DataError: the file is missing, no picture, damaged, too large, or wholly transparent.
        """
        checked = user_path(path, option="PICTURES")
        try:
            return self.apply(open_picture(checked))
        except DataError as error:
            if str(path) in error.message:
                raise
            raise DataError(f"{path}: {error.message}", hint=error.hint) from error

    def apply(self, opened: Opened) -> Picture:
        """Bring an opened picture to the model's shape and polarity.

        With a `reading` and the photo `resize`, it is read as the training pictures were. Otherwise:
        a picture that has the size already is negated if necessary, and else left as it is. Any other is cut to its
        subject, its background made black or white, resized without distortion, and placed in the frame. Negation:
        the border of an opaque picture tells its background, light if it is above middle grey (a plain grey one: if
        it is lighter than the subject); transparent parts are background, and the subject's brightness decides.

        Raises:
            DataError: it is wholly transparent.
        """
        image, alpha, steps = _separate(opened.image, self.shape[2])
        if alpha is not None and alpha.getextrema()[1] == 0:
            raise DataError("The picture is wholly transparent: there is nothing to see.")
        if self.photo == "resize" and self.reading is not None:
            return self._read(opened, steps, self.reading)
        height, width = self.shape[:2]
        if image.size == (width, height):
            scene, negated = frame.apply_polarity(_scene(image, alpha), self.polarity)
            return Picture(
                frame.to_pixels(scene.pixels), opened.size, opened.mode, (*opened.steps, *steps, *negated)
            )
        prepared, done = self._prepare(image, alpha)
        return Picture(prepared, opened.size, opened.mode, (*opened.steps, *steps, *done))

    def _read(self, opened: Opened, steps: list[str], reading: Reading) -> Picture:
        """Read a picture as the training pictures were; `steps` separate its colour and alpha."""
        white = ["transparent parts made white" if step == TRANSPARENT else step for step in steps]
        fitted = [] if opened.image.size == (reading.width, reading.height) else [_RESIZED[reading.fit]]
        return Picture(reading.apply(opened), opened.size, opened.mode, (*opened.steps, *white, *fitted))

    def _prepare(self, image: Image.Image, alpha: Image.Image | None) -> tuple[Pixels, list[str]]:
        """Cut out, negate, level, trim and fit a picture of another size, grey or RGB."""
        scene, shrunk, steps = self._cut_out(image, alpha)
        scene, negated = frame.apply_polarity(scene, self.polarity)
        scene, levelled = frame.level(scene, self.polarity)
        scene = frame.trim(scene)
        rows, columns = (
            min(side * factor, length)
            for side, factor, length in zip(
                scene.pixels.shape[:2], shrunk, (image.height, image.width), strict=True
            )
        )
        trimmed = ["trimmed to the subject"] if (columns, rows) != image.size else []
        height, width = self.shape[:2]
        digits = self.photo == "digits"
        placement = Placement(height, width, frame.DIGIT_BOX if digits else 1.0, by_mass=digits)
        prepared, fitted = frame.fit(scene, placement, size=(rows, columns))
        return prepared, [*steps, *negated, *levelled, *trimmed, *fitted]

    def _cut_out(
        self, image: Image.Image, alpha: Image.Image | None
    ) -> tuple[Scene, tuple[int, int], list[str]]:
        """Cut a picture to its subject and shrink it if it is far too large.

        Returns the scene, the factors by which its rows and columns were shrunk, and the steps.
        """
        background = find_background(image)
        if self.polarity == "any":  # photographs have no background to even out
            background = dataclasses.replace(background, surface=None)
        rows, columns = find_box(image, alpha, background) or (
            slice(0, image.height),
            slice(0, image.width),
        )
        box = (columns.start, rows.start, columns.stop, rows.stop)
        shrunk = tuple(
            max(1, (side.stop - side.start) // (length * _ENOUGH))
            for side, length in zip((rows, columns), self.shape[:2], strict=True)
        )
        part = _floats(image.crop(box).reduce((shrunk[1], shrunk[0])))
        opacity = None if alpha is None else _opacity(alpha.crop(box).reduce((shrunk[1], shrunk[0])))
        steps = []
        if alpha is None and background.surface is not None:
            steps.append("uneven light evened out")
            positions = [
                start + factor * (np.arange(count) + 0.5) - 0.5
                for start, factor, count in zip(
                    (rows.start, columns.start), shrunk, part.shape[:2], strict=True
                )
            ]
            part = background.flattened(part, *positions)
        elif alpha is None and not background.is_plain and self.polarity != "any":
            steps.append("its background is not plain: take the picture on plain paper, or cut it out")
        scene = frame.make_scene(part, opacity, background.colour, is_plain=background.is_plain)
        return scene, (shrunk[0], shrunk[1]), steps


def _separate(image: Image.Image, channels: int) -> tuple[Image.Image, Image.Image | None, list[str]]:
    """Split a picture of mode L, LA, RGB or RGBA into pixels of mode L or RGB, alpha or None, and the steps."""
    steps = []
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    if alpha is not None and alpha.getextrema()[0] == 255:
        alpha = None
    opaque = (
        image.convert("RGB") if image.mode == "RGBA" else image.convert("L") if image.mode == "LA" else image
    )
    if channels == 1 and opaque.mode == "RGB":
        if not _is_grey(opaque):
            steps.append("grey from colour")
        opaque = opaque.convert("L")  # by the weights of ITU-R BT.601
    elif channels == 3 and opaque.mode == "L":
        opaque = opaque.convert("RGB")
    if alpha is not None:
        steps.append(TRANSPARENT)
    return opaque, alpha, steps


def _is_grey(image: Image.Image) -> bool:
    """Say whether the three channels are equal everywhere."""
    red, green, blue = image.split()
    return all(ImageChops.difference(green, plane).getbbox() is None for plane in (red, blue))


def _scene(image: Image.Image, alpha: Image.Image | None) -> Scene:
    """Make a scene of a whole picture."""
    background = find_background(image)
    opacity = None if alpha is None else _opacity(alpha)
    return frame.make_scene(_floats(image), opacity, background.colour, is_plain=background.is_plain)


def _floats(image: Image.Image) -> Floats:
    """Return a picture as (H, W, C), 0 to 255."""
    return np.asarray(image, np.float32).reshape(image.height, image.width, -1)


def _opacity(alpha: Image.Image) -> Floats:
    """Return alpha as (H, W), 0 to 1."""
    return np.asarray(alpha, np.float32) / np.float32(255)
