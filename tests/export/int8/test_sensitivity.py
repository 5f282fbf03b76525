"""Which numbers pixels depend on: derivatives against differences, and what is cropped."""

import numpy as np

from vaecli.export.int8 import sensitivity


def test_squared_derivatives(random_stages, logits_from, monkeypatch):
    """With many probes: the squared change of the picture by each number alone, up to a common factor."""
    monkeypatch.setattr(sensitivity, "PROBES", 500)
    parts = random_stages((4, 7, 1), channels=4)
    traced = sensitivity.trace(parts, np.array([[0.5, -1, 0.3]], np.float32))
    for number, values in enumerate(traced.values[:-1]):
        alone = np.eye(values.size, dtype=np.float32).reshape(-1, *values.shape[1:]) * (values > 0)
        up, down = (picture(logits_from(parts, values + step * alone, number)) for step in (0.01, -0.01))
        exact = np.square((up - down) / 0.02)[:, :4, :7].sum(axis=(1, 2, 3))
        counts = traced.counts[number].ravel() - sensitivity.FLOOR
        np.testing.assert_allclose(counts, exact / exact.mean(), rtol=0.3, atol=0.05)


def picture(logits):
    return 1 / (1 + np.exp(-logits))


def test_cropped_pixels_count_for_little(random_stages):
    """What only reaches pixels that are cut off gets the floor; the pixel nearest to grey counts most."""
    parts = random_stages((5, 8, 1), channels=4)
    traced = sensitivity.trace(parts, np.ones((2, 3), np.float32))
    assert (traced.counts[-1][:, 5:] == np.float32(sensitivity.FLOOR)).all()
    inside, logits = traced.counts[-1][:, :5], np.abs(traced.values[-1][:, :5])
    assert inside.argmax() == logits.argmin()
