"""Binary images: the draws of the published protocol, however the images are divided."""

import numpy as np
import pytest

from vaecli.data.binarise import _VALUES, binarised

GREY = np.random.default_rng(0).integers(0, 256, (400, 28, 28, 1), dtype=np.uint8)


@pytest.mark.parametrize("size", [1, 7, 150, 400])
def test_the_draws_are_those_of_numpy(size):
    """One draw of RandomState(777) for all images, in batches of any size, also of more values than a block."""
    expected = np.random.RandomState(777).binomial(1, GREY / 255)
    batches = list(binarised(GREY[first : first + size] for first in range(0, len(GREY), size)))
    assert all(batch.dtype == np.uint8 for batch in batches)
    assert GREY.size > _VALUES and np.array_equal(np.concatenate(batches), 255 * expected)


def test_binary_pixels_stay():
    """Black stays black and white white, of colour images too."""
    images = np.random.default_rng(1).choice(np.array([0, 255], np.uint8), (3, 5, 4, 3))
    (batch,) = binarised([images])
    assert np.array_equal(batch, images)
