"""A user's picture, any size, any background, to a model's input."""

import dataclasses
import pathlib

import numpy as np
from PIL import Image

from vaecli.choices import Polarity
from vaecli.data.images import Images
from vaecli.data.photo import frame
from vaecli.data.photo.decode import open_picture
from vaecli.errors import DataError
from vaecli.pixels import Pixels

_ENOUGH = 32  # pixels of the picture for one of the model: more are averaged away before the work begins


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A picture brought to a model's shape.

    `image` is (H, W, C) uint8; `size` (width, height) and `mode` (Pillow's) are the file's own; `steps` say
    in short phrases what was done to it, in order.
    """

    image: Pixels
    size: tuple[int, int]
    mode: str
    steps: tuple[str, ...]


def load_picture(path: pathlib.Path | str, *, shape: tuple[int, int, int], polarity: Polarity) -> Picture:
    """Read any picture and bring it to `shape` (H, W, C) and `polarity`.

    A picture that has the size already is neither trimmed nor resized. Any other is trimmed to its subject,
    brought to the frame without stretching, and padded with its background, made black or white. Negation:
    where the picture is opaque, the median of its border tells the background, light above middle grey (a
    plain grey one: where lighter than the subject); where parts are transparent, those are background, and
    the subject's own brightness decides. So none vanishes, dark or light.

    Raises:
        DataError: the file is missing, no picture, damaged, too large, or wholly transparent.
    """
    height, width, channels = shape
    opened = open_picture(pathlib.Path(path).expanduser())
    exact = opened.image.size == (width, height)
    zoom = _zoom(opened.image, height, width)
    scene, steps = frame.make_scene(opened.image.reduce(zoom) if zoom > 1 else opened.image, channels)
    if scene.alpha is not None and scene.alpha.max() == 0:
        raise DataError(f"{path} is wholly transparent: nothing to see.")
    scene, negated = frame.apply_polarity(scene, polarity)
    steps += negated
    if exact:
        image = frame.to_pixels(scene.pixels)
    else:
        scene, levelled = frame.level(scene, polarity)
        scene, trimmed = frame.trim(scene)
        image, fitted = frame.fit(scene, height, width, zoom=zoom)
        steps += levelled + trimmed + fitted
    return Picture(image, opened.size, opened.mode, (*opened.steps, *steps))


def guess_polarity(images: Images) -> Polarity:
    """The polarity of a data set (N, H, W, C), from the border pixels of up to 1,000 of its images."""
    if images.shape[3] == 3:
        return "any"
    sample = images[:: max(1, len(images) // 1000)]
    return "dark-on-light" if np.median(frame.border(sample)) > 127.5 else "light-on-dark"


def _zoom(image: Image.Image, height: int, width: int) -> int:
    """The whole factor by which a far too large picture is averaged down first, which spares work."""
    return max(1, min(image.height // (height * _ENOUGH), image.width // (width * _ENOUGH)))
