"""A user's picture, any size, any background, to a model's input."""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from vaecli.choices import Fit, Photo, Polarity
from vaecli.data.images import Images
from vaecli.data.photo import frame
from vaecli.data.photo.decode import TRANSPARENT, Opened, decode, has_one_colour, separate
from vaecli.data.photo.frame import BACKGROUNDS, Placement
from vaecli.data.photo.ground import Prepared, evenly_lit, from_garment, shrink, to_array
from vaecli.data.photo.guess import guess_photo, guess_polarity
from vaecli.data.photo.opening import opening
from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.data.photo.reading import Reading
from vaecli.data.photo.scene import background_is_light, make_scene
from vaecli.errors import DataError
from vaecli.paths import user_path
from vaecli.pixels import SCALE, Pixels

Reserve: TypeAlias = Callable[[Image.Image], contextlib.AbstractContextManager[None]]
"""Holds back until there is memory to decode a picture that was opened."""
_RESIZED: dict[Fit, str] = {
    "pad": "resized and padded as the training pictures were",
    "crop": "its middle resized as those of the training pictures were",
    "stretch": "stretched to the size as the training pictures were",
}


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

    def load(self, path: str | os.PathLike[str], options: PhotoOptions | None = None) -> Picture:
        """Read any picture and bring it to the model's shape and polarity.

        Raises:
            OptionError: the path is empty.
            DataError: the file is missing, no picture, damaged, too large, or wholly transparent; or it has another
                size than the model's and must not be resized.
        """
        checked = user_path(path, option="PICTURES")
        return self.read(checked, str(path), options or PhotoOptions())

    def read(
        self,
        source: pathlib.Path | bytes,
        name: str,
        options: PhotoOptions,
        reserve: Reserve = lambda _image: contextlib.nullcontext(),
    ) -> Picture:
        """Read a picture as `load` does, also the content of one, while other threads do the same.

        Args:
            source: its file, or its content.
            name: for messages.
            options: of the preparation.
            reserve: holds back until there is memory to decode a picture that was opened.

        Raises:
            DataError: as `load`.
        """
        try:
            with contextlib.ExitStack() as stack:
                with opening(source, name, reduced=True) as image:
                    stack.enter_context(reserve(image))
                    opened = decode(image, value_range=options.value_range, reduced=True)
                return self.apply(opened, options)
        except DataError as error:
            if name in error.message:
                raise
            raise DataError(f"{name}: {error.message}", hint=error.hint) from error

    def apply(self, opened: Opened, options: PhotoOptions | None = None) -> Picture:
        """Bring an opened picture to the model's shape and polarity.

        `resize` reads it as the training pictures were read. Otherwise: a picture that has the size already is
        negated if necessary, and else left as it is. Any other is cut out, cut to its subject, its background made
        black or white, resized without distortion, and placed in the frame. Negation: the border of an opaque
        picture tells its background, light if it is above middle grey (a plain grey one: if it is lighter than the
        subject); transparent parts are background, and the subject's brightness decides.

        Raises:
            DataError: it is wholly transparent, or must not be resized and has another size.
        """
        options = options or PhotoOptions()
        kind = self.photo if options.prepare == "auto" else options.prepare
        opaque, alpha, steps = separate(opened.image, self.shape[2])
        if alpha is not None and alpha.getextrema()[1] == 0:
            raise DataError("The picture is wholly transparent: there is nothing to see.")
        height, width = self.shape[:2]
        if kind == "resize":
            image, done = self._read(opened, steps, options)
        elif opaque.size == (width, height):
            image, done = self._same_size(to_array(opaque), alpha, options)
            done = [*steps, *done]
        elif kind == "none":
            raise DataError(
                f"The picture must have {width} x {height} pixels, got {opaque.width} x {opaque.height}.",
                hint="Without --prepare none it is resized.",
            )
        else:
            image, done = self._fit(opaque, alpha, kind, options)
            done = [*steps, *done]
        return Picture(image, opened.size, opened.mode, (*opened.steps, *done))

    def _read(self, opened: Opened, steps: list[str], options: PhotoOptions) -> tuple[Pixels, list[str]]:
        """Read a picture as the training pictures were, and negate it if the user says so; `steps` separate it."""
        height, width, channels = self.shape
        reading = self.reading or Reading(height=height, width=width, channels=channels, fit="pad")
        white = ["transparent parts made white" if step == TRANSPARENT else step for step in steps]
        fitted = [] if opened.image.size == (width, height) else [_RESIZED[reading.fit]]
        image, is_light, target = reading.apply(opened), _is_light(options), self._target(options)
        if is_light is None or target not in BACKGROUNDS or is_light == (BACKGROUNDS[target] > 0):
            return image, [*white, *fitted]
        negative: Pixels = SCALE - image
        return negative, [*white, *fitted, f"negated: the background is {'light' if is_light else 'dark'}"]

    def _same_size(
        self, pixels: Pixels, alpha: Image.Image | None, options: PhotoOptions
    ) -> tuple[Pixels, list[str]]:
        """Negate a picture that has the model's size if necessary."""
        opacity = None if alpha is None else np.asarray(alpha, np.uint8)
        target, is_light = self._target(options), _is_light(options)
        return frame.keep_size(pixels, opacity, self.shape[2], target, is_light=is_light)

    def _fit(
        self, opaque: Image.Image, alpha: Image.Image | None, kind: str, options: PhotoOptions
    ) -> tuple[Pixels, list[str]]:
        """Cut out, negate, level, trim and fit a picture of another size, grey or RGB."""
        digits = kind == "digits"
        prepared = self._ground(opaque, alpha, options, digits=digits)
        is_light = _is_light(options) if prepared.is_light is None else prepared.is_light
        scene = make_scene(frame.in_channels(prepared.pixels, self.shape[2]), prepared.alpha)
        is_light = background_is_light(scene) if is_light is None else is_light
        scene, negated = frame.apply_polarity(scene, self._target(options), is_light=is_light)
        scene, levelled = frame.level(scene, self._target(options))
        scene = frame.trimmed(scene) if options.trim else scene
        rows, columns = (
            min(side * factor, length)
            for side, factor, length in zip(
                scene.pixels.shape[:2], prepared.shrunk, (opaque.height, opaque.width), strict=True
            )
        )
        trimmed = ["trimmed to the subject"] if (columns, rows) != opaque.size else []
        placement = Placement(*self.shape[:2], digits=digits)
        image, fitted = frame.fit(
            scene, placement, size=(rows, columns), stretch=is_light and prepared.alpha is None
        )
        return image, [*prepared.steps, *negated, *levelled, *trimmed, *fitted]

    def _ground(
        self, opaque: Image.Image, alpha: Image.Image | None, options: PhotoOptions, *, digits: bool
    ) -> Prepared:
        """Bring a picture to a size that the steps can work on, and see to its ground."""
        side = max(self.shape[:2])
        if alpha is not None or self.polarity == "any":
            return shrink(opaque, alpha)
        if has_one_colour(opaque):
            return dataclasses.replace(shrink(opaque, None), steps=("it has one colour, and no subject",))
        if digits:
            return evenly_lit(opaque, side)
        return from_garment(opaque, options.polarity, options.cutout, side)

    def _target(self, options: PhotoOptions) -> Polarity:
        return "any" if options.polarity == "keep" else self.polarity


def _is_light(options: PhotoOptions) -> bool | None:
    """Return whether the ground of a picture is light, if the user says so."""
    return {"dark-on-light": True, "light-on-dark": False}.get(options.polarity)
