"""Pictures of a report: of any size, they fit."""

import numpy as np
import pytest

from vaecli.tasks.report.sheets import captioned, compared, fit, plain


@pytest.mark.parametrize(
    ("shape", "side", "size"),
    [
        ((28, 28, 1), 84, (84, 84)),
        ((28, 28, 1), 20, (20, 20)),
        ((1000, 10, 3), 84, (84, 1)),
        ((1, 1, 1), 12, (12, 12)),
    ],
)
def test_fit(shape, side, size):
    """Small images are enlarged by whole numbers, large ones made smaller; neither side is lost."""
    images = np.random.default_rng(0).integers(0, 256, (3, *shape)).astype(np.uint8)
    assert fit(images, side).shape == (3, *size, shape[-1])


def test_rows_of_reconstructions():
    """Originals, reconstructions and differences alternate, row by row; the last row is filled with white."""
    originals = np.zeros((10, 4, 4, 1), np.uint8)
    rows = compared(originals, originals + 100, columns=8)
    assert rows.shape == (48, 4, 4, 3)
    assert (rows[0] == 0).all() and (rows[8] == 100).all() and (rows[26:32] == 255).all()


@pytest.mark.parametrize("count", [1, 2, 17])
def test_sheets_of_any_number(count):
    """One picture is enough."""
    images = np.zeros((count, 9, 7, 3), np.uint8)
    assert plain("a", images, "alt", "caption", side=40).pixels.dtype == np.uint8
    lines = [("test:1", "Bag")] * count
    assert captioned("a", images, lines, "alt", "caption", side=40).pixels.shape[-1] == 3
