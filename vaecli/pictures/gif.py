"""Animations: GIF files that loop for ever."""

from collections.abc import Iterable, Sequence
from typing import IO, TypeVar

import numpy as np
import PIL.Image

from vaecli.pictures.pixels import enlarge, to_pillow
from vaecli.pixels import Pixels

Frame = TypeVar("Frame")
_VIEWABLE = 224  # pixels a side that a frame is enlarged to at most


def there_and_back(frames: Sequence[Frame]) -> list[Frame]:
    """The frames forwards, then backwards without the two ends, so that a loop shows none of them twice."""
    return [*frames, *frames[-2:0:-1]]


def write_gif(
    file: IO[bytes], frames: Iterable[Pixels], *, milliseconds: int = 80, scale: int | None = None
) -> None:
    """Write `frames`, each (H, W, C) uint8, as an endless GIF; grey exactly, colour with one palette of 256.

    GIF counts time in hundredths of a second. `scale` enlarges each pixel to a square; left out, small frames
    are made large enough to see.
    """
    images = np.stack(list(frames))
    side = max(images.shape[1:3])
    images = enlarge(images, scale or max(1, _VIEWABLE // side))
    first, *rest = _paletted(images)
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=milliseconds,
        loop=0,
        optimize=False,
    )


def _paletted(images: Pixels) -> list[PIL.Image.Image]:
    """Grey frames as they are; colour frames on a palette made from all of them, so that none flickers."""
    pictures = [to_pillow(image) for image in images]
    if images.shape[-1] == 1:
        return pictures
    together = to_pillow(images.reshape(-1, *images.shape[2:]))
    palette = together.quantize(256, dither=PIL.Image.Dither.NONE)
    return [picture.quantize(palette=palette, dither=PIL.Image.Dither.NONE) for picture in pictures]
