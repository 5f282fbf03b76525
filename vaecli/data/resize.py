"""Images of one shape, resized and converted to the size and colour that a user asks for."""

import dataclasses

import numpy as np
from PIL import Image

from vaecli.data.images import CHUNK, Images, ImageSet, require_room
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.reading import CHANNELS, Reading, ReadingOptions
from vaecli.pixels import Pixels, chunks


def read_as(data: ImageSet, options: ReadingOptions) -> ImageSet:
    """Return a set with its images resized and converted to grey or RGB as `options` ask.

    If the set has another shape, the new images are in memory, and the set's `reading` says how they were made. A
    set that has the shape already is returned unchanged, so that its images may stay in a file.

    Raises:
        DataError: the new images take more than `MOST_IN_MEMORY`, or the file of the original images is gone.
    """
    count, height, width, channels = data.images.shape
    rows, columns = options.size or (height, width)
    reading = Reading(
        height=rows,
        width=columns,
        channels=CHANNELS[options.colour] if options.colour else channels,
        fit=options.fit or "pad",
    )
    if reading.shape == (height, width, channels):
        return data
    require_room((count, *reading.shape), data.location, hint="Give a smaller --image-size.")
    return dataclasses.replace(
        data,
        images=_read_all(data.images, reading),
        reading=reading,
        original_shape=(height, width, channels),
    )


def _read_all(images: Images, reading: Reading) -> Pixels:
    """Return all images (N, H, W, C) as `reading` makes them, read-only."""
    resized = np.empty((len(images), *reading.shape), np.uint8)
    for part in chunks(len(images), images.shape[1:], most=CHUNK):
        for position, pixels in enumerate(images[part], part.start):
            resized[position] = reading.apply(_opened(pixels))
    resized.flags.writeable = False
    return resized


def _opened(pixels: Pixels) -> Opened:
    """Return an image (H, W, C) as an opened picture."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return Opened(image, image.size, image.mode, ())
