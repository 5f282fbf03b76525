"""The onnxruntime version that a file needs, and the error of one that is too old."""

import onnxruntime
import pytest

from vaecli.errors import ModelError
from vaecli.modelfile import versions
from vaecli.runtime.model import Model


def test_needed():
    """An opset below the table needs its first version; one above is not known."""
    assert [versions.needed(opset) for opset in (7, 13, 15, 18, 19)] == ["1.6", "1.6", "1.10", "1.14", ""]


@pytest.mark.parametrize(
    ("version", "reference", "older"),
    [
        ("1.9.0", "1.10", True),
        ("1.10.0", "1.10", False),
        ("1.32.0", "1.6", False),
        ("2.0", "1.14", False),
        ("1.5.2rc1", "1.6", True),
        ("1.18.0.dev1", "1.18", False),
    ],
)
def test_is_older(version, reference, older):
    """Versions are compared number by number: 1.9 is older than 1.10."""
    assert versions.is_older(version, reference) == older


def test_an_onnxruntime_that_is_too_old(model_folder, monkeypatch):
    """The error of an old onnxruntime names the version that is needed and the one that is installed."""

    def refuse(*_, **__):
        raise RuntimeError("Unsupported model IR version")

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    monkeypatch.setattr(onnxruntime, "__version__", "1.5.2")
    with pytest.raises(ModelError, match=r"needs onnxruntime 1\.6 or later, got 1\.5\.2") as caught:
        Model.open(model_folder)
    assert caught.value.hint == 'pip install --upgrade "onnxruntime>=1.6"'
    monkeypatch.setattr(onnxruntime, "__version__", "1.18.0")
    with pytest.raises(
        ModelError, match=r"onnxruntime 1\.18\.0 does not accept .*Unsupported model IR version"
    ):
        Model.open(model_folder)
