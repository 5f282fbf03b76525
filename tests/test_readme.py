"""The READMEs tell the truth: their Python runs, and every command, option, file and link in them exists."""

import collections
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

from vaecli.cli.main import COMMANDS

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
READMES = [ROOT / "README.md", *sorted((ROOT / "examples").rglob("README.md"))]
PROGRAM_OPTIONS = {"--version", "--help", "--install-completion"}  # of vaecli itself, not of a command


@pytest.fixture(scope="module")
def helps():
    """The help of every command, by its name."""

    def help_of(*words):
        program = [sys.executable, "-m", "vaecli", *words, "--help"]
        return subprocess.run(program, capture_output=True, check=True, timeout=600).stdout.decode("utf-8")

    of_data = "".join(help_of("data", word) for word in ("info", "fetch", "clear"))
    of_groups = {"data": help_of("data") + of_data, "features": help_of("features", "train")}
    return {command: help_of(command) for command in COMMANDS} | of_groups


def code_of(text):
    """The inline code and the shell commands of a text, a line each."""
    return re.findall(r"`[^`\n]+`|^ *vaecli .*|^ *python .*", text, re.M)


def test_the_readme_is_short():
    """It has at most 170 lines."""
    assert len(README.splitlines()) <= 170


def test_python_blocks_run(scored_folder, tmp_path, monkeypatch):
    """Each Python block runs as it stands, on a model of the tests; shapes are those of its comments."""
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    assert blocks
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(compile(block.replace('"shoes"', repr(str(scored_folder))), "README.md", "exec"), names)
        shapes = re.findall(r"^(\w+) = .*# \(([\d, ]+)\)", block, re.M)
        assert shapes
        for name, shape in shapes:
            assert names[name].shape == tuple(map(int, re.findall("[0-9]+", shape))), name


def test_every_command_is_in_the_readme():
    """Every `vaecli word` names a command, and every command is named."""
    commands = re.findall(r"\bvaecli ([a-z]+)\b", "\n".join(code_of(README)))
    assert set(commands) == set(COMMANDS)


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_options_exist(path, helps):
    """Every option that follows a command is in that command's help; options named alone are in some help."""
    text = path.read_text(encoding="utf-8")
    for command, rest in re.findall(r"\bvaecli ([a-z]+)([^`\n#]*)", "\n".join(code_of(text))):
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", rest):
            assert option in helps[command], f"vaecli {command} has no {option}"
    scripts = "".join(script.read_text("utf-8") for script in (ROOT / "examples").rglob("*.py"))
    everything = "".join(helps.values()) + scripts
    for option in re.findall(r"`(--[a-z0-9-]+)", text):
        assert option in everything or option in PROGRAM_OPTIONS, option


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_links_exist(path):
    """Every link, and every script that a command runs, leads to a file."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert target.startswith("https://") or (path.parent / target).exists(), target
    for script in re.findall(r"\b(examples/[\w./-]+\.\w+)", text):
        made = "-o " + script
        assert made in text or (ROOT / script).exists(), script


@pytest.mark.parametrize("name", ["CHANGELOG.md", "SECURITY.md", "CITATION.cff", "LICENSE"])
def test_project_files_exist(name):
    """The files that hosts show beside the README are there, and not empty."""
    assert (ROOT / name).read_text(encoding="utf-8").strip()


def test_versions_agree():
    """The changelog and the citation are of the version that pyproject.toml names."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_runs_are_made_before_they_are_used():
    """A run that a block uses is made by a block before it."""
    made = set()
    for block in re.findall(r"```(?:sh|python)\n(.*?)```", README, re.S):
        for line in block.splitlines():
            made |= set(re.findall(r"--out (\S+)", line))
            used = set(re.findall(r"\b(runs/[\w-]+)", line)) - made
            assert not used, f"{used} in {line}"


def test_documented_commands_write_to_names_of_their_own():
    """CI runs the commands of all READMEs in one clone: no two write to the same file, unless they say so."""
    block = re.compile(r"(?<!<!-- long -->\n)```sh\n(.*?)```", re.S)
    lines = [
        line.split(" #")[0]
        for path in READMES
        for body in block.findall(path.read_text(encoding="utf-8"))
        for line in body.splitlines()
        if line.startswith("vaecli ") and "--force" not in line
    ]
    written = [
        name for line in lines for name in re.findall(r" (?:-o|--out|--save|--report|--html) (\S+)", line)
    ]
    assert len(written) > 40
    counts = collections.Counter(name for name in written if name != "-")  # - is stdout
    assert [name for name, count in counts.items() if count > 1] == []
