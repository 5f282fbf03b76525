"""`--precision`: every command with every decoder of a committed model that has all of them."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini

PHOTOS = [pathlib.Path(__file__).parents[2] / "examples" / name for name in ("shirt.png", "boot.png")]
OFF = {"int8": 1.0, "fp16": 0.1}  # grey levels on average
PRECISIONS = sorted(OFF)


@pytest.fixture
def pictures(call, small_folder):
    """Runs a command that makes pictures at a precision: (n, H, W, C) uint8."""

    def pictures(*arguments, precision):
        out = pathlib.Path(f"{precision}.npy")
        code, stdout, stderr = call(*arguments, "-m", small_folder, "-o", out, "--precision", precision)
        assert (code, stdout.strip()) == (0, str(out)), stderr
        return np.load(out).astype(int)

    return pictures


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("command", [("sample", "-n", "200"), ("interpolate", *PHOTOS)])
def test_nearly_the_same_pictures(pictures, command, precision):
    """The same seed, or the same photos, give slightly different pictures."""
    exact, reduced = (pictures(*command, precision=name) for name in ("float32", precision))
    assert exact.shape == reduced.shape and exact.shape[1:] == (14, 13, 1)
    assert np.abs(exact - reduced).mean() < OFF[precision]
    assert (exact != reduced).any()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with 100 test images of the model's shape."""
    folder = tmp_path_factory.mktemp("halved")
    images = load_mini("test").images[::10, :, :, 0].astype(int)
    halved = (images.reshape(-1, 14, 2, 14, 2).sum(axis=(2, 4)) // 4)[:, :, :13].astype(np.uint8)
    (folder / "t10k-images-idx3-ubyte").write_bytes(encode_idx(halved))
    return folder


@pytest.mark.parametrize("precision", PRECISIONS)
def test_eval(call, small_folder, data, precision):
    """With the same noise the ELBO differs by less than 0.2 nats, and is not equal."""
    values = []
    for name in ("float32", precision):
        options = ("--data", data, "--metrics", "elbo", "--json", "--precision", name)
        code, stdout, stderr = call("eval", "-m", small_folder, *options)
        assert code == 0, stderr
        values.append(json.loads(stdout)["elbo"])
    assert 0 < abs(values[1] - values[0]) < 0.2


def test_bench_measures_every_file(call, small_folder):
    """`bench` measures the files of all precisions."""
    code, stdout, _ = call("bench", "-m", small_folder, "--seconds", "0.001", "--json", "--quiet")
    measured = {entry["file"] for entry in json.loads(stdout)["measurements"]}
    assert (code, measured) == (0, {path.name for path in small_folder.glob("*.onnx")})


def test_verify_and_info_name_every_file(call, small_folder):
    """All files pass, int8 with integer arithmetic; each states its precision and its difference from float32."""
    code, stdout, _ = call("verify", "-m", small_folder, "--json")
    checks = json.loads(stdout)["checks"]
    assert code == 0 and len(checks) == 10
    assert max(check["largest"] for check in checks if check["output"] == "image") < 0.01
    code, stdout, _ = call("info", "-m", small_folder, "--json")
    files = {entry["file"]: entry for entry in json.loads(stdout)["files"]}
    assert {name: entry["precision"] for name, entry in files.items() if "decoder" in name} == {
        "decoder.onnx": "float32",
        "decoder.int8.onnx": "int8",
        "decoder.fp16.onnx": "fp16",
    }
    for precision, off in OFF.items():
        assert files[f"decoder.{precision}.onnx"]["quantisation"]["mae_prior"] < off
    assert files["decoder.fp16.onnx"]["bytes"] < 0.6 * files["decoder.onnx"]["bytes"]


def test_info_shows_differences_from_float32(call, small_folder, model_folder, here):
    """One row for each file of reduced precision, with the figures of its metadata, within 80 columns."""
    code, stdout, _ = call("info", "-m", small_folder, "--json")
    files = {entry["file"]: entry for entry in json.loads(stdout)["files"]}
    code, stdout, stderr = call("info", "-m", small_folder)
    assert (code, stderr) == (0, "")
    assert "float32, fp16, int8" in stdout
    lines = [line.split() for line in stdout.splitlines() if line.strip()]
    losses = lines[lines.index(["file", "precision", "posterior", "prior", "norm", "10", "ELBO", "KL"]) + 1 :]
    assert len(losses) == 3 and max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
    for name, precision, *numbers in losses:
        loss = files[name]["quantisation"]
        assert precision == files[name]["precision"]
        keys = ("kl",) if "encoder" in name else ("mae_posterior", "mae_prior", "mae_extreme", "elbo")
        np.testing.assert_allclose(
            [float(number) for number in numbers], [loss[key] for key in keys], rtol=0.06
        )
    assert "Difference from float32" not in call("info", "-m", model_folder)[1]
    shutil.copy(small_folder / "decoder.int8.onnx", here / "alone.onnx")
    assert "alone.onnx  int8" in call("info", "-m", here / "alone.onnx")[1]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_missing_decoder(call, model_folder, precision):
    """Exit code 1, and the hint names the option of `export` that adds the file."""
    code, stdout, stderr = call("sample", "-m", model_folder, "--precision", precision)
    assert (code, stdout) == (1, "")
    assert f"decoder.{precision}.onnx" in "".join(stderr.split()) and f"--{precision}" in stderr


def test_an_unknown_precision(call, model_folder):
    """A usage error that names all precisions."""
    code, _, stderr = call("sample", "-m", model_folder, "--precision", "int4")
    assert code == 2 and all(name in stderr for name in ("float32", *PRECISIONS))


@pytest.mark.train
def test_export_adds_both_decoders(process, data, here):
    """`export --int8 --fp16` writes both files, prints a line on each, and the folder passes `verify`."""
    shutil.copy(data / "t10k-images-idx3-ubyte", data / "train-images-idx3-ubyte")
    options = ["--epochs", "3", "--latent-dim", "2", "--batch-size", "16", "--quiet"]
    trained = process("train", "--data", data, *options, "--out", "run")
    assert trained.returncode == 0, trained.stderr
    exported = process("export", "-m", "run", "-o", "out", "--int8", "--fp16")
    assert (exported.returncode, exported.stdout) == (0, b"out\n"), exported.stderr
    messages = " ".join(exported.stderr.decode().split())
    for precision in PRECISIONS:
        assert f"{precision} against float32:" in messages
        assert (here / "out" / f"decoder.{precision}.onnx").exists()
    assert "--precision int8" in messages
    assert process("verify", "-m", "out").returncode == 0
