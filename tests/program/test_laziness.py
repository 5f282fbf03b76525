"""Fresh interpreters load only what a command needs: no heavy package for help, completion or `info`."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import vaecli

HEAVY = {"tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "matplotlib", "numpy"}
TRAINING = {"tensorflow", "keras", "tf2onnx", "onnx", "matplotlib"}
PACKAGES = {f"vaecli.{path.stem}" for path in pathlib.Path(vaecli.__file__).parent.iterdir()} - {
    "vaecli.__init__"
}

PROGRAM = """
import atexit, json, sys
def write_modules():
    with open("modules.json", "w") as file:
        json.dump(sorted({name.partition(".")[0] for name in sys.modules}), file)
atexit.register(write_modules)
sys.argv[0] = "vaecli"
from vaecli.cli.main import main
main()
"""


@pytest.fixture
def loaded(process, here):
    """Run the program in a fresh interpreter; return the process and the top names of `sys.modules` at its end."""

    def loaded(*arguments, **environment):
        result = process(*arguments, code=PROGRAM, **environment)
        return result, set(json.loads((here / "modules.json").read_text()))

    return loaded


@pytest.mark.parametrize(
    ("arguments", "exit_code", "output"),
    [
        (["--help"], 0, b"Usage: vaecli"),
        (["train", "--help"], 0, b"--latent-dim"),
        (["eval", "--help"], 0, b"Usage: vaecli eval"),
        (["interpolate", "--help"], 0, b"--steps"),
        (["data", "--help"], 0, b"fetch"),
        (["--version"], 0, b"vaecli "),
        (["nosuch"], 2, b"No such command"),
        (["sample", "-n", "0"], 2, b"'-n'"),
        (["train", "--learning-rate", "nan"], 2, b"--learning-rate must be"),
        (["--show-completion", "bash"], 0, b"_VAECLI_COMPLETE"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_nothing_heavy_at_start(loaded, arguments, exit_code, output):
    """Help, the version, usage errors and completion load none of the heavy packages, nor numpy."""
    environment = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    result, modules = loaded(*arguments, **environment)
    assert result.returncode == exit_code, result.stderr
    assert output in result.stdout + result.stderr
    assert "typer" in modules
    assert modules & HEAVY == set()


def test_sampling_into_a_pipe_loads_little(process, model_folder):
    """Without a terminal `vaecli sample` loads no rich, Pillow, pydantic or masked arrays.

    NumPy 1 loads its masked arrays itself.
    """
    full_names = PROGRAM.replace('name.partition(".")[0]', "name")
    result = process("sample", "-m", model_folder, "-n", "2", "-o", "a.png", code=full_names)
    assert result.stdout == b"a.png\n"
    assert result.stderr.startswith(b"Next: vaecli interpolate")
    modules = set(json.loads(pathlib.Path("modules.json").read_text()))
    masked_arrays = {"numpy.ma"} if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else set()
    assert "numpy" in modules and modules & ({"rich", "PIL", "pydantic"} | masked_arrays) == set()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("vaecli inter", {"interpolate"}),
        ("vaecli data fetch mn", {"mnist"}),
        ("vaecli train --data fashion", {"fashion-mnist", "fashion-mnist-mini"}),
        ("vaecli eval --data k", {"kmnist"}),
        ("vaecli sample -m runs/", {"runs/first", "runs/[v2]"}),
        ("vaecli train --resume runs/f", {"runs/first"}),
        ("vaecli export -m runs/f", {"runs/first"}),
        ("vaecli info ru", {"runs/first", "runs/[v2]"}),
        ("vaecli sample --precision f", {"float32", "fp16"}),
    ],
)
def test_completion(loaded, here, typed, words):
    """The Tab key completes commands, data sets and runs, and loads typer and nothing heavy."""
    for name in ("first", "[v2]"):
        (here / "runs" / name).mkdir(parents=True)
        (here / "runs" / name / "provenance.json").touch()
    (here / "runs" / "foreign").mkdir()
    request = {
        "_VAECLI_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(typed.split()) - 1),
    }
    result, modules = loaded(**request)
    assert set(result.stdout.decode().split()) == words, result.stderr
    assert modules & HEAVY == set()


def test_info_opens_no_session(loaded, model_folder):
    """`vaecli info` reads files without onnxruntime."""
    result, modules = loaded("info", model_folder)
    assert result.returncode == 0, result.stderr
    assert modules & {"onnxruntime", "tensorflow", "PIL"} == set()


def test_import_vaecli_loads_nothing():
    """`import vaecli` loads no other module of the package, nor does asking for a name that does not exist."""
    code = "import vaecli; hasattr(vaecli, 'nosuch')"
    assert fresh(code) & (HEAVY | {"typer", "rich", "PIL"} | PACKAGES) == set()


def test_model_loads_onnxruntime_alone():
    """`from vaecli import Model` loads onnxruntime and numpy, and no TensorFlow, exporter or command line."""
    modules = fresh("from vaecli import Model")
    assert {"onnxruntime", "numpy"} <= modules
    assert modules & (TRAINING | {"typer", "rich", "PIL"}) == set()


def test_sampling_needs_no_tensorflow(loaded, model_folder):
    """A complete `vaecli sample` loads neither TensorFlow nor the exporter nor matplotlib."""
    result, modules = loaded("sample", "-m", model_folder, "-n", "2", "-o", "a.png")
    assert result.returncode == 0, result.stderr
    assert "onnxruntime" in modules
    assert modules & TRAINING == set()


def fresh(code):
    """Return the full names of the modules that a fresh interpreter has loaded after `code`."""
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())
