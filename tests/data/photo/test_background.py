"""The background of a picture is found from its border."""

import numpy as np
import pytest
from PIL import Image

from vaecli.data.photo.background import border, find_background

ROWS, COLUMNS = np.mgrid[:90, :120]


def picture(values):
    return Image.fromarray(np.broadcast_to(values, (90, 120)).round().clip(0, 255).astype(np.uint8))


def test_the_border_has_every_outer_pixel():
    """All four sides, the corners twice."""
    images = np.arange(12, dtype=np.uint8).reshape(1, 3, 4, 1)
    assert sorted(border(images).ravel().tolist()) == sorted([0, 1, 2, 3, 8, 9, 10, 11, 0, 4, 8, 3, 7, 11])


def test_one_colour_is_enough_for_plain_paper():
    """Noise of a few levels and a subject that touches an edge do not make a surface necessary."""
    values = 240 + np.random.default_rng(0).normal(0, 3, (90, 120))
    values[80:, 50:60] = 20
    background = find_background(picture(values))
    assert background.surface is None and background.is_plain
    assert background.colour == pytest.approx(240, abs=1)


@pytest.mark.parametrize("subject_at_the_border", [False, True])
def test_a_smooth_surface_is_recovered(subject_at_the_border):
    """A quadratic in the position is found to within two levels everywhere, from the border alone."""
    surface = 220 - 0.5 * COLUMNS - 0.4 * ROWS - 0.004 * (COLUMNS - 60) ** 2
    values = surface.copy()
    values[30:60, 40:80] = 10
    if subject_at_the_border:
        values[80:, 50:58] = 10
    background = find_background(picture(values))
    assert background.surface is not None
    rows, columns = np.arange(90, dtype=np.float32), np.arange(120, dtype=np.float32)
    assert np.abs(background.values(rows, columns)[..., 0] - surface).max() < 2
    pixels = np.asarray(picture(values), np.float32)[..., None]
    flat = background.flattened(pixels, rows, columns)[..., 0]
    assert np.abs(flat[surface == values] - background.colour).max() < 6


def test_a_texture_is_not_plain():
    """Neither a colour nor a surface explains it."""
    background = find_background(picture(np.random.default_rng(0).integers(0, 256, (90, 120))))
    assert background.surface is None and not background.is_plain
