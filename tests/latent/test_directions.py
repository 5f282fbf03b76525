"""`vaecli.latent.directions`: amounts, the nearest class, and latents along a direction."""

import numpy as np
import pytest

from vaecli.errors import OptionError
from vaecli.latent.directions import KEPT, REACH, moved, nearest_class, parse_amounts


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("0:1:3", [0, 0.5, 1]),
        ("-1:1:5", [-1, -0.5, 0, 0.5, 1]),
        ("1:-1:2", [1, -1]),
        ("0.7", [0.7]),
        ("-2", [-2]),
        ("3:3:1", [3]),
        (" 0 : 1e1 : 2 ", [0, 10]),
    ],
)
def test_amounts(text, amounts):
    """Both ends are included."""
    np.testing.assert_allclose(parse_amounts(text), amounts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "0:1",
        "0:1:2:3",
        "0:1:x",
        "0:1:2.5",
        "0:1:-3",
        "0:x:3",
        "nan",
        "0:inf:3",
        "1e9",
        "0:1:0",
        "0:1:1",
        "0:1:1001",
        "::",
    ],
)
def test_texts_that_are_no_amounts(text):
    """Each is an error that names the option."""
    with pytest.raises(OptionError, match="--amount must"):
        parse_amounts(text)


def test_the_nearest_class():
    """Classes without images, and the one left out, are never it."""
    means = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0], [0.9, 0.0]])
    counts = np.array([3, 3, 3, 0])
    assert nearest_class([0.8, 0.0], means, counts, None) == 1
    assert nearest_class([0.8, 0.0], means, counts, 1) == 0


def test_amount_0_is_the_latent_and_1_lies_beyond_the_goal():
    """Amounts lie on a line, with equal steps."""
    z, start, goal = np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([3.0, 0.0])
    latents = moved(z, start, goal, [0, 0.5, 1, -1])
    assert latents.dtype == np.float32
    np.testing.assert_allclose(latents[0], z)
    np.testing.assert_allclose(latents[2], [1 + REACH * 2, KEPT * 2])
    np.testing.assert_allclose(latents[1], (latents[0] + latents[2]) / 2)
    np.testing.assert_allclose(latents[3], 2 * latents[0] - latents[2])


def test_a_bare_difference_keeps_all():
    """Amount 1 adds the difference of the two means."""
    z, start, goal = np.array([1.0, 2.0]), np.array([1.0, 0.0]), np.array([3.0, 1.0])
    np.testing.assert_allclose(moved(z, start, goal, [0, 1, -2], keeps_all=True), [z, [3, 3], [-3, 0]])
