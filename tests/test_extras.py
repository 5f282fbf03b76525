"""Optional packages: what is said where one is missing."""

import sys

import pytest

from vaecli import extras
from vaecli.errors import MissingExtraError


def test_installed_packages_are_accepted():
    """Nothing is raised where all modules can be imported."""
    extras.require("Anything needs", "json", "numpy")


def test_a_missing_package_names_the_command(monkeypatch):
    """The message says what is missing, and the hint is the command that installs it."""
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(MissingExtraError) as caught:
        extras.require("Training needs TensorFlow", "numpy", "no_such_module")
    assert caught.value.message == "Training needs TensorFlow, which is not installed. Install it:"
    assert caught.value.hint == 'pip install "vaecli[train]"'


def test_a_python_without_tensorflow_is_named(monkeypatch):
    """On Python 3.14 the command alone would not help; the hint says which Python does."""
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    with pytest.raises(MissingExtraError) as caught:
        extras.require("Training needs TensorFlow", "no_such_module")
    assert caught.value.hint == (
        'pip install "vaecli[train]", with Python 3.13 or earlier: TensorFlow has no wheels for Python 3.14.'
    )
    with pytest.raises(MissingExtraError) as caught:
        extras.require("--tensorboard needs the tensorboard package", "no_such_module", extra="tensorboard")
    assert "3.13" not in caught.value.hint
