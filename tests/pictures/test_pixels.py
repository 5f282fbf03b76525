"""Pixels: rounding, clipping, the round trip, enlarging."""

import numpy as np

from vaecli.pictures.pixels import enlarge, to_pillow
from vaecli.pixels import to_float32, to_uint8


def test_floats_round_to_the_nearest_level_and_are_clipped():
    """0.5 is level 128 (halves go to the even level); values outside [0, 1] are 0 and 255."""
    floats = np.array([-3.0, 0.0, 0.499 / 255, 0.501 / 255, 0.5, 1.0, 7.0], np.float32)
    assert to_uint8(floats).tolist() == [0, 0, 0, 1, 128, 255, 255]


def test_all_levels_survive_the_round_trip():
    """uint8 to float32 and back changes nothing, and float32 reaches exactly 0 and 1."""
    levels = np.arange(256, dtype=np.uint8)
    floats = to_float32(levels)
    assert floats.dtype == np.float32
    assert (floats[0], floats[-1]) == (0, 1)
    assert np.array_equal(to_uint8(floats), levels)


def test_enlarge_makes_squares():
    """Each pixel becomes a square of scale x scale equal pixels."""
    image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3, 1)
    large = enlarge(image, 3)
    assert large.shape == (1, 6, 9, 1)
    assert np.array_equal(large[:, 1::3, 2::3], image)
    assert np.array_equal(large[0, :3, :3, 0], np.full((3, 3), image[0, 0, 0, 0]))


def test_modes_follow_the_channels():
    """One channel is mode L, three are RGB; the size is (width, height)."""
    assert (to_pillow(np.zeros((4, 6, 1), np.uint8)).mode, to_pillow(np.zeros((4, 6, 1), np.uint8)).size) == (
        "L",
        (6, 4),
    )
    assert to_pillow(np.zeros((4, 6, 3), np.uint8)).mode == "RGB"
