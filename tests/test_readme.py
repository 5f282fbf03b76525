"""The README says what is: its Python runs, and every command and option in it exists."""

import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOREIGN = {"--version"}  # of vaecli itself, not of a command


def help_of(*command):
    result = subprocess.run(
        [sys.executable, "-m", "vaecli", *command, "--help"], capture_output=True, check=True, timeout=60
    )
    return result.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def helps():
    commands = re.findall(r"^│ ([a-z]+) ", help_of(), re.M)
    return {command: help_of(command) for command in commands}


def test_python_blocks_run(tmp_path, monkeypatch):
    """Each Python block runs as it stands, on the models that the tests use; shapes are those of its comments."""
    text = README
    for name, stand_in in (("boots", "mini-2d"), ("fast", "small")):
        text = text.replace(f'"{name}"', repr(str(ROOT / "tests" / "models" / stand_in)))
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert blocks
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
        for name, shape in re.findall(r"^(\w+) = .*# \(([\d, ]+)\)", block, re.M):
            assert names[name].shape == tuple(map(int, shape.split(", "))), name
    assert len(names["hundreds"]) == 5


def test_commands_exist(helps):
    """Every `vaecli word` names a command, and every command is in the README."""
    named = set(
        re.findall(
            r"(?<!from )\bvaecli ([a-z]+)\b", " ".join(re.findall(r"`[^`]+`|^vaecli .*", README, re.M))
        )
    )
    assert named == set(helps)


def test_options_exist(helps):
    """Every option that follows a command in the README is in that command's help."""
    code = "\n".join(re.findall(r"`[^`\n]+`|^ *vaecli .*|^vaecli .*", README, re.M))
    uses = re.findall(r"vaecli ([a-z]+)([^`\n#]*)", code)
    assert uses
    for command, rest in uses:
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest):
            assert option in helps[command], f"vaecli {command} has no {option}"
    everything = " ".join(helps.values())
    for option in re.findall(r"`(--[a-z-]+)", README):
        assert option in everything or option in FOREIGN | {"--install-completion"}, option
