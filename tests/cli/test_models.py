"""The model of a command: the one that is named, the newest run, or the one that comes with vaecli."""

import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import urllib.request

import pytest

from vaecli import bundled
from vaecli.cli.models import model_or_bundled, model_path

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
PHOTOS = [EXAMPLES / name for name in ("shirt.png", "boot.png")]
MAKING = {"sample": [], "interpolate": PHOTOS, "traverse": []}  # command -> its arguments
JUDGING = {
    "eval": [],
    "score": PHOTOS,
    "encode": PHOTOS,
    "reconstruct": PHOTOS,
    "similar": [PHOTOS[0], "--among", "fashion-mnist-mini"],
    "edit": [PHOTOS[0], "--toward", "dress"],
    "info": [],
    "verify": [],
    "bench": [],
}
NOTE = "No trained model in runs/, so this is fashion-mnist, which comes with vaecli.\n"


@pytest.fixture
def run(here, model_folder):
    """A run with a model, in runs/."""
    shutil.copytree(model_folder, here / "runs" / "a-1" / "model")
    (here / "runs" / "a-1" / "provenance.json").write_text(json.dumps({"started": "2026"}))
    return pathlib.Path("runs/a-1")


def recipe(call, picture):
    """What `vaecli info` says about a picture."""
    code, stdout, stderr = call("info", picture, "--json")
    assert code == 0, stderr
    return json.loads(stdout)


def test_model_path(run):
    """A named model wins over the newest run, which is taken if none is named."""
    assert model_path(None) == model_path(None, None) == run
    assert model_path(pathlib.Path("other")) == pathlib.Path("other")
    assert model_path(None, pathlib.Path("other")) == pathlib.Path("other")
    assert model_or_bundled(None, quiet=False) == (run, [])
    assert model_or_bundled(pathlib.Path("other"), quiet=False) == (pathlib.Path("other"), ["-m", "other"])


@pytest.mark.parametrize("command", MAKING)
def test_commands_that_make_pictures_have_a_model(call, here, command):
    """In an empty folder they use the bundled model, and say so in one line; `-q` leaves the line out."""
    code, stdout, stderr = call(command, *MAKING[command])
    assert code == 0 and stderr.startswith(NOTE), stderr
    assert recipe(call, stdout.strip())["recipe"]["model"] == bundled.MODEL
    code, _, stderr = call(command, *MAKING[command], "-q")
    assert (code, stderr) == (0, "")


def test_explore_has_a_model(here):
    """In an empty folder it serves a page of the bundled model, and says so; SIGTERM ends it."""
    command = [sys.executable, "-m", "vaecli", "explore", "--no-browser"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as program:
        url = program.stdout.readline().strip()
        with urllib.request.urlopen(url, timeout=60) as page:
            assert b"fashion-mnist" in page.read()
        program.terminate()
        assert program.stderr.read().startswith(NOTE)


@pytest.mark.parametrize("command", MAKING)
def test_a_run_wins(call, run, command):
    """With a run in runs/ the bundled model is not used, and there is no note."""
    code, stdout, stderr = call(command, *MAKING[command])
    assert code == 0 and bundled.MODEL not in stderr
    assert recipe(call, stdout.strip())["run"] == str(run)


def test_a_damaged_run_is_not_passed_over(call, run):
    """A run with a model whose provenance is damaged gives an error, not pictures of another model."""
    (run / "provenance.json").write_text("damaged")
    code, stdout, stderr = call("sample")
    assert (code, stdout) == (1, "") and stderr.startswith("Error: There is no trained model in runs/.")


@pytest.mark.parametrize("command", JUDGING)
def test_other_commands_need_a_model(call, here, command):
    """What they print is about pictures or a model of the user's, so none is taken silently; the error names it."""
    code, stdout, stderr = call(command, *JUDGING[command])
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: There is no trained model in runs/.") and stderr.count("\n") == 1
    assert "-m fashion-mnist" in stderr
    assert [*here.iterdir()] == []


def test_commands_that_are_printed(call, here):
    """The next command and the recipe name the model, not a path into the installed package; both work."""
    code, _, stderr = call("sample", "-n", 2)
    assert code == 0
    (step,) = [shlex.split(line)[2:] for line in stderr.splitlines() if line.startswith("Next: ")]
    assert step[-2:] == ["-m", "fashion-mnist"] and "site-packages" not in stderr
    facts = recipe(call, "samples.png")
    words = shlex.split(facts["command"])
    assert words[:4] == ["vaecli", "sample", "-m", "fashion-mnist"] and facts["run"] == "fashion-mnist"
    first = (here / "samples.png").read_bytes()
    assert b"vaecli sample -m fashion-mnist " in first
    assert call(*words[1:], "--force")[0] == 0
    assert (here / "samples.png").read_bytes() == first


def test_a_folder_of_that_name(call, here, model_folder):
    """A model folder called fashion-mnist wins, named or not; a line says so, and `-q` leaves it out."""
    shutil.copytree(model_folder, here / "fashion-mnist")
    note = f"fashion-mnist is {here / 'fashion-mnist'}, not the model of that name that comes with vaecli.\n"
    for words in (["-m", "fashion-mnist"], []):
        code, stdout, stderr = call("sample", "-n", 1, *words)
        assert code == 0 and stderr.startswith(note), stderr
        assert stderr.splitlines()[1].endswith("-m fashion-mnist")
        assert recipe(call, stdout.strip())["recipe"]["model"] != bundled.MODEL
    assert call("sample", "-n", 1, "-m", "fashion-mnist", "-q")[2] == ""
    code, stdout, stderr = call("verify", "-m", "fashion-mnist")
    assert (code, stderr) == (0, note)


@pytest.mark.parametrize("command", [["verify"], ["info"], ["bench", "--seconds", "0.001", "-q"]])
def test_named_as_an_argument(call, here, command):
    """`verify`, `info` and `bench` take the name as they take a path; the test vectors fit."""
    code, stdout, stderr = call(*command, "fashion-mnist")
    assert (code, stderr) == (0, "")
    assert "decoder.fp16.onnx" in stdout and "FAIL" not in stdout


def test_judging_the_bundled_model(call, here):
    """With -m it is scored and evaluated like any other, here on the bundled test images."""
    code, stdout, stderr = call(
        "eval", "-m", "fashion-mnist", "--data", "fashion-mnist-mini", "--metrics", "elbo", "--json"
    )
    assert code == 0, stderr
    assert -245 < json.loads(stdout)["elbo"] < -225
    code, stdout, stderr = call("score", *PHOTOS, "-m", "fashion-mnist")
    assert code == 0, stderr
