"""Baseline processes: names, times and errors cross the pipe, and no process is left."""

import importlib.util
import multiprocessing

import numpy as np
import pytest

from vaecli.baselines.backends import BACKENDS
from vaecli.baselines.processes import BaselineError, running_baselines
from vaecli.errors import OutputError

pytestmark = pytest.mark.train


def test_packages_that_are_not_installed_are_named(decoder_file):
    """Each missing package gives one note; Keras measures the times of its calls; all processes end."""
    notes = []
    with running_baselines(decoder_file, note=notes.append) as (_, baselines):
        names = [baseline.name for baseline in baselines]
        assert names[:2] == ["Keras predict", "tf.function"]
        times = baselines[1].times(np.zeros((5, 3), np.float32), 0.01)
        assert sum(times) >= 0.01 and min(times) > 0
        assert len(multiprocessing.active_children()) >= 1
    missing = [name for name in BACKENDS if importlib.util.find_spec(name) is None]
    assert notes == [f"{name} is left out: it is not installed." for name in missing]
    assert multiprocessing.active_children() == []


def test_errors_of_a_process(decoder_file):
    """A call that fails leaves the baseline usable; after its process has died, it says so."""
    z = np.zeros((2, 3), np.float32)
    with running_baselines(decoder_file) as (_, baselines):
        baseline = next(entry for entry in baselines if entry.name == "tf.function")
        with pytest.raises(BaselineError, match=r"tf\.function failed: .*Error"):
            baseline.images(np.zeros((2, 7), np.float32))
        assert baseline.images(z).shape == (2, 18, 14, 3)
        for child in multiprocessing.active_children():
            child.kill()
        with pytest.raises(BaselineError, match="its process has ended"):
            baseline.images(z)


def test_a_damaged_decoder_file(tmp_path):
    """A file that is not a Keras model is an error that gives the reason."""
    path = tmp_path / "decoder.keras"
    path.write_bytes(b"nothing")
    message = r"cannot be converted for baselines: .*Error"
    with pytest.raises(BaselineError, match=message), running_baselines(path):
        pass


def test_no_temporary_folder(decoder_file, monkeypatch, tmp_path):
    """Without a place for temporary files, the message names the variable that gives one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    message = r"temporary folder.*TMPDIR"
    with pytest.raises(OutputError, match=message), running_baselines(decoder_file):
        pass
    assert multiprocessing.active_children() == []
