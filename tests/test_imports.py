"""The import table: which package may import which, and where each heavy dependency may be imported."""

import ast
import json
import pathlib
import subprocess
import sys

import pytest

import vaecli

PACKAGE = pathlib.Path(vaecli.__file__).parent
GROUND = {
    "checks",
    "choices",
    "commands",
    "errors",
    "extras",
    "files",
    "folders",
    "foreign",
    "npz",
    "options",
    "parallel",
    "paths",
    "pixels",
    "processors",
}
MAY_IMPORT = {  # package -> the packages that it may import, besides itself and GROUND
    "probability": set(),
    "data": set(),
    "latent": {"probability"},
    "modelfile": set(),
    "runtime": {"probability", "latent", "modelfile"},
    "metrics": {"probability", "data", "latent"},
    "pictures": set(),
    "runs": {"data"},
    "training": {"probability", "data", "latent", "runs"},
    "export": {"probability", "data", "latent", "modelfile", "runtime", "metrics", "runs", "training"},
    "baselines": {"probability", "export"},
}
MAY_IMPORT |= {name: set() for name in GROUND}
MAY_IMPORT["tasks"] = set(MAY_IMPORT) - GROUND
MAY_IMPORT["cli"] = {"tasks", "runs", "metrics", "pictures"}
HOMES = {
    "tensorflow": {"training", "export", "baselines"},
    "keras": {"training", "export", "baselines"},
    "tf2onnx": {"export"},
    "onnx": {"export"},
    "onnxruntime": {"runtime"},
    "typer": {"cli"},
    "rich": {"cli"},
    "matplotlib": {"pictures"},
    "click": set(),  # typer vendors it
    "torch": {"baselines"},
    "openvino": {"baselines"},
}
COMPUTED = "a name known only at run time"  # import_module of an expression
HEAVY = {"tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "matplotlib", "numpy"}
SOURCES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported(node, home):
    """Return the dotted names that a node of a syntax tree imports; `home` is the package of the module."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom):
        above = home.split(".")[: len(home.split(".")) - node.level + 1] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        return [f"{module}.{name.name}" for name in node.names]
    if isinstance(node, ast.Call) and node.args:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in ("import_module", "__import__"):
            name = node.args[0]
            return [str(name.value) if isinstance(name, ast.Constant) else COMPUTED]
    return []


def is_late(node):
    """Return whether the code in a node does not run at import: a function, or `if TYPE_CHECKING`."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def violations(path, source):
    """Return the imports of a module that the table forbids, as text; `path` is relative to the package."""
    parts = path.removesuffix(".py").split("/")
    package, forbidden = parts[0], []
    tree = ast.parse(source)
    late = {inner for outer in ast.walk(tree) if is_late(outer) for inner in ast.walk(outer)}
    for node in ast.walk(tree):
        for name in imported(node, ".".join(["vaecli", *parts[:-1]])):
            top, _, rest = name.partition(".")
            if top == "vaecli":
                target = rest.split(".")[0]
                allowed = target in (
                    {"cli"} if package == "__main__" else {package, *GROUND, *MAY_IMPORT[package]}
                )
                allowed |= name == "vaecli.__version__"
            else:
                allowed = package == "cli" if name == COMPUTED else top not in HOMES or package in HOMES[top]
                allowed &= top != "matplotlib" or node in late
                allowed &= not name.startswith("typer._")
            if not allowed:
                forbidden.append(f"{path}:{node.lineno} imports {name}")
    return forbidden


@pytest.mark.parametrize("path", [path for path in SOURCES if path != "__init__.py"])
def test_import_table(path):
    """The table allows every import of the module, those in functions and under TYPE_CHECKING too."""
    source = (PACKAGE / path).read_text(encoding="utf-8")
    assert violations(path, source) == []


def test_the_table_has_every_package():
    """A new package or top-level module needs a line in the table."""
    packages = {path.split("/")[0].removesuffix(".py") for path in SOURCES} - {"__init__", "__main__"}
    assert packages == set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("latent/a.py", "from vaecli.runtime.model import Model"),
        ("latent/a.py", "import vaecli.runtime"),
        ("latent/a.py", "from vaecli import runtime"),
        ("latent/a.py", "from vaecli import Model"),
        ("latent/a.py", "from ..runtime import model"),
        ("latent/a.py", "def f():\n    from vaecli.tasks import train"),
        ("latent/a.py", "import typing\nif typing.TYPE_CHECKING:\n    from vaecli.runs.layout import Run"),
        ("latent/a.py", "import importlib\nimportlib.import_module('vaecli.export.stamp')"),
        ("latent/a.py", "import importlib\nimportlib.import_module(f'vaecli.{1}')"),
        ("files.py", "from vaecli.data import idx"),
        ("tasks/train.py", "from vaecli.cli import console"),
        ("tasks/train.py", "def f():\n    import tensorflow as tf"),
        ("tasks/train.py", "def f():\n    import keras.ops"),
        ("training/a.py", "from tf2onnx import convert"),
        ("metrics/a.py", "import onnxruntime"),
        ("tasks/a.py", "from rich.console import Console"),
        ("pictures/a.py", "import matplotlib.pyplot as plt"),
        ("cli/a.py", "import click"),
        ("cli/a.py", "from typer._click import Context"),
        ("__main__.py", "from vaecli.tasks import train"),
    ],
)
def test_the_table_is_enforced(path, source):
    """The check reports each kind of forbidden import, once."""
    assert len(violations(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("tasks/train.py", "def f():\n    from vaecli.training.trainer import Trainer"),
        (
            "latent/a.py",
            "from vaecli.latent import draws\nfrom . import paths\nfrom vaecli import files, errors",
        ),
        ("pictures/a.py", "def f():\n    import matplotlib.pyplot"),
        ("export/a.py", "import tensorflow, onnx, tf2onnx"),
        ("cli/a.py", "import typer\nfrom rich.text import Text"),
        ("__main__.py", "from vaecli.cli.main import main"),
    ],
)
def test_the_table_allows(path, source):
    """The check reports no import that the table allows."""
    assert violations(path, source) == []


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


