"""Every script under examples/ imports names that exist, starts, and shows its help."""

import ast
import importlib
import importlib.util
import pathlib
import runpy
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.py"))
OTHERS = ("torch", "torchmetrics", "prdc")  # scripts that compare with them have an environment of their own
HEAVY = ("tensorflow", "keras", "matplotlib", "vaecli.training", "vaecli.export")


def source_of(script):
    return (EXAMPLES / script).read_text(encoding="utf-8")


def imports(source):
    """Yield (module, name or None) of every import in Python source, also in strings that hold Python source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "\nimport " in node.value:
            yield from imports(node.value)


def marked(scripts, *, run=True):
    """Return the scripts as parameters; those that need the `train` extra get the `train` mark.

    Scripts that are run are skipped where a package that vaecli does not need is missing.
    """

    def marks(script):
        modules = {module for module, _ in imports(source_of(script))}
        own = [pytest.mark.train] if any(module.startswith(HEAVY) for module in modules) else []
        missing = [name for name in OTHERS if name in modules and importlib.util.find_spec(name) is None]
        if run and missing:
            own.append(pytest.mark.skip(reason=f"needs {missing[0]}, which is not here"))
        return own

    return [pytest.param(script, marks=marks(script), id=script.as_posix()) for script in scripts]


@pytest.fixture
def neighbours(monkeypatch):
    """Let a script import the modules beside it, as `python SCRIPT` does."""
    return lambda script: monkeypatch.syspath_prepend(str((EXAMPLES / script).parent))


@pytest.mark.parametrize("script", marked(SCRIPTS, run=False))
def test_imported_names_exist(script):
    """Whatever a script takes from vaecli exists, wherever in the script the import stands."""
    for module, name in imports(source_of(script)):
        ours = module.split(".")[0] == "vaecli" and name is not None
        if ours and not hasattr(importlib.import_module(module), name):
            importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize("script", marked(s for s in SCRIPTS if "__main__" in source_of(s)))
def test_script_starts(script, neighbours):
    """A script with a `main` can be imported; nothing runs."""
    neighbours(script)
    assert callable(runpy.run_path(str(EXAMPLES / script), run_name="imported")["main"])


@pytest.mark.parametrize("script", marked(s for s in SCRIPTS if "argparse" in source_of(s)))
def test_script_shows_its_help(script, neighbours, monkeypatch, capsys):
    """`--help` of a script that takes options prints its docstring, which names the command that runs it."""
    neighbours(script)
    monkeypatch.setattr(sys, "argv", [str(script), "--help"])
    with pytest.raises(SystemExit) as leaving:
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    assert leaving.value.code == 0
    assert f"python examples/{script.as_posix()}" in capsys.readouterr().out
