"""Sensitivity weights: equal to squared derivatives, and small for pixels that are cropped."""

import numpy as np
import pytest

from vaecli.export.int8 import sensitivity


@pytest.mark.parametrize("network", ["classic", "dense", "conv"])
def test_weights_are_squared_derivatives(random_decoder, logits_from, network):
    """With many probes they match the squared change of the picture by each value alone, up to a common factor."""
    decoder = random_decoder((4, 7, 1), channels=4, network=network)
    traced = sensitivity.trace(decoder, np.array([[0.5, -1, 0.3]], np.float32), probes=500)
    for number, values in enumerate(traced.values[:-1]):
        units = np.eye(values.size, dtype=np.float32).reshape(-1, *values.shape[1:]) * (values > 0)
        up, down = (picture(logits_from(decoder, values + step * units, number)) for step in (0.01, -0.01))
        exact = np.square((up - down) / 0.02)[:, :4, :7].sum(axis=(1, 2, 3))
        estimate = traced.sensitivity[number].ravel() - sensitivity.FLOOR
        np.testing.assert_allclose(estimate, exact / exact.mean(), rtol=0.3, atol=0.05)


def picture(logits):
    return 1 / (1 + np.exp(-logits))


def test_cropped_pixels_have_the_smallest_weight(random_decoder):
    """Cropped pixels get the floor; the pixel nearest to mid-grey gets the largest weight."""
    decoder = random_decoder((5, 8, 1), channels=4)
    traced = sensitivity.trace(decoder, np.ones((2, 3), np.float32))
    assert (traced.sensitivity[-1][:, 5:] == np.float32(sensitivity.FLOOR)).all()
    inside, logits = traced.sensitivity[-1][:, :5], np.abs(traced.values[-1][:, :5])
    assert inside.argmax() == logits.argmin()
