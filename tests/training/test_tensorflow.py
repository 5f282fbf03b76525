"""The quiet start of TensorFlow: where its output goes, and what the environment is afterwards."""

import os
import pathlib
import sys

import pytest

from vaecli.errors import OutputError, TrainingError
from vaecli.training.tensorflow import quietly


def test_output_goes_to_the_log(tmp_path, capfd):
    """Text written to file descriptor 2 in the body is in the log, and not on stderr."""
    with quietly(tmp_path / "log"):
        os.write(2, b"chatter\n")
    os.write(2, b"news\n")
    assert (tmp_path / "log").read_text() == "chatter\n"
    assert capfd.readouterr().err == "news\n"


def test_the_environment_is_restored(tmp_path, monkeypatch):
    """KERAS_BACKEND and KERAS_HOME are set in the body alone, whether they were set before or not."""
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.delenv("KERAS_HOME", raising=False)
    with quietly(tmp_path / "log"):
        assert os.environ["KERAS_BACKEND"] == "tensorflow"
        assert not pathlib.Path(os.environ["KERAS_HOME"]).is_dir()
    assert os.environ["KERAS_BACKEND"] == "jax" and "KERAS_HOME" not in os.environ


@pytest.mark.train
def test_float32_is_exact(tmp_path):
    """TF32, which GPUs since Ampere use for products by default, is off."""
    with quietly(tmp_path / "log"):
        import tensorflow as tf

        tf.config.experimental.enable_tensor_float_32_execution(True)
    assert not tf.config.experimental.tensor_float_32_execution_enabled()


def test_an_import_that_fails(tmp_path):
    """The error holds the reason and the end of the log."""
    with (
        pytest.raises(
            TrainingError, match=r"TensorFlow does not start: no such library\. .*illegal instruction"
        ),
        quietly(tmp_path / "log"),
    ):
        os.write(2, b"illegal instruction\n")
        raise ImportError("no such library")


def test_a_log_that_cannot_be_written(tmp_path):
    """A folder that does not exist is an OutputError."""
    with pytest.raises(OutputError), quietly(tmp_path / "missing" / "log"):
        raise AssertionError("a log in no folder")


CLOSED = """
import os, pathlib, sys
from vaecli.training.tensorflow import quietly
os.close(2)
with quietly(pathlib.Path("log")):
    pass
print("done")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are inherited differently")
def test_a_closed_stderr(process):
    """Without file descriptor 2 the body runs all the same."""
    result = process(code=CLOSED)
    assert (result.returncode, result.stdout) == (0, b"done\n")
