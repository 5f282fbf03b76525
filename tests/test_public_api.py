"""The public Python API: what `import vaecli` offers, and what its docstring says about the package."""

import pathlib
import re
import subprocess
import sys

import vaecli

PACKAGE = pathlib.Path(vaecli.__file__).parent


def test_public_names_exist():
    """Each name of `__all__` is there, and each is in the docstring."""
    for name in vaecli.__all__:
        assert getattr(vaecli, name)
        assert f"vaecli.{name}" in vaecli.__doc__


def test_public_names_load_no_tensorflow():
    """TensorFlow is loaded when training starts, not when its function is named."""
    code = "import sys, vaecli; vaecli.train, vaecli.TrainOptions, vaecli.errors.VaecliError, vaecli.Model"
    process = subprocess.run(
        [sys.executable, "-c", f"{code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    assert {"tensorflow", "keras", "typer"} & set(process.stdout.split()) == set()


def test_the_docstring_lists_every_package():
    """The tree in the docstring names the packages that exist, and no others."""
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert set(re.findall(r"^    ([a-z]+)/ ", vaecli.__doc__, re.M)) == packages
