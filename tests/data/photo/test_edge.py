"""The edge of a table is found as a line, and taking its step off leaves one ground."""

import numpy as np
import pytest
from PIL import Image

from vaecli.data.photo.cutout import cut_out
from vaecli.data.photo.edge import find_edge
from vaecli.data.photo.oklab import distance, to_oklab

SHAPE = (120, 160)
TABLE, FLOOR = (225, 220, 215), (120, 140, 150)


def beyond(angle, away=0.0, shape=SHAPE):
    """Return the pixels (H, W) from a line near the middle of a picture."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - shape[0] / 2) * np.sin(angle) + (columns - shape[1] / 2) * np.cos(angle) - away


def two_grounds(angle, away=0.0, shape=SHAPE, noise=2.0):
    """Draw two grounds that meet at a line, with noise, as (H, W, 3) uint8."""
    share = (beyond(angle, away, shape) / 2 + 0.5).clip(0, 1)[..., None]
    values = np.array(TABLE) * (1 - share) + np.array(FLOOR) * share
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    return values.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 130, 200, 300])
@pytest.mark.parametrize("away", [-30, 0, 25])
def test_the_line_is_where_the_grounds_meet(degrees, away):
    """At any angle and place, all pixels more than two from the line are on the right side of it."""
    angle = np.deg2rad(degrees)
    edge = find_edge(to_oklab(two_grounds(angle, away)))
    assert edge is not None
    truth = beyond(angle, away)
    sign = 1 if edge.step[0] < 0 else -1  # the floor is darker
    clear = np.abs(truth) > 2
    assert ((sign * edge.beyond(SHAPE) > 0) == (truth > 0))[clear].all()


def test_a_flattened_picture_has_one_ground():
    """Without the step all colours are those of one ground, also on a copy of another size."""
    edge = find_edge(to_oklab(two_grounds(0.4)))
    assert edge is not None
    for shape in (SHAPE, (360, 480)):
        colours = to_oklab(two_grounds(0.4, shape=shape))
        flat = edge.flattened(colours, edge.beyond(shape))
        assert np.percentile(distance(flat, edge.ground), 99) < 0.05
        assert np.percentile(distance(colours, edge.ground), 99) > 0.15


def test_the_shadow_at_an_edge_is_no_strip():
    """A dark line along the edge vanishes with it."""
    shade = 1 - 0.25 * np.exp(-((beyond(0.4) / 2) ** 2))[..., None]
    edge = find_edge(to_oklab(two_grounds(0.4)))
    assert edge is not None
    flat = edge.flattened(to_oklab((two_grounds(0.4) * shade).astype(np.uint8)), edge.beyond(SHAPE))
    assert np.percentile(distance(flat, edge.ground), 99) < 0.08


def uneven():
    return np.array(TABLE) * np.linspace(1, 0.5, SHAPE[1])[None, :, None] + np.zeros((*SHAPE, 1))


def corner():
    """Draw a subject that reaches over a corner of the picture."""
    values = np.full((*SHAPE, 3), TABLE)
    values[:70, :90] = FLOOR
    return values


def side():
    """Draw a subject that reaches over the lower border."""
    values = np.full((*SHAPE, 3), TABLE)
    values[40:, 50:110] = FLOOR
    return values


def stripes():
    values = np.full((*SHAPE, 3), TABLE)
    values[:, ::8] = FLOOR
    return values


@pytest.mark.parametrize("picture", [uneven, corner, side, stripes])
def test_there_is_no_line_without_two_grounds(picture):
    """Light that falls off, a subject that touches the border, and stripes are no edge of a table."""
    noise = np.random.default_rng(0).normal(0, 2, (*SHAPE, 3))
    assert find_edge(to_oklab((picture() + noise).clip(0, 255).astype(np.uint8))) is None


def test_one_colour_and_a_narrow_picture_have_no_line():
    """Nothing is divided by zero where there is nothing to split."""
    assert find_edge(np.zeros((40, 60, 3), np.float32)) is None
    assert find_edge(np.zeros((18, 160, 3), np.float32)) is None


def test_a_gap_before_another_ground_is_cut_out():
    """A wedge of the floor between the edge of the table and the subject, and a gap that shows both, are ground."""
    picture = two_grounds(np.pi / 2, away=30, shape=(360, 480))
    truth = np.zeros((360, 480), bool)
    truth[80:310, 150:330] = True
    truth[150:270, 220:260] = False
    picture[truth] = (90, 35, 70)
    result = cut_out(Image.fromarray(picture))
    assert result is not None
    assert result.doubt == ""
    assert (result.mask & truth).sum() / (result.mask | truth).sum() > 0.9
    assert not result.mask[170:250, 230:250].any()
