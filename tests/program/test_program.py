"""The program as a process: exit codes, signals, pipes, help, and what it does where TensorFlow is missing."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
import typer.main

import vaecli
from vaecli.cli.main import application

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")
COMMANDS = [
    "train",
    "eval",
    "sample",
    "interpolate",
    "export",
    "bench",
    "verify",
    "info",
    "data",
    "data fetch",
]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(call, command):
    """`--help` fits 80 columns, exits 0, has no colour where there is no terminal, and nothing on stderr."""
    for flag in ("--help", "-h"):
        code, stdout, stderr = call(*command.split(), flag)
        assert (code, stderr) == (0, "")
        assert re.search(rf"Usage: .*vaecli {command}".strip(), stdout)
        assert max(map(len, stdout.splitlines())) <= 80
        assert "\x1b" not in stdout


def test_help_names_every_command():
    """The list of commands above is all of them."""
    app = application()
    registered = {command.name for command in app.registered_commands}
    registered |= {group.name for group in app.registered_groups}
    assert registered == {name.split()[0] for name in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command):
    """No option and no argument without a help text."""
    found = typer.main.get_command(application())
    for name in command.split():
        found = found.commands[name]
    for parameter in found.params:
        assert getattr(parameter, "help", None), parameter.name


def test_version(process):
    """The version of the installed package, on stdout, and the same from Python."""
    result = process("--version")
    assert result.stdout.decode().split() == ["vaecli", vaecli.__version__]
    assert (result.returncode, result.stderr) == (0, b"")


def test_python_m_and_the_script_are_one(process):
    """The script that pip installs runs the same program."""
    script = pathlib.Path(sys.executable).with_name("vaecli.exe" if sys.platform == "win32" else "vaecli")
    if not script.exists():
        pytest.skip("not installed as a script")
    own = subprocess.run([script, "--version"], capture_output=True, check=True).stdout
    assert own == process("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["sample", "-n", "none"], 2),
        (["interpolate", "a.png", "b.png", "-m", "nowhere"], 1),
        (["train", "--config", "missing.toml"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_codes(process, here, arguments, exit_code):
    """1 for an error of ours, 2 for a usage error; nothing on stdout, no traceback, no colour, no file."""
    result = process(*arguments)
    assert result.returncode == exit_code
    assert result.stdout == b""
    assert b"Error" in result.stderr
    assert b"Traceback" not in result.stderr
    assert b"\x1b" not in result.stderr
    assert list(here.iterdir()) == []


def test_only_a_command_of_its_own_name_keeps_the_others_away(call):
    """Help lists all, whatever comes after it."""
    assert [command.name for command in application("sample").registered_commands] == ["sample"]
    for words in (["--help"], ["-h", "sample"], ["--help", "data"]):
        listed = call(*words)[1]
        assert all(f"│ {name.split()[0]} " in listed for name in COMMANDS)


def test_a_typing_error(call):
    """What was meant is named."""
    code, stdout, stderr = call("smaple", "-n", "3")
    assert (code, stdout) == (2, "")
    assert "Did you mean 'sample'?" in stderr


LEAVING = """
import sys
import vaecli.cli.main as program
def main():
    sys.stdout.write("told\\n")
    sys.exit({code})
program.main = main
program.program()
"""


@pytest.mark.parametrize("code", [0, 1])
def test_what_waits_in_a_buffer_is_told(process, code):
    """The process leaves at once, and not before what it wrote into a pipe has left it."""
    result = process(code=LEAVING.format(code=code), PYTHONUNBUFFERED="")
    assert (result.returncode, result.stdout, result.stderr) == (code, b"told\n", b"")


@POSIX
@pytest.mark.parametrize(
    "program", [["-m", "vaecli", "info", "--json", "-m"], ["-c", LEAVING.format(code=0)]]
)
def test_a_reader_that_left(here, model_folder, program):
    """`vaecli info | true`: exit code 1 and not a word, wherever it finds that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, *program, model_folder]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    result = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, cwd=here, env=environment, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, b"")


@POSIX
def test_without_a_stdout(here, model_folder):
    """`>&-`, as some schedulers start a job: the work is done, exit code 0."""
    command = f"{sys.executable} -m vaecli sample -n 1 -q -o a.npy -m {model_folder} >&-"
    result = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, cwd=here, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert (here / "a.npy").exists()


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("command", [["info"], ["info", "--json"], ["sample", "-q", "-o", "a.npy"]])
def test_a_result_that_cannot_be_told(here, model_folder, command):
    """stdout on a full disk: not 0, and the reason is named."""
    with pathlib.Path("/dev/full").open("w") as full:
        whole = [sys.executable, "-m", "vaecli", *command, "-m", model_folder]
        result = subprocess.run(whole, stdout=full, stderr=subprocess.PIPE, cwd=here, check=False)
    assert result.returncode == 1
    assert result.stderr == b"Error: Cannot write to stdout: No space left on device.\n"


def test_no_arguments(call):
    """`vaecli` alone shows its help, and exits as a usage error does."""
    code, stdout, stderr = call()
    assert code == 2
    assert "Start with: vaecli train" in stdout + stderr


HIDING = """
import sys
HIDDEN = {"tensorflow", "keras", "tf2onnx", "onnx"}
class Gone:
    def find_spec(self, name, path=None, target=None):
        found = self.finder.find_spec(name, path, target)
        return None if name.partition(".")[0] in HIDDEN else found
def gone(finder):
    hidden = Gone()
    hidden.finder = finder
    return hidden
sys.meta_path[:] = [gone(finder) for finder in sys.meta_path]
sys.argv[0] = "vaecli"
from vaecli.cli.main import program
program()
"""


