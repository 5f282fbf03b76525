"""Plots: readable PNGs, and a clear error where matplotlib is missing."""

import sys

import numpy as np
import PIL.Image
import pytest

from vaecli.errors import MissingExtraError
from vaecli.pictures import plots

HISTORY = [
    {"epoch": e, "loss": 260 + 60 / e, "reconstruction": 250 + 70 / e, "kl": 10 - 10 / e} for e in range(1, 6)
]
CLASSES = tuple("abc")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def opened(path):
    """Return the pixels of a picture as RGB."""
    return np.asarray(PIL.Image.open(path).convert("RGB")).astype(int)


@pytest.mark.plots
@pytest.mark.train
def test_curves_show_validation_where_it_is(tmp_path):
    """With val_ columns, every panel has a second line in the second colour."""
    plots.curves(HISTORY, tmp_path / "a.png")
    both = [
        row | {f"val_{key}": value + 1 for key, value in row.items() if key != "epoch"} for row in HISTORY
    ]
    plots.curves(both, tmp_path / "b.png")
    alone, together = opened(tmp_path / "a.png"), opened(tmp_path / "b.png")
    accent = np.array([0xD6, 0x5A, 0x1E])
    third = together.shape[1] // 3
    assert not np.any(np.abs(alone - accent).sum(axis=-1) < 10)
    for panel in range(3):
        part = together[:, panel * third : (panel + 1) * third]
        assert np.any(np.abs(part - accent).sum(axis=-1) < 10)


@pytest.mark.plots
@pytest.mark.train
def test_one_epoch_is_a_plot(tmp_path):
    """A run that stopped after its first epoch has curves."""
    plots.curves(HISTORY[:1], tmp_path / "a.png")
    assert opened(tmp_path / "a.png").std() > 0


@pytest.mark.plots
@pytest.mark.train
@pytest.mark.parametrize("dim", [1, 2, 16, 64])
def test_latent_plots_take_any_dimension(tmp_path, rng, dim):
    """Scatter plots, with and without labels, and KL bars are drawn for one dimension and for many."""
    z = rng.normal(size=(50, dim)).astype(np.float32)
    plots.latent_scatter(z, rng.integers(0, 3, 50), CLASSES, tmp_path / "a.png")
    plots.latent_scatter(z, None, (), tmp_path / "b.png")
    plots.kl_per_dimension(rng.random(dim), tmp_path / "c.png")
    for name in "abc":
        assert opened(tmp_path / f"{name}.png").std() > 0


@pytest.mark.plots
@pytest.mark.train
def test_letters_that_the_font_has_not_are_no_warning(tmp_path):
    """Classes may be named in any script; a warning is an error here, and noise for a user."""
    z, labels = np.random.default_rng(0).random((20, 3), np.float32), np.arange(20) % 2
    plots.latent_scatter(z, labels, ("\u732b", "\u72ac"), tmp_path / "a.png")
    assert opened(tmp_path / "a.png").size > 100


@pytest.mark.plots
@pytest.mark.train
def test_latents_that_are_one_point_are_no_warning(tmp_path):
    """As those of a collapsed model are."""
    plots.latent_scatter(np.zeros((20, 3), np.float32), np.arange(20) % 2, ("a", "b"), tmp_path / "a.png")
    assert opened(tmp_path / "a.png").size > 100


def test_principal_components_find_the_plane(rng):
    """Points of a plane in ten dimensions keep their distances, and the title says 100 % of variance."""
    flat = rng.normal(size=(120, 2)) * [3, 1]
    basis = np.linalg.qr(rng.normal(size=(10, 2)))[0]
    points, title, _ = plots.project_to_plane(flat @ basis.T + 5)
    assert "100%" in title
    assert "%" not in plots.project_to_plane((flat @ basis.T)[:99])[1]  # too few to tell
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1)
    np.testing.assert_allclose(distance, np.linalg.norm(flat[:, None] - flat[None], axis=-1), atol=1e-9)
    assert points[:, 0].var() > points[:, 1].var()


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    """The error names what to install; the two plots that are sheets of images work without it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"Plots need matplotlib.*vaecli\[train\]"):
        plots.curves(HISTORY, tmp_path / "a.png")
    images = np.arange(9 * 4, dtype=np.uint8).reshape(9, 2, 2, 1)
    plots.reconstructions(images[:4], images[4:8], tmp_path / "r.png")
    plots.latent_plane(images, tmp_path / "p.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["p.png", "r.png"]


def test_the_plane_is_seamless(tmp_path):
    """R x R images fill a square, row by row, without gaps."""
    images = np.arange(9 * 4, dtype=np.uint8).reshape(9, 2, 2, 1)
    plots.latent_plane(images, tmp_path / "p.png")
    pixels = np.asarray(PIL.Image.open(tmp_path / "p.png"))
    scale = pixels.shape[0] // 6
    expected = images.reshape(3, 3, 2, 2).transpose(0, 2, 1, 3).reshape(6, 6)
    assert np.array_equal(pixels[::scale, ::scale], expected)
