"""Animations: GIF files that loop for ever."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TypeVar

import numpy as np
import PIL.Image

from vaecli.pictures.pixels import MAX_ENLARGED, enlarge, picture_scale, to_pillow
from vaecli.pixels import Pixels

Frame = TypeVar("Frame")


def max_frames(shape: tuple[int, int, int], scale: int | None = None) -> int:
    """Return how many frames of `shape` (H, W, C) fit in the 128 MiB of memory of `write_gif`, at least 2."""
    scale = scale or picture_scale(shape)
    return max(2, MAX_ENLARGED // (math.prod(shape) * scale**2))


def there_and_back(frames: Sequence[Frame]) -> list[Frame]:
    """Return the frames forwards, then backwards without the two ends, so that a loop shows none of them twice."""
    return [*frames, *frames[-2:0:-1]]


def write_gif(
    file: IO[bytes],
    frames: Iterable[Pixels],
    *,
    milliseconds: int = 80,
    scale: int | None = None,
    smooth: bool = False,
    recipe: str = "",
) -> None:
    """Write frames (H, W, C) uint8 as a GIF that loops for ever.

    Grey frames are stored exactly; colours are reduced to one palette of 256 for all frames.

    Args:
        file: an open binary file.
        frames: at least one.
        milliseconds: duration of a frame, stored in hundredths of a second.
        scale: each pixel becomes a square of this side; by default, small frames are enlarged to about 224 pixels.
        smooth: enlarge with smooth transitions, not squares.
        recipe: ASCII text for a comment block, which says how the pictures were made.
    """
    images = np.stack(list(frames))
    first, *others = _paletted(images, scale or picture_scale(images.shape[1:]), smooth)
    first.save(
        file,
        format="GIF",
        save_all=True,
        append_images=others,
        duration=milliseconds,
        loop=0,
        optimize=False,
        **({"comment": recipe.encode("ascii")} if recipe else {}),
    )


def _paletted(images: Pixels, scale: int, smooth: bool) -> Iterator[PIL.Image.Image]:
    """Yield enlarged frames: grey ones unchanged, colour ones reduced to one palette made from all frames."""
    if images.shape[-1] == 1:
        yield from (to_pillow(enlarge(image, scale, smooth=smooth)) for image in images)
        return
    all_pixels = to_pillow(images.reshape(-1, *images.shape[2:]))
    palette = all_pixels.quantize(256, dither=PIL.Image.Dither.NONE)
    for image in images:
        yield to_pillow(enlarge(image, scale, smooth=smooth)).quantize(
            palette=palette, dither=PIL.Image.Dither.NONE
        )
