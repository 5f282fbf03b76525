"""The engine in a browser computes what onnxruntime computes, for every file that vaecli writes."""

import base64
import pathlib

import numpy as np
import pytest

from vaecli.modelfile.operators import SIGNATURES
from vaecli.modelfile.read import read_file
from vaecli.runtime.session import Session

MODELS = pathlib.Path(__file__).parents[1] / "models"
FILES = sorted(MODELS.glob("*/*.onnx"))
IMPORTS = {
    "model/file.js": ["readModelFile"],
    "model/golden.js": ["checkGolden"],
    "engine/tensors.js": ["floats"],
}
CHECK = """(async () => {
    const bytes = Uint8Array.from(atob(argument.content), (character) => character.charCodeAt(0));
    const file = await readModelFile(bytes, argument.part);
    return checkGolden(file.session, file.metadata.get("vaecli.golden"), file.info.precision);
})()"""
RUN = """(async () => {
    const bytes = Uint8Array.from(atob(argument.content), (character) => character.charCodeAt(0));
    const file = await readModelFile(bytes, argument.part);
    const inputs = Object.fromEntries(Object.entries(argument.inputs)
        .map(([name, { shape, data }]) => [name, floats(shape, Float32Array.from(data))]));
    const outputs = file.session.run(inputs, argument.names);
    return argument.names.map((name) => Array.from(outputs[name].data));
})()"""


def passed_to(file):
    """Return a model file as an argument for the browser."""
    return {"content": base64.b64encode(file.content).decode(), "part": file.info.part}


def assert_right(modules, path):
    """Run the golden vectors of a file, and a batch of two on which onnxruntime is the judge."""
    file = read_file(path)
    result = modules(IMPORTS, CHECK, passed_to(file))
    golden = file.golden()
    assert result["vectors"] == len(next(iter(golden.inputs.values())))
    assert {check["output"] for check in result["checks"]} == set(golden.outputs)
    assert all(check["passed"] for check in result["checks"]), (path, result)
    rng = np.random.default_rng(1)
    inputs = {
        name: rng.random((2, *shape[1:]), np.float32) if name == "image" else rng.normal(size=(2, *shape[1:]))
        for name, shape in file.graph.inputs.items()
    }
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    names = [name for name in file.graph.outputs if name == "image" or file.info.part == "encoder"]
    packed = {name: {"shape": array.shape, "data": array.ravel().tolist()} for name, array in inputs.items()}
    outputs = modules(IMPORTS, RUN, passed_to(file) | {"inputs": packed, "names": names})
    expected = Session(file, thread_count=1).run(inputs, names)
    bound = 0.01 if file.info.precision == "int8" else 2e-5
    for name, values in zip(names, outputs, strict=True):
        np.testing.assert_allclose(values, expected[name].ravel(), rtol=bound, atol=bound)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_committed_models(modules, path):
    """Golden vectors, and inputs of a batch of two, of every committed file: float32, fp16 and int8."""
    assert_right(modules, path)


@pytest.mark.train
@pytest.mark.parametrize(
    ("network", "pixels", "shape", "labels"),
    [
        ("dense", "bernoulli", (12, 10, 1), 0),
        ("conv", "continuous-bernoulli", (14, 13, 1), 3),
        ("residual", "logistic", (12, 12, 3), 0),
        ("residual", "gaussian", (13, 9, 1), 4),
        ("classic", "gaussian", (12, 8, 3), 0),
    ],
)
def test_all_networks(modules, tmp_path, export_untrained, network, pixels, shape, labels):
    """Every network, likelihood and number of channels, with and without labels; some in fp16, too."""
    precisions = ["fp16"] if network in ("dense", "conv") else []
    folder = export_untrained(
        tmp_path / "model", network, pixels, shape, labels=labels, precisions=precisions
    )
    paths = sorted(folder.glob("*.onnx"))
    assert len(paths) == 2 + 2 * len(precisions)
    for path in paths:
        assert_right(modules, path)


def test_the_tables_of_operators_agree(modules):
    """The page computes the operators that a file may use: all of them, and no other."""
    names = modules({"engine/operators.js": ["OPERATORS"]}, "Object.keys(OPERATORS)")
    assert sorted(names) == sorted(SIGNATURES)


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        (0x0000, 0.0),
        (0x3C00, 1.0),
        (0xC000, -2.0),
        (0x0001, 2.0**-24),
        (0x7BFF, 65504.0),
        (0x3555, 0.333251953125),
    ],
)
def test_half_precision(modules, bits, value):
    """Numbers of 16 bits, also subnormal ones, have numpy's values."""
    assert np.array([bits], np.uint16).view(np.float16)[0] == np.float16(value)
    assert modules({"engine/tensors.js": ["halfToNumber"]}, "halfToNumber(argument)", bits) == value