def test_sampling_into_a_pipe_loads_little(loaded, model_folder):
    """Without a terminal `vaecli sample` loads no rich; sheets need no Pillow, options no pydantic."""
    result, modules = loaded("sample", "-m", model_folder, "-n", "2", "-o", "a.png")
    assert result.stdout == b"a.png\n"
    assert result.stderr.startswith(b"Next: vaecli interpolate")
    assert modules & {"rich", "PIL", "pydantic"} == set()


def test_completing_loads_nothing_heavy(loaded):
    """Completion with the Tab key runs the program, which loads typer and nothing heavy."""
    request = {"_VAECLI_COMPLETE": "complete_bash", "COMP_WORDS": "vaecli inter", "COMP_CWORD": "1"}
    result, modules = loaded(**request)
    assert result.stdout.split() == [b"interpolate"]
    assert modules & HEAVY == set()


def test_import_vaecli_loads_nothing():
    """`import vaecli` loads no other module of the package, nor does asking for a name that does not exist."""
    code = "import vaecli; hasattr(vaecli, 'nosuch')"
    assert (
        fresh(code) & (HEAVY | {"typer", "rich", "PIL"} | {f"vaecli.{name}" for name in MAY_IMPORT}) == set()
    )


def test_model_loads_onnxruntime_alone():
    """`from vaecli import Model` loads onnxruntime and numpy, and no TensorFlow, exporter or command line."""
    modules = fresh("from vaecli import Model")
    assert {"onnxruntime", "numpy"} <= modules
    assert modules & {"tensorflow", "keras", "tf2onnx", "onnx", "matplotlib", "typer", "rich", "PIL"} == set()


def test_sampling_needs_no_tensorflow(loaded, model_folder):
    """A complete `vaecli sample` loads neither TensorFlow nor the exporter nor matplotlib."""
    result, modules = loaded("sample", "-m", model_folder, "-n", "2", "-o", "a.png")
    assert result.returncode == 0, result.stderr
    assert "onnxruntime" in modules
    assert modules & {"tensorflow", "keras", "tf2onnx", "onnx", "matplotlib"} == set()


def fresh(code):
    """Return the full names of the modules that a fresh interpreter has loaded after `code`."""
    program = f"{code}\nimport sys; print(' '.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())
