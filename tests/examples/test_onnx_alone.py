"""`examples/onnx_alone.py`: the files are used with onnxruntime and numpy, where there is no vaecli."""

import pathlib

import numpy as np
import pytest

from vaecli.runtime.model import Model

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "onnx_alone.py"
ALONE = """
import runpy, sys
import numpy
sys.modules["vaecli"] = None  # as if it were not installed: importing it fails
del sys.argv[0]
names = runpy.run_path(sys.argv[0])
numpy.savez("out.npz", **{name: names[name] for name in ("z", "images", "z_mean", "z_log_var")})
"""


@pytest.fixture
def alone(process):
    """Run a script on a folder in an interpreter that has no vaecli: its process."""
    return lambda script, folder: process(script, folder, code=ALONE)


def test_it_needs_no_vaecli(alone, here, small_folder):
    """Pictures and encodings are those of `Model`, and it prints what they are."""
    result = alone(EXAMPLE, small_folder)
    assert result.returncode == 0, result.stderr
    found, model = np.load("out.npz"), Model.open(small_folder)
    images = model.decode(found["z"])
    np.testing.assert_allclose(found["images"], images, atol=1e-5)
    for name, expected in zip(("z_mean", "z_log_var"), model.encode(images), strict=True):
        np.testing.assert_allclose(found[name], expected, atol=1e-4)
    said = result.stdout.decode().splitlines()
    assert said[0].startswith(f"4 pictures of (14, 13, 1), {images.mean():.3f} on average")
    assert len(said) == 1 + 4


def test_a_script_that_needs_vaecli_would_fail(alone, here, small_folder):
    """The interpreter has none, truly."""
    (here / "script.py").write_text("from vaecli import Model")
    assert b"ModuleNotFoundError" in alone(here / "script.py", small_folder).stderr
