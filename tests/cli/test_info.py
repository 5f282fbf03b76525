"""`vaecli info`: what a model is, from its files alone."""

import json
import shutil

import pytest


def test_the_tables(call, model_folder):
    """The tables name the model, its data, its figures and its files, within 80 columns."""
    code, stdout, stderr = call("info", model_folder)
    assert (code, stderr) == (0, "")
    for text in (
        "mini-2d",
        "fashion-mnist-mini",
        "Sneaker",
        "val_loss",
        "learning_rate",
        "z (N, 2)",
        f"{(model_folder / 'decoder.onnx').stat().st_size:,}",
    ):
        assert text in stdout
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80


def test_the_decoder_alone(call, model_folder, here):
    """A decoder of any name is enough; the figures are those of its metadata."""
    path = shutil.copy(model_folder / "decoder.onnx", here / "boots.onnx")
    code, stdout, _ = call("info", path, "--json")
    document = json.loads(stdout)
    assert code == 0 and document["training"]["latent_dim"] == 2
    (file,) = document["files"]
    assert file["file"] == "boots.onnx" and file["bytes"] == path.stat().st_size
    assert file["inputs"] == {"z": ["N", 2]} and file["opset"] == 13 and file["onnxruntime"] == "1.6"


def test_the_newest_run(call, here, model_folder):
    """Without a model the newest run is shown."""
    shutil.copytree(model_folder, here / "runs" / "a-1" / "model")
    (here / "runs" / "a-1" / "provenance.json").write_text('{"started": "2026"}')
    assert json.loads(call("info", "--json")[1])["name"] == "mini-2d"


def test_no_model(call, here):
    """The error says how to get one."""
    code, stdout, stderr = call("info")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: There is no trained model") and "vaecli train" in stderr


@pytest.mark.parametrize("name", ["missing", "empty", "text.onnx"])
def test_no_model_of_that_name(call, here, name):
    """One line that names the path."""
    (here / "empty").mkdir()
    (here / "text.onnx").write_text("no model\n" * 100)
    code, stdout, stderr = call("info", name)
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ") and name in stderr and stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["[v2]", "a[/b]", "[red]x[/red]"])
def test_names_with_brackets(call, here, model_folder, name):
    """The name of a file is no markup."""
    path = here / f"{name.replace('/', '')}.onnx"
    shutil.copy(model_folder / "decoder.onnx", path)
    code, stdout, _ = call("info", path)
    assert code == 0 and path.name in stdout
