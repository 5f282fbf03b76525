"""Pictures side by side, small enough for a page."""

from collections.abc import Sequence

import numpy as np

from vaecli.pictures.captions import Captioned, captioned_sheet
from vaecli.pictures.pixels import as_rgb, enlarge, to_pillow
from vaecli.pictures.reconstructions import difference
from vaecli.pictures.sheet import sheet
from vaecli.pixels import Pixels
from vaecli.report.content import Picture

SIDE = 84  # pixels of an image in a sheet, at most, unless it is smaller
COLUMNS = 8
CAPTIONED_COLUMNS = 4  # so that text is readable on a telephone


def plain(name: str, images: Pixels, alt: str, caption: str, *, side: int, columns: int = COLUMNS) -> Picture:
    """Return images (n, H, W, C) in rows as a picture of a report.

    Args:
        name: of the picture.
        images: at least one.
        alt: what it shows.
        caption: a line below.
        side: largest side of an image in pixels.
        columns: images in a row.
    """
    fitted = fit(images, side)
    return Picture(name, sheet(fitted, columns=columns, scale=1, gap=3), alt, caption)


def captioned(
    name: str,
    images: Pixels,
    lines: Sequence[tuple[str, ...]],
    alt: str,
    caption: str,
    *,
    side: int,
) -> Picture:
    """Return images (n, H, W, C), each with lines of text below, as a picture of a report."""
    fitted = fit(images, side)
    cells = [Captioned(image, text) for image, text in zip(fitted, lines, strict=True)]
    return Picture(name, captioned_sheet(cells, columns=CAPTIONED_COLUMNS, scale=1), alt, caption)


def compared(originals: Pixels, decoded: Pixels, columns: int = COLUMNS) -> Pixels:
    """Return rows of originals, of their reconstructions and of the differences (n, H, W, 3), white at the end."""
    changes = np.stack([difference(a, b) for a, b in zip(originals, decoded, strict=True)])
    parts = [as_rgb(originals), as_rgb(decoded), changes]
    rows = []
    for first in range(0, len(originals), columns):
        for part in parts:
            row = part[first : first + columns]
            missing = columns - len(row) if len(originals) > columns else 0
            blank = np.full((missing, *row.shape[1:]), 255, np.uint8)
            rows.append(np.concatenate([row, blank]))
    return np.concatenate(rows)


def fit(images: Pixels, side: int) -> Pixels:
    """Return images (n, H, W, C) with sides of at most `side`: enlarged by whole numbers, or made smaller."""
    height, width = images.shape[1:3]
    largest = max(height, width)
    if largest <= side:
        return enlarge(images, side // largest)
    size = max(1, round(width * side / largest)), max(1, round(height * side / largest))
    smaller = [np.asarray(to_pillow(image).resize(size, reducing_gap=2.0)) for image in images]
    return np.stack(smaller).reshape(len(images), size[1], size[0], images.shape[-1])
