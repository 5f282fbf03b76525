"""The examples to learn from run on the committed models and compute what the library computes."""

import pathlib

import numpy as np
import pytest
from PIL import Image

from vaecli import Model

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
RUN = """
import runpy, sys

del sys.argv[0]
runpy.run_path(sys.argv[0])
"""
RUN_WITHOUT_VAECLI = """
import runpy, sys
import numpy

sys.modules["vaecli"] = None  # importing it fails, as if it were not installed
del sys.argv[0]
names = runpy.run_path(sys.argv[0])
numpy.savez("out.npz", **{name: names[name] for name in ("z", "images", "z_mean", "z_log_var")})
"""


@pytest.fixture
def run(process):
    """Run a script with its arguments; return its stdout as lines."""

    def run(script, *arguments, code=RUN):
        result = process(EXAMPLES / script, *arguments, code=code)
        assert result.returncode == 0, result.stderr.decode()
        return result.stdout.decode().splitlines()

    return run


def test_sample_from_python(run, here, model, model_folder):
    """It saves 32 pictures of the model as an array, and as a sheet of 4 rows and 8 columns."""
    output = run("sample_from_python.py", model_folder)
    assert output == ["32 pictures of 28 x 28 pixels: samples.png"]
    images = model.sample(32, seed=7)
    np.testing.assert_array_equal(np.load("samples.npy"), images)
    with Image.open("samples.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (4 * 28, 8 * 28)
    expected = np.rint(255 * images[8 + 2, :, :, 0])  # second row, third column
    np.testing.assert_allclose(pixels[28:56, 56:84], expected, atol=1)


def test_sample_from_python_writes_to_a_folder(run, here, small_folder):
    """The second argument names the folder of the results; pictures need not be square."""
    (here / "out").mkdir()
    assert run("sample_from_python.py", small_folder, "out")[0].startswith("32 pictures of 14 x 13 pixels")
    assert sorted(path.name for path in (here / "out").iterdir()) == ["samples.npy", "samples.png"]


def test_interpolate_arrays(run, here, model, model_folder):
    """It saves the interpolation of two arrays; the steps by hand give the same."""
    output = run("interpolate_arrays.py", model_folder, "out.npy")
    assert float(output[0].removeprefix("largest difference between the two ways: ")) < 1e-5
    assert output[1] == "9 pictures of (28, 28, 1): out.npy"
    first, last = model.sample(2, seed=7)
    np.testing.assert_allclose(np.load("out.npy"), model.interpolate(first, last, steps=9), atol=1e-6)


def test_onnx_alone_needs_no_vaecli(run, here, small_folder):
    """With onnxruntime and NumPy alone, pictures and encodings are those of `Model`."""
    output = run("onnx_alone.py", small_folder, code=RUN_WITHOUT_VAECLI)
    results, model = np.load("out.npz"), Model.open(small_folder)
    images = model.decode(results["z"])
    np.testing.assert_allclose(results["images"], images, atol=1e-5)
    for name, expected in zip(("z_mean", "z_log_var"), model.encode(images), strict=True):
        np.testing.assert_allclose(results[name], expected, atol=1e-4)
    assert output[0].startswith(f"4 pictures of (14, 13, 1), mean pixel {images.mean():.3f};")
    assert len(output) == 1 + 4


def test_the_interpreter_has_no_vaecli(process, here, small_folder):
    """In the interpreter of the test above, a script that imports vaecli fails."""
    (here / "script.py").write_text("from vaecli import Model", encoding="utf-8")
    result = process(here / "script.py", small_folder, code=RUN_WITHOUT_VAECLI)
    assert b"ModuleNotFoundError" in result.stderr
