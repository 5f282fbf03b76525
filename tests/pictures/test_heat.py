"""Maps of numbers are darker where a number is smaller, on one scale."""

import numpy as np

from vaecli.pictures.heat import beside, colours


def test_lightness_grows_with_the_number():
    """0 is black, the largest and more pale yellow, and no larger number is darker in between."""
    ramp = colours(np.linspace(-1, 3, 401)[None], 2.0)[0].astype(float)
    assert ramp[0].tolist() == ramp[100].tolist() == [0, 0, 4]
    assert ramp[300].tolist() == ramp[-1].tolist() == [252, 255, 164]
    assert np.diff(ramp @ [0.2126, 0.7152, 0.0722]).min() >= -1


def test_picture_and_map_side_by_side():
    """Grey and colour pictures stand on the left, enlarged with their maps."""
    for channels in (1, 3):
        page = beside(np.full((28, 20, channels), 77, np.uint8), np.zeros((28, 20)), 1.0)
        assert page.shape == (224, 2 * 160 + 8, 3)
        assert (page[:, :160] == 77).all() and (page[:, 160:168] == 255).all()
        assert (page[:, 168:] == [0, 0, 4]).all()
