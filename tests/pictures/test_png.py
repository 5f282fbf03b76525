"""PNG files of our own: any reader finds the pixels that went in."""

import io

import numpy as np
import PIL.Image
import pytest

from vaecli.data.mini import load_mini
from vaecli.pictures.png import encoded
from vaecli.pictures.sheet import sheet


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (28, 28), (31, 300)])
def test_pillow_reads_what_went_in(size, channels):
    """Grey and colour, one row, one column, noise: pixel for pixel, and the checksums hold."""
    image = np.random.default_rng(0).integers(0, 256, (*size, channels), dtype=np.uint8)
    content = encoded(image)
    with PIL.Image.open(io.BytesIO(content)) as checked:
        checked.verify()
    with PIL.Image.open(io.BytesIO(content)) as picture:
        assert picture.mode == {1: "L", 3: "RGB"}[channels]
        assert np.array_equal(np.atleast_3d(np.asarray(picture)), image)


def test_a_sheet_is_no_larger_than_pillow_would_make_it():
    """Real pictures, enlarged as on a sheet: at most 10 % above Pillow's own choice of filters."""
    page = sheet(load_mini("test").images[:64])
    pillow = io.BytesIO()
    PIL.Image.fromarray(page[..., 0]).save(pillow, format="PNG")
    assert len(encoded(page)) <= 1.1 * len(pillow.getvalue())
