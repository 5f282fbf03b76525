"""Model files from strangers: one line of error, no traceback, no waiting, no escape sequences."""

import json
import os
import pathlib
import shutil

import pytest

from vaecli.modelfile.golden import KEY_GOLDEN, from_text
from vaecli.modelfile.metadata import KEY_INFO
from vaecli.modelfile.protobuf import metadata

POSIX = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes and no /dev/zero")
PHOTOS = [pathlib.Path(__file__).parents[2] / "examples" / name for name in ("shirt.png", "boot.png")]
COMMANDS = {
    "info": ("info",),
    "verify": ("verify",),
    "bench": ("bench", "--seconds", "0.01"),
    "sample": ("sample", "-n", "2", "-o", "x.png"),
    "eval": ("eval", "--data", "fashion-mnist-mini", "--metrics", "elbo"),
    "interpolate": ("interpolate", "test:0", "test:1", "--data", "fashion-mnist-mini", "-o", "y.png"),
    "traverse": ("traverse", "test:0", "--data", "fashion-mnist-mini", "-o", "z.png"),
    "edit": ("edit", PHOTOS[0], "--toward", PHOTOS[1], "--from", PHOTOS[0], "-o", "e.png"),
    "similar": ("similar", "test:0", "--data", "fashion-mnist-mini", "--among", "test:1:4", "-o", "s.png"),
}


@pytest.fixture
def foreign(model_folder, forge, tmp_path):
    """Copies the committed model, and replaces values of its info or other metadata in both files."""

    def foreign(info=None, **entries):
        folder = tmp_path / "foreign"
        folder.mkdir()
        for name in ("encoder.onnx", "decoder.onnx"):
            content = (model_folder / name).read_bytes()
            kept = {key: value for key, (value, _) in metadata(content).items() if key != "vaecli.sha256"}
            kept |= {KEY_INFO: json.dumps(json.loads(kept[KEY_INFO]) | (info or {}))}
            (folder / name).write_bytes(forge.with_entries(content, kept | entries))
        return folder

    return foreign


def refused(code, stdout, stderr):
    assert (code, stdout) == (1, "")
    assert stderr.startswith("Error: ") and len(stderr.splitlines()) == 1
    assert stderr.strip().isprintable()
    return stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "info",
    [
        {"name": "\x1b]0;pwned\x07\x1b[2J"},
        {"class_names": ["\x1b[2J"]},
        {"class_names": [None]},
        {"image_shape": [28, 28, 2]},
        {"software": {"numpy": None}},
        {"data": {"name": "\x1b[2J"}},
        {"\x1b[2J": 1},
    ],
    ids=str,
)
def test_metadata_that_do_not_fit(call, foreign, command, info):
    """Every command refuses metadata with control characters or values of a wrong type."""
    name, *rest = COMMANDS[command]
    assert "do not fit" in refused(*call(name, *rest, "-m", foreign(info)))


@pytest.mark.parametrize("command", COMMANDS)
def test_odd_metadata_that_fit(call, foreign, command):
    """Values of unexpected types that are only displayed do not stop a command."""
    info = {
        "data": {"name": "fashion-mnist-mini", "count": "many"},
        "training": {"a": None, "b": [1, {}], "c": True, "d": {"e": 10**400}},
        "likelihood": {"name": "bernoulli", "outputs": ["logits"], "note": 5},
        "class_names": [],
    }
    name, *rest = COMMANDS[command]
    code, _, stderr = call(name, *rest, "-m", foreign(info))
    assert code == 0, stderr


def test_golden_vectors_for_other_graphs(call, foreign, model_folder):
    """Outputs of another shape and endless lists are refused before anything is computed."""
    real = from_text(metadata((model_folder / "decoder.onnx").read_bytes())[KEY_GOLDEN][0], "x")
    outputs = {name: array[:, :1] for name, array in real.outputs.items()}
    folder = foreign(**{KEY_GOLDEN: type(real)(real.inputs, outputs).to_text()})
    assert "golden vectors" in refused(*call("verify", "-m", folder / "decoder.onnx"))
    shutil.rmtree(folder)
    folder = foreign(**{KEY_GOLDEN: '{"inputs": [' + "[]," * 1_000_000 + "[]]}"})
    assert "at most 10,000 objects, lists and values" in refused(*call("verify", "-m", folder))


@POSIX
@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_in_the_place_of_a_file(process, here, command):
    """No command waits for a writer of a named pipe."""
    (here / "model").mkdir()
    os.mkfifo(here / "model" / "decoder.onnx")
    name, *rest = COMMANDS[command]
    done = process(name, *rest, "-m", "model")
    assert "must be a regular file" in refused(done.returncode, done.stdout.decode(), done.stderr.decode())


@POSIX
def test_a_device_without_an_end(process):
    """/dev/zero, which has no end, is not read."""
    done = process("info", "-m", "/dev/zero")
    assert "must be a regular file" in refused(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_where_the_other_precision_comes_from(call, small_folder, model_folder, here):
    """The command in the hint names the run of the model, or RUN if that is not known."""
    shutil.copytree(model_folder, here / "runs" / "mine" / "model")
    for given in ("runs/mine", "runs/mine/model"):
        assert "vaecli export -m runs/mine --int8 --force" in refused(
            *call("sample", "-m", given, "--precision", "int8")
        )
    shutil.copytree(model_folder, here / "copied")
    stderr = refused(*call("sample", "-m", "copied", "--precision", "fp16"))
    assert "vaecli export -m RUN -o copied --fp16 --force" in stderr
