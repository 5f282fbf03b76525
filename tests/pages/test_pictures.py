"""A picture in the browser is prepared as Python prepares it, to the bit."""

import pathlib

import numpy as np
import pytest

from vaecli.choices import FITS, POLARITIES

VECTORS = np.load(pathlib.Path(__file__).parents[1] / "data" / "photo" / "vectors.npz")
PICTURES = sorted({name.split("/")[0].split("-")[0] for name in VECTORS.files})
PREPARE = """argument.cases.map(({ shape, fit, polarity, digits, trim }) => {
    const [height, width, channels] = argument.shape;
    const pixels = { height, width, channels, data: Int32Array.from(argument.pixels) };
    const alpha = argument.alpha && Int32Array.from(argument.alpha);
    const image = fit ? readLikeTraining(pixels, alpha, shape, fit)
        : fitToFrame(pixels, alpha, shape, polarity, { digits, trim });
    return Array.from(image.data);
})"""
IMPORTS = {"pictures/frame.js": ["fitToFrame"], "pictures/reading.js": ["readLikeTraining"]}


@pytest.mark.parametrize("picture", PICTURES)
def test_vectors(modules, picture):
    """Each committed picture gives each committed image, to the bit."""
    names = [
        name.split("/")[0]
        for name in VECTORS.files
        if name.startswith(f"{picture}-") and name.endswith("/image")
    ]
    pixels, alpha = VECTORS[f"{picture}/pixels"], VECTORS[f"{picture}/alpha"]
    argument = {
        "shape": pixels.shape,
        "pixels": pixels.ravel().tolist(),
        "alpha": alpha.ravel().tolist() if alpha.size else None,
        "cases": [settings(name) for name in names],
    }
    results = modules(IMPORTS, PREPARE, argument)
    assert len(names) == 18
    for name, values in zip(names, results, strict=True):
        np.testing.assert_array_equal(values, VECTORS[f"{name}/image"].ravel(), err_msg=name)


def settings(name):
    """Return what a vector says of the preparation."""
    shape = VECTORS[f"{name}/image"].shape
    if f"{name}/fit" in VECTORS:
        return {"shape": shape, "fit": FITS[VECTORS[f"{name}/fit"][0]]}
    digits, polarity, trim = VECTORS[f"{name}/settings"].tolist()
    return {"shape": shape, "digits": bool(digits), "polarity": POLARITIES[polarity], "trim": bool(trim)}
