"""The parts of a mask are those that a flood fill finds."""

import numpy as np
import pytest

from vaecli.data.photo.parts import connected, label_parts


def flood(mask, start, steps):
    """Return the pixels that are reached from one, pixel by pixel."""
    reached, stack = {start}, [start]
    while stack:
        row, column = stack.pop()
        for down, across in steps:
            place = row + down, column + across
            inside = 0 <= place[0] < mask.shape[0] and 0 <= place[1] < mask.shape[1]
            if inside and mask[place] and place not in reached:
                reached.add(place)
                stack.append(place)
    return reached


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 1.0])
def test_parts_are_those_of_a_flood_fill(corners, share):
    """On random masks, each part has one number of its own, and the numbers go from 1 without a gap."""
    mask = np.random.default_rng(0).random((23, 31)) < share
    labels = label_parts(mask, corners=corners)
    steps = [(d, a) for d in (-1, 0, 1) for a in (-1, 0, 1) if (corners and d | a) or abs(d) + abs(a) == 1]
    assert (labels > 0).tolist() == mask.tolist()
    for number in range(1, labels.max() + 1):
        places = set(zip(*(axis.tolist() for axis in np.nonzero(labels == number)), strict=True))
        assert places == flood(mask, min(places), steps)


def test_only_parts_with_a_seed_are_kept():
    """A seed outside the mask keeps nothing."""
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 1]], bool)
    seeds = np.array([[1, 0, 1, 0], [0, 0, 0, 0]], bool)
    assert connected(seeds, mask).tolist() == [[True, True, False, False], [False] * 4]
    assert not connected(seeds, np.zeros_like(mask)).any()
