"""tasks.bench: every file measured, and the numbers consistent."""

import shutil

import numpy as np
import pytest

from vaecli.errors import ModelError, OptionError
from vaecli.runtime import modelfile, threads
from vaecli.runtime.plain import PlainSession
from vaecli.runtime.session import Session
from vaecli.tasks.bench import BATCHES, bench, files_of


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """As on a machine with two processors."""
    monkeypatch.setattr(threads, "available", lambda: 2)


def test_every_file_batch_and_thread_count(model_folder):
    """Both files at each batch size with one thread and all; speed, times and batch fit together."""
    told = []
    measured = bench(model_folder, seconds=0.004, progress=lambda *done: told.append(done))
    found = [(entry.file, entry.batch, entry.threads) for entry in measured]
    assert found == [
        (file, batch, count)
        for file in ("encoder.onnx", "decoder.onnx")
        for batch in BATCHES
        for count in (1, 2)
    ]
    assert told[-1] == (12, 12)
    for entry in measured:
        assert entry.runtime == "vaecli"
        assert 0 < entry.p50_ms <= entry.p99_ms
        assert entry.calls >= 4
        assert entry.images_per_second * entry.p50_ms == pytest.approx(1e3 * entry.batch)


def test_against_adds_the_default_session(model_folder):
    """One more line a batch size: onnxruntime as it comes."""
    measured = bench(model_folder / "decoder.onnx", seconds=0.004, against=True)
    runtimes = [entry.runtime for entry in measured if entry.file == "decoder.onnx" and entry.batch == 1]
    assert runtimes == ["vaecli", "vaecli", "onnxruntime"]


def test_the_plain_session_computes_the_same(model_folder):
    """What is compared with does the same work."""
    file = modelfile.read(model_folder / "decoder.onnx")
    z = np.linspace(-2, 2, 14, dtype=np.float32).reshape(7, 2)
    ours, plain = Session(file, "z").run(z), PlainSession(file).run(z)
    assert ours.keys() == plain.keys()
    for name, values in ours.items():
        np.testing.assert_allclose(values, plain[name], atol=1e-5)


def test_files_that_are_there(model_folder, tmp_path):
    """A decoder alone is measured alone; an int8 file beside it comes last."""
    shutil.copy(model_folder / "decoder.onnx", tmp_path)
    assert [file.name for file in files_of(tmp_path)] == ["decoder.onnx"]
    shutil.copy(model_folder / "decoder.onnx", tmp_path / "decoder.int8.onnx")
    assert [file.name for file in files_of(tmp_path)] == ["decoder.onnx", "decoder.int8.onnx"]
    with pytest.raises(ModelError):
        files_of(tmp_path / "nowhere")


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_seconds_have_to_be_positive(model_folder, seconds):
    """Before anything is opened."""
    with pytest.raises(OptionError, match="--seconds"):
        bench(model_folder, seconds=seconds)
