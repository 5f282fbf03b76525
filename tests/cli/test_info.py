"""`vaecli info`: what a model is, from its files alone."""

import json
import pathlib
import re
import shlex
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.pictures import png


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


@pytest.fixture
def with_run(here, model_folder):
    """A folder with one run, runs/a 1, of the committed model."""
    shutil.copytree(model_folder, here / "runs" / "a 1" / "model")
    return here


SAMPLES = ["sample", "--seed", 5, "--first", 2, "-n", 3, "--temperature", 0.7, "--scale", 3, "--smooth"]
PATHS = ["interpolate", "test:0", "test:4", "test:2", "--steps", 4, "--path", "even"]
GRID = ["interpolate", "test:0", "test:1", "test:2", "test:3", "--steps", 3, "--grid", "--path", "spherical"]


@pytest.mark.parametrize("words", [SAMPLES, PATHS, GRID], ids=["samples", "path", "grid"])
@pytest.mark.parametrize("out", ["x.png", "x.gif", "x/"])
def test_the_command_of_a_picture_gives_the_same_bytes(call, with_run, model_folder, words, out):
    """`vaecli info` prints it as its last line, with the run of that model; typed, it writes the same picture."""
    if words is GRID and out == "x.gif":
        out = "y.png"
    assert call(*words, "-m", model_folder, "-o", out, "-q")[0] == 0
    picture = with_run / out / "000002.png" if out == "x/" else with_run / out
    code, stdout, stderr = call("info", picture)
    assert (code, stderr) == (0, "")
    typed = shlex.split(stdout.splitlines()[-1])
    assert typed[0] == "vaecli" and typed[typed.index("-m") + 1] == str(pathlib.Path("runs", "a 1"))
    assert call(*typed[1:], "-q")[0] == 0
    again = with_run / typed[-1] / "000002.png" if out == "x/" else with_run / typed[-1]
    assert again != picture and again.read_bytes() == picture.read_bytes()


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_the_precision_is_part_of_the_command(call, here, small_folder, precision):
    """Also if the file itself was named; the decoder of that precision makes the same bytes again."""
    shutil.copytree(small_folder, here / "small")
    for model in (["small", "--precision", precision], [f"small/decoder.{precision}.onnx"]):
        assert call("sample", "-n", 2, "-o", "a.png", "--force", "-q", "-m", *model)[0] == 0
        document = json.loads(call("info", "a.png", "--json")[1])
        assert document["run"] == "small" and f"--precision {precision} " in document["command"]
        assert call(*shlex.split(document["command"])[1:], "-q", "--force")[0] == 0
        assert (here / "samples.png").read_bytes() == (here / "a.png").read_bytes()


def test_the_data_set_is_part_of_the_command(call, with_run, model_folder):
    """`--data` of a named data set is repeated."""
    words = ["interpolate", "test:0", "test:1", "--steps", 2, "-m", model_folder, "-q"]
    assert call(*words, "--data", "fashion-mnist-mini", "-o", "a.png")[0] == 0
    command = json.loads(call("info", "a.png", "--json")[1])["command"]
    assert "--data fashion-mnist-mini" in command
    assert call(*shlex.split(command)[1:], "-q")[0] == 0
    assert (with_run / "interpolation.png").read_bytes() == (with_run / "a.png").read_bytes()


def test_the_table_and_the_json_of_a_picture(call, here, model_folder, check_schema):
    """The table shows the seed; the JSON fits its schema; without the model here, MODEL stands for it."""
    assert call(*SAMPLES, "-m", model_folder, "-o", "a.png", "-q")[0] == 0
    stdout = call("info", "a.png")[1]
    assert re.search(r"^seed +5\s*$", stdout, re.MULTILINE) and "mini-2d" in stdout
    document = json.loads(call("info", "a.png", "--json")[1])
    check_schema("picture", document)
    assert document["run"] is None and " -m MODEL " in document["command"]
    assert document["recipe"]["first"] == 2 and document["recipe"]["count"] == 3


def test_pictures_of_the_users_files(call, here, model_folder):
    """Their names are there, their folders are not, and no command is promised."""
    assert call("sample", "-m", model_folder, "-n", 2, "-o", "shirts/", "-q")[0] == 0
    names = [here / "shirts" / "000000.png", "shirts/000001.png"]
    assert call("interpolate", *names, "-m", model_folder, "-o", "a.png", "-q")[0] == 0
    assert str(here).encode() not in (here / "a.png").read_bytes()
    code, stdout, stderr = call("info", "a.png")
    assert code == 0 and "000000.png, 000001.png" in stdout
    assert "vaecli interpolate" not in stdout and "the pictures that it names are needed" in stderr
    assert json.loads(call("info", "a.png", "--json")[1])["command"] is None


def recipe_file(path, text):
    """Write a PNG that carries a text as its recipe."""
    path.write_bytes(png.encoded(np.zeros((2, 2, 1), np.uint8), recipe=text))


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: PIL.Image.new("L", (3, 3)).save(path), "carries no recipe"),
        (lambda path: path.write_text("text"), "must be a PNG or a GIF"),
        (lambda path: path.touch(), "must be a PNG or a GIF"),
        (lambda path: None, "There is no"),
        (lambda path: recipe_file(path, "{}"), "must be of a command that writes pictures"),
        (lambda path: recipe_file(path, '{"kind":"sample","model":"\\u001b[2J"}'), "a text of one line"),
        (lambda path: recipe_file(path, "{" + "x" * 70_000), "at most 65,536 bytes"),
        (lambda path: path.write_bytes(png.encoded(np.zeros((2, 2, 1), np.uint8))[:40]), "ends too early"),
    ],
    ids=["of others", "text", "empty", "missing", "no kind", "control", "huge", "cut off"],
)
def test_pictures_without_a_recipe_to_read(call, here, write, says):
    """One line that says what is wrong, without control characters; exit code 1."""
    write(here / "a.png")
    code, stdout, stderr = call("info", "a.png")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ") and says in stderr and stderr.count("\n") == 1
    assert stderr.strip().isprintable()
