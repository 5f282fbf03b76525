"""The script that makes a folder of pictures, and the comparison with PCA."""

import importlib.util
import pathlib
import sys

import numpy as np
import pytest
from PIL import Image

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


def script(name):
    """Import a script by its path."""
    spec = importlib.util.spec_from_file_location(pathlib.Path(name).stem, EXAMPLES / name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.train
def test_pictures_of_several_sizes_and_formats(here, contents, monkeypatch, capsys):
    """The same options give the same bytes; all pictures can be read, except for those that are meant to be bad."""
    make = script("make/make_pictures.py")
    for out in ("first", "second"):
        monkeypatch.setattr(sys, "argv", ["make_pictures.py", "--count", "60", "--bad", "3", "--out", out])
        make.main()
    files = contents("first")
    assert files == contents("second")
    names = [name for name, content in files.items() if content is not None]
    bad = [name for name in names if "bad-" in name]
    assert (len(bad), len(names)) == (3, 63)
    formats, modes, sizes, turned = set(), set(), set(), 0
    for name in set(names) - set(bad):
        with Image.open(here / "first" / name) as picture:
            picture.load()
            formats.add(picture.format)
            modes.add(picture.mode)
            sizes.add(picture.size)
            turned += picture.getexif().get(make.ORIENTATION) == make.TURNED
    assert formats == {"PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"} and modes >= {"L", "RGB", "P", "RGBA"}
    assert len(sizes) > 30 and turned
    assert all(28 <= side <= 400 for size in sizes for side in size)


def test_principal_components():
    """The randomised components span the same space as those of an exact SVD."""
    rng = np.random.default_rng(1)
    scales = np.array([9, 7, 5, 3, *[0.5] * 26])
    images = (rng.normal(size=(300, 30)) * scales + 4).astype(np.float32)
    mean, axes = script("benchmarks/pca.py").components(images, 4)
    exact = np.linalg.svd(images - images.mean(axis=0), full_matrices=False)[2][:4]
    np.testing.assert_allclose(mean, images.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(axes.T @ axes, exact.T @ exact, atol=1e-3)