@pytest.mark.parametrize("arguments", [["train"], ["train", "--out", "new", "--json"], ["export", "-m", "."]])
def test_without_tensorflow(process, here, arguments):
    """Where TensorFlow is not installed, what needs it exits 3 with one sentence, its brackets whole."""
    result = process(*arguments, code=HIDING)
    assert result.returncode == 3
    assert result.stdout == b""
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith("Error: ")
    assert line.endswith(' pip install "vaecli[train]"')
    assert list(here.iterdir()) == []


def test_sampling_without_tensorflow(process, here, model_folder):
    """The same interpreter samples and interpolates."""
    assert process("sample", "-m", model_folder, "-o", "a.png", code=HIDING).returncode == 0
    ends = ("test:0", "test:1")
    assert process("interpolate", *ends, "-m", model_folder, "-o", "b.gif", code=HIDING).returncode == 0
    assert sorted(path.name for path in here.iterdir()) == ["a.png", "b.gif"]


@pytest.fixture
def sampling(here, model_folder):
    """`vaecli sample` that would take minutes, once it has begun to write; killed at the end."""
    started = []

    def sampling(out, *shell):
        command = [*shell, sys.executable, "-m", "vaecli", "sample", "-m", str(model_folder), "-o", out]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([*command, "-n", "2000000"], cwd=here, **pipes)
        started.append(process)
        deadline = time.monotonic() + 60
        while not any(here.iterdir()):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.2)
        return process

    yield sampling
    for process in started:
        process.kill()
        process.communicate()


@POSIX
@pytest.mark.parametrize(
    ("number", "exit_code", "out"),
    [(signal.SIGINT, 130, "x.npy"), (signal.SIGTERM, 143, "x.npy"), (signal.SIGINT, 130, "x/")],
    ids=["Ctrl-C", "SIGTERM", "Ctrl-C in a folder"],
)
def test_signals(sampling, here, number, exit_code, out):
    """A signal ends the work at once: its own exit code, one line, and not a byte is left."""
    process = sampling(out)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == exit_code
    assert stdout == b""
    assert stderr == b"Error: Stopped; nothing half-written is left.\n"
    assert list(here.iterdir()) == []


@POSIX
def test_ctrl_c_does_not_stop_a_background_job(sampling, here):
    """A script's `vaecli ... &` starts with SIGINT ignored: it stays ignored, and SIGTERM still works."""
    process = sampling("x.npy", "sh", "-c", 'trap "" INT; exec "$@"', "sh")
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert list(here.iterdir()) == []


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.argv[0] = "vaecli"
from vaecli.cli.main import main
main()
"""


@POSIX
@pytest.mark.parametrize("out", ["a.npy", "a.npz", "a.png", "a.gif"])
def test_a_disk_that_fills_up(process, here, model_folder, out):
    """A file that cannot grow beyond 20 kB: exit 1, one line that names it, and nothing is left."""
    result = process("sample", "-m", model_folder, "-n", "200", "--quiet", "-o", out, code=LIMITED)
    assert result.returncode == 1
    assert re.fullmatch(rb"Error: Cannot write a\.\w+: [^\n]+\n", result.stderr), result.stderr
    assert list(here.iterdir()) == []


def test_stdout_is_the_result(process, here, model_folder):
    """In a pipe: the path alone on stdout, notes on stderr, no colour, no bar; --quiet leaves stderr empty."""
    result = process("sample", "-m", model_folder, "-n", "2100", "-o", "a.npy")
    assert result.stdout.decode().split() == ["a.npy"]
    assert b"\x1b" not in result.stdout + result.stderr
    assert b"\r" not in result.stderr.replace(b"\r\n", b"\n")
    result = process("sample", "-m", model_folder, "--quiet", "-o", "b.png")
    assert result.stdout.decode().split() == ["b.png"]
    assert result.stderr == b""


def test_data_as_json(process):
    """`vaecli data --json` is one JSON object with every data set, its state and its place."""
    result = process("data", "--json")
    (line,) = result.stdout.decode().splitlines()
    entries = {entry["name"]: entry for entry in json.loads(line)["data_sets"]}
    assert set(entries) == {"fashion-mnist", "fashion-mnist-mini", "mnist", "kmnist"}
    mini = entries["fashion-mnist-mini"]
    assert (mini["state"], mini["train_count"], mini["test_count"]) == ("bundled", 6000, 1000)
    assert pathlib.Path(mini["location"]).is_dir()
    assert result.stderr == b""


def test_data_as_a_table(process):
    """`vaecli data` fits 80 columns and names every data set."""
    lines = process("data").stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80
    names = {line.split(" ")[0] for line in lines[1:]}
    assert names >= {"fashion-mnist", "fashion-mnist-mini", "mnist", "kmnist"}


def test_a_bug_keeps_its_traceback(process):
    """An error that is not ours is not dressed up: a plain traceback, to report."""
    bug = "import vaecli.cli.main as m\ndef bug(_): raise ZeroDivisionError('bug')\n"
    result = process(code=f"{bug}m.application = bug\nm.program()")
    assert result.returncode == 1
    assert b"Traceback (most recent call last)" in result.stderr
    assert b"ZeroDivisionError: bug" in result.stderr
