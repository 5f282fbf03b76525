"""Samples in the browser are those of `vaecli sample`: the same latents from the same seed."""

import base64

import numpy as np
import pytest

from vaecli.latent.draws import rows
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

DRAW = """(async () => {
    const bytes = Uint8Array.from(atob(argument.content), (character) => character.charCodeAt(0));
    const { info, metadata } = await readModelFile(bytes, "decoder");
    const priors = new Priors(info, metadata.get("vaecli.prior"));
    return Array.from({ length: argument.count }, (_, i) => Array.from(
        priors.draw(BigInt(argument.seed), BigInt(argument.first) + BigInt(i), argument.options)));
})()"""
IMPORTS = {"model/file.js": ["readModelFile"], "model/priors.js": ["Priors"]}
SEEDS = [(0, 0), (7, 1000), (2**64 - 1, 2**63 + 5), (123456789012345, 3)]


@pytest.mark.parametrize("dim", [1, 2, 5, 16])
@pytest.mark.parametrize(("seed", "first"), SEEDS)
def test_rows(modules, dim, seed, first):
    """Normal numbers and spare words, for seeds and positions of 64 bits; a last bit of float32 may differ."""
    expected = rows(first, 20, dim, seed=seed)
    expression = """Array.from({ length: 20 }, (_, i) => {
        const { normals, words } = drawRow(BigInt(argument.seed), BigInt(argument.first) + BigInt(i), argument.dim);
        return [Array.from(normals), words.map(String)];
    })"""
    argument = {"seed": str(seed), "first": str(first), "dim": dim}
    drawn = modules({"model/draws.js": ["drawRow"]}, expression, argument)
    normals = np.array([row[0] for row in drawn], np.float32)
    np.testing.assert_array_almost_equal_nulp(normals, expected.normals, 1)
    assert (normals != expected.normals).mean() < 0.01
    assert [[int(word) for word in row[1]] for row in drawn] == expected.words.tolist()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"temperature": 0.7},
        {"prior": "normal"},
        {"prior": "mixture"},
        {"label": "Bag"},
        {"label": "Sandal", "temperature": 1.5},
    ],
    ids=str,
)
def test_priors(modules, mixed_folder, options):
    """From the model's own prior, N(0, I), the mixture, and the mixtures of classes, at any temperature."""
    file, model = read_file(mixed_folder / "decoder.onnx"), Model.open(mixed_folder)
    expected = model.draw(200, seed=5, first=17, **options)
    label = options.get("label")
    given = {
        "prior": options.get("prior"),
        "label": None if label is None else model.info.class_names.index(label),
        "temperature": options.get("temperature", 1),
    }
    content = base64.b64encode(file.content).decode()
    argument = {"content": content, "count": 200, "seed": "5", "first": "17", "options": given}
    drawn = np.array(modules(IMPORTS, DRAW, argument), np.float32)
    np.testing.assert_allclose(drawn, expected, rtol=1e-6, atol=1e-6)
