"""`vaecli.pictures.sliders`: frames with a text and a slider."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.pictures.sliders import film_scale, frame_shape, slider_frame
from vaecli.pictures.text import ACCENT

IMAGE = np.random.default_rng(0).integers(0, 200, (28, 20, 1), np.uint8)


@pytest.mark.parametrize("position", [-3.0, 0.0, 0.5, 1.0, 9.0])
def test_the_knob_follows_the_position(position):
    """From left to right, and it stays at the ends; the picture above it is unchanged."""
    frame = slider_frame(IMAGE, ("z 4", "+1.20"), position, scale=8)
    assert frame.shape == frame_shape(IMAGE.shape, 8)
    np.testing.assert_array_equal(frame[:224, :, 0], IMAGE[..., 0].repeat(8, 0).repeat(8, 1))
    knob = np.argwhere((frame == ACCENT).all(axis=-1))[:, 1].mean() / frame.shape[1]
    assert knob == pytest.approx(np.clip(position, 0, 1), abs=0.12)


def test_texts_change_the_frame():
    """Left and right."""
    frames = [slider_frame(IMAGE, texts, 0.5, scale=8) for texts in (("", ""), ("z 4", ""), ("", "+1.20"))]
    half = frames[0].shape[1] // 2
    assert (frames[1] != frames[0]).any() and (frames[1][:, half:] == frames[0][:, half:]).all()
    assert (frames[2] != frames[0]).any() and (frames[2][:, :half] == frames[0][:, :half]).all()


def test_the_scale():
    """Small pictures become large enough to see; one that is too large is refused."""
    assert [film_scale((28, 28, 1), None), film_scale((1000, 1000, 3), None), film_scale((28, 28, 1), 3)] == [
        8,
        1,
        3,
    ]
    with pytest.raises(OptionError, match="--scale must be at most"):
        film_scale((28, 28, 1), 500)
