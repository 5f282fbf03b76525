"""The import table: which package may import which, and where each heavy dependency may be imported."""

import ast
import pathlib

import pytest

import vaecli

PACKAGE = pathlib.Path(vaecli.__file__).parent
GROUND = {
    "batches",
    "bundled",
    "cache",
    "checks",
    "choices",
    "commands",
    "config",
    "environment",
    "errors",
    "extras",
    "files",
    "folders",
    "foreign",
    "labels",
    "locks",
    "npz",
    "options",
    "parallel",
    "paths",
    "pixels",
    "processors",
    "rounding",
    "sample_size",
    "tables",
}
MAY_IMPORT = {  # package -> the packages that it may import, besides itself and GROUND
    "probability": set(),
    "data": set(),
    "latent": {"probability"},
    "modelfile": set(),
    "metrics": {"probability", "data", "latent"},
    "runtime": {"probability", "latent", "modelfile", "metrics"},
    "pictures": set(),
    "pages": set(),
    "report": {"pictures"},
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
    "pi_heif": {"data"},
}
COMPUTED = "a name known only at run time"  # import_module of an expression
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
