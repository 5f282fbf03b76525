"""Every command that vaecli prints to type next runs, in the situation that prints it."""

import re
import shlex
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import typer.main

from vaecli.cli.main import application
from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini

ODD = "my 'odd' [v2] run"


def next_steps(stderr):
    """The words of each printed command, without `vaecli`."""
    return [shlex.split(line)[2:] for line in stderr.splitlines() if line.startswith("Next: ")]


@pytest.fixture
def situation(here, model_folder, small_folder, forge):
    """Makes a folder with one kind of model and returns what is typed after `-m`."""

    def situation(kind):
        folder = here / ODD
        if kind == "trained on a folder":
            shutil.copytree(small_folder, folder)
        elif kind == "trained on a folder called as a data set":
            shutil.copytree(model_folder, folder)
            data = {"name": "fashion-mnist-mini", "kind": "folder", "sha256": "0" * 64, "count": 9}
            for path in folder.glob("*.onnx"):
                forge.change_info(path, {"data": data})
        elif kind == "trained on a data set that is not here":
            shutil.copytree(model_folder, folder)
            data = {"name": "kmnist", "kind": "named", "sha256": "0" * 64, "count": 9}
            for path in folder.glob("*.onnx"):
                forge.change_info(path, {"data": data})
        elif kind == "beside the encoder of another model":
            shutil.copytree(model_folder, folder)
            shutil.copy(small_folder / "encoder.onnx", folder / "encoder.onnx")
        elif kind == "beside a damaged encoder":
            shutil.copytree(model_folder, folder)
            (folder / "encoder.onnx").write_bytes(b"damaged")
        else:
            shutil.copytree(model_folder, folder)
        if kind == "a decoder alone":
            (folder / "encoder.onnx").unlink()
            return folder / "decoder.onnx"
        return folder

    return situation


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("whole", ["interpolate"]),
        ("a decoder alone", ["info"]),
        ("trained on a folder", ["info"]),
        ("trained on a folder called as a data set", ["info"]),
        ("trained on a data set that is not here", ["info"]),
        ("beside the encoder of another model", []),
        ("beside a damaged encoder", []),
    ],
)
def test_after_sample(call, situation, monkeypatch, tmp_path, kind, expected):
    """`interpolate` if the encoder and the test set are here, else `info` if it works; also if names are taken."""
    monkeypatch.setenv("VAECLI_CACHE", str(tmp_path / "cache"))
    model = situation(kind)
    for _ in range(2):
        code, _, stderr = call("sample", "-n", 1, "-m", model)
        assert code == 0, stderr
        steps = next_steps(stderr)
        assert [step[0] for step in steps] == expected
        for step in steps:
            code, _, stderr = call(*step)
            assert code == 0, stderr


def test_after_sample_without_a_model(call, here, model_folder):
    """The newest run is taken, and the next command takes it too."""
    shutil.copytree(model_folder, here / "runs" / "a-1" / "model")
    (here / "runs" / "a-1" / "provenance.json").write_text('{"started": "2026"}')
    (step,) = next_steps(call("sample", "-n", 1)[2])
    assert step == ["interpolate", "test:0", "test:1"]
    assert call(*step)[0] == 0


@pytest.mark.parametrize("words", [["data"], ["data", "fetch", "fashion-mnist-mini"]])
def test_after_data(call, words):
    """The commands parse; to run them takes a network and a training."""
    code, _, stderr = call(*words)
    assert code == 0
    for step in next_steps(stderr):
        group = typer.main.get_command(application())
        if step[:2] == ["data", "fetch"]:
            group.commands["data"].commands["fetch"].make_context("fetch", step[2:])
        else:
            group.commands[step[0]].make_context(step[0], step[1:])


@pytest.fixture
def vaecli(tmp_path):
    """Runs the program in a process: (exit code, stderr)."""

    def vaecli(*arguments):
        command = [sys.executable, "-m", "vaecli", *map(str, arguments)]
        if arguments[0] == "explore":  # it serves until it is stopped
            return explored(command, tmp_path)
        result = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
        return result.returncode, result.stderr

    return vaecli


def explored(command, folder):
    """Run `vaecli explore` until it prints its address, stop it, and return 0 if it ended as it should."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*command, "--no-browser"], cwd=folder, stdout=pipe, stderr=pipe, text=True
    ) as process:
        address = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=600)
    return 0 if address.startswith("http://127.0.0.1:") and process.returncode == 130 else 1, stderr


def write_training_images(folder):
    """Write 300 bundled images as an IDX folder without a test set."""
    folder.mkdir()
    images = load_mini("train").images[:300, :, :, 0]
    (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
    (folder / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))


@pytest.mark.train
def test_after_training_on_a_folder(vaecli, tmp_path):
    """`eval` finds the folder, which has no test set; a stopped run is resumed."""
    data = tmp_path / "my [data]"
    write_training_images(data)
    small = ["--latent-dim", 2, "--batch-size", 64, "--validation-split", 0.2]
    code, stderr = vaecli("train", "--data", data, *small, "--epochs", 2, "--out", ODD)
    assert code == 0, stderr
    steps = next_steps(stderr)
    assert steps == [["eval", "-m", ODD], ["sample", "-m", ODD], ["explore", "-m", ODD]]
    for step in steps:
        code, stderr = vaecli(*step)
        assert code == 0, stderr
        if step[0] == "eval":
            assert "validation images" in stderr
        for following in next_steps(stderr):
            assert following == ["interpolate", "val:0", "val:1", "-m", ODD]
            assert vaecli(*following)[0] == 0
    code, stderr = vaecli("train", "--resume", ODD, "--epochs", 9, "--max-time", "1s")
    assert (code, next_steps(stderr)[0]) == (0, ["train", "--resume", ODD]), stderr
    code, stderr = vaecli(*next_steps(stderr)[0])
    assert code == 0, stderr
    code, stderr = vaecli("export", "-m", ODD, "-o", "to copy")
    assert code == 0, stderr
    (step,) = next_steps(stderr)
    assert step == ["sample", "-m", "to copy"]
    assert vaecli(*step)[0] == 0


@pytest.mark.train
def test_after_training_on_a_data_set(vaecli):
    """A data set that is known by name needs no --data."""
    small = ["--latent-dim", 2, "--batch-size", 256, "--epochs", 1]
    code, stderr = vaecli("train", "--data", "fashion-mnist-mini", *small, "--out", "run")
    assert code == 0, stderr
    steps = next_steps(stderr)
    assert steps == [["eval", "-m", "run"], ["sample", "-m", "run"], ["explore", "-m", "run"]]
    for step in steps:
        code, stderr = vaecli(*step)
        assert code == 0, stderr
        if step[0] == "eval":
            assert "validation images" not in stderr
        for following in next_steps(stderr):
            assert following == ["interpolate", "test:0", "test:1", "-m", "run"]
            assert vaecli(*following)[0] == 0


def test_commands_in_errors_are_quoted(call, here, model_folder):
    """The hint of an error names a path with spaces as one word."""
    run = here / "runs" / ODD
    shutil.copytree(model_folder, run / "model")
    code, _, stderr = call("sample", "-m", run, "--precision", "int8")
    assert code == 1
    words = shlex.split(re.search(r"vaecli export .*", stderr).group())
    assert words[:4] == ["vaecli", "export", "-m", str(run)]
