"""SSIM equals scikit-image's and has the properties of a similarity."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.metrics.ssim import ssim


def pair(shape, seed=0):
    """Return images with structure and a noisy copy, in [0, 1]."""
    rng = np.random.default_rng(seed)
    images = np.cumsum(np.cumsum(rng.normal(size=shape), axis=1), axis=2)
    images = (images - images.min()) / np.ptp(images)
    return images, np.clip(images + rng.normal(size=shape) * 0.1, 0, 1)


@pytest.mark.parametrize("shape", [(5, 28, 28, 1), (3, 11, 30, 1), (4, 20, 17, 3)])
def test_agrees_with_scikit_image(shape):
    """SSIM equals structural_similarity with Wang's settings to 1e-6, grey and colour."""
    from skimage import metrics

    a, b = pair(shape)
    expected = [
        metrics.structural_similarity(
            *images,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1.0,
            channel_axis=-1,
        )
        for images in zip(a, b, strict=True)
    ]
    np.testing.assert_allclose(ssim(a, b), expected, atol=1e-6)


@given(height=st.integers(1, 14), width=st.integers(1, 14), seed=st.integers(0, 50))
def test_small_images_work(height, width, seed):
    """For any size the SSIM is in [-1, 1], symmetric, and 1 of an image with itself."""
    a, b = pair((2, height, width, 1), seed) if height * width > 1 else (np.zeros((2, 1, 1, 1)),) * 2
    np.testing.assert_allclose(ssim(a, a), 1)
    assert np.all(np.abs(ssim(a, b)) <= 1 + 1e-12)
    np.testing.assert_allclose(ssim(a, b), ssim(b, a))


def test_more_noise_is_less_similar():
    """SSIM falls as noise grows, to nearly 0 for strong noise."""
    a, _ = pair((20, 28, 28, 1))
    noise = np.random.default_rng(1).normal(size=a.shape)
    means = [ssim(a, np.clip(a + s * noise, 0, 1)).mean() for s in (0, 0.05, 0.2, 1.0)]
    assert means == sorted(means, reverse=True)
    assert means[-1] < 0.1
