"""`vaecli export`, through the program's own `main`; what needs no training and no TensorFlow comes first."""

import re
import subprocess
import sys

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        ([], 1, "There is no trained model"),
        pytest.param(["-m", "nowhere"], 1, "nowhere is not a run", marks=pytest.mark.train),
        pytest.param(["-m", "."], 1, "is not a run", marks=pytest.mark.train),
        (["-m", ""], 2, "--model must name"),
        (["-o", ""], 2, "--out must name"),
        (["--opset", "new"], 2, "--opset"),
        (["--int4"], 2, "--int4"),
        (["nowhere"], 2, "unexpected extra argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals(call, here, arguments, exit_code, says):
    """The reason is named, nothing is on stdout, and nothing is written."""
    code, stdout, stderr = call("export", *arguments)
    assert (code, stdout) == (exit_code, "")
    assert says in re.sub(r"[\s│]+", " ", stderr)
    assert list(here.iterdir()) == []


def test_the_help_names_what_int8_is_for(call):
    """The networks and likelihoods that have an int8 decoder."""
    _, stdout, _ = call("export", "--help")
    text = re.sub(r"[\s│]+", " ", stdout)
    assert "For classic, dense, conv with bernoulli, gaussian." in text


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of one short epoch."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "data").mkdir()
    images = load_mini("train").images[:300, :, :, 0]
    (folder / "data" / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
    (folder / "data" / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))
    options = ["--epochs", "1", "--latent-dim", "2", "--batch-size", "64", "--validation-split", "0.2"]
    command = [sys.executable, "-m", "vaecli", "train", "--data", "data", *options, "--out", "run", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, timeout=600)
    return folder / "run"


@pytest.mark.train
def test_a_folder_to_copy(call, run, here):
    """The folder on stdout; the differences from Keras and the next command on stderr; a second time refused."""
    code, stdout, stderr = call("export", "-m", run, "-o", "shoes", "--opset", "17")
    assert (code, stdout) == (0, "shoes\n"), stderr
    assert {path.name for path in (here / "shoes").iterdir()} == {
        "encoder.onnx",
        "decoder.onnx",
        "MODEL_CARD.md",
    }
    title, header, *rows, note, step = stderr.splitlines()
    assert note.startswith("Without what `vaecli score` needs. A score needs at least 100 validation images")
    assert title == "Absolute differences between Keras and onnxruntime"
    assert header.split() == ["part", "output", "inputs", "batch", "largest", "mean", "bound"]
    assert all(float(row.split()[-3]) <= float(row.split()[-1]) for row in rows) and rows
    assert step == "Next: vaecli sample -m shoes"
    code, stdout, stderr = call("export", "-m", run, "-o", "shoes")
    assert (code, stdout) == (1, "")
    assert "shoes" in stderr and "--force" in stderr


@pytest.mark.train
def test_quiet(call, run, here):
    """`--quiet` prints the folder and nothing else."""
    assert call("export", "-m", run, "-o", "out", "--quiet") == (0, "out\n", "")


@pytest.mark.train
def test_an_opset_that_does_not_exist(call, run, here):
    """A usage error that names the option; nothing is written."""
    code, stdout, stderr = call("export", "-m", run, "-o", "out", "--opset", "99")
    assert (code, stdout) == (2, "")
    assert "--opset" in stderr
    assert list(here.iterdir()) == []
