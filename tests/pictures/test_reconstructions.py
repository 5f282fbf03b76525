"""Sheets of reconstructions: what is where, and how large they may be."""

import math

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.pictures.reconstructions import (
    BRIGHTER,
    DARKER,
    HEADINGS,
    Tile,
    difference,
    plan_reconstructions,
)


def tiles(count, shape):
    """Tiles of random images, each with two lines of text."""
    random = np.random.default_rng(0)
    for number in range(count):
        pair = random.integers(0, 256, (2, *shape)).astype(np.uint8)
        yield Tile(*pair, [[f"{number}", "text"]] * len(HEADINGS))


@pytest.mark.parametrize("shape", [(28, 28, 1), (5, 40, 3), (100, 3, 1), (1, 1, 1)])
@pytest.mark.parametrize("count", [1, 2, 7, 50])
def test_the_bands_are_the_planned_sheet(shape, count):
    """For any number and shape the bands have the planned size, and every original is on the sheet as it is."""
    plan = plan_reconstructions(count, shape, scale=3)
    sheet = np.concatenate(list(plan.bands(tiles(count, shape))))
    assert sheet.shape == plan.shape
    windows = np.lib.stride_tricks.sliding_window_view(sheet[::1], (1, shape[1] * 3, 3))[:, :, 0, 0]
    first = next(iter(tiles(count, shape))).original.repeat(3, axis=1)[0]
    assert (windows == np.broadcast_to(first, (len(first), 3))).all(axis=(2, 3)).any()


def test_a_tile_that_cannot_be_read_is_blank():
    """It takes its place, so that the others stay in order."""
    plan = plan_reconstructions(2, (28, 28, 1))
    blank = Tile(None, None, [["broken.png", "cannot be read"], [], []])
    sheet = np.concatenate(list(plan.bands([blank, *tiles(1, (28, 28, 1))])))
    assert sheet.shape == plan.shape
    assert len(np.unique(sheet.reshape(-1, 3), axis=0)) > 100


def test_the_colours_of_differences():
    """White where equal, full colours from half of the range on, and the mean of the channels counts."""
    original = np.array([[[100], [0], [200], [0]]], np.uint8)
    reconstruction = np.array([[[100], [255], [0], [64]]], np.uint8)
    colours = difference(original, reconstruction)[0].tolist()
    assert colours[:3] == [[255, 255, 255], list(BRIGHTER), list(DARKER)]
    assert all(min(a, 255) >= b >= min(a, c) for a, b, c in zip([255] * 3, colours[3], BRIGHTER, strict=True))
    grey = difference(original.repeat(3, axis=2), reconstruction.repeat(3, axis=2))
    np.testing.assert_array_equal(grey[0], colours)


def test_limits():
    """A scale may not make more than 128 MiB; large images stay within a band of bounded size."""
    with pytest.raises(OptionError, match="--scale must be at most"):
        plan_reconstructions(100, (28, 28, 1), scale=200)
    plan = plan_reconstructions(10_000, (1000, 1000, 3))
    assert plan.columns * math.prod(plan_reconstructions(1, (1000, 1000, 3)).shape) <= 2**26
    with pytest.raises(OptionError, match="PICTURES must be fewer"):
        plan_reconstructions(10**15, (28, 28, 1))
