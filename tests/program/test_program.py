"""The program as a process: exit codes, signals, pipes, and what it does without TensorFlow."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

import vaecli

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


def test_version(process):
    """`--version` prints the version of the installed package, the same as in Python."""
    result = process("--version")
    assert result.stdout.decode().split() == ["vaecli", vaecli.__version__]
    assert (result.returncode, result.stderr) == (0, b"")


def test_python_m_and_the_script_are_one(process):
    """The script that pip installs runs the same program."""
    script = pathlib.Path(sys.executable).with_name("vaecli.exe" if sys.platform == "win32" else "vaecli")
    if not script.exists():
        pytest.skip("not installed as a script")
    output = subprocess.run([script, "--version"], capture_output=True, check=True).stdout
    assert output == process("--version").stdout


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
    """1 for an error of vaecli, 2 for a usage error: no result, no traceback, no colour, no file."""
    result = process(*arguments)
    assert result.returncode == exit_code
    assert result.stdout == b""
    assert b"Error" in result.stderr
    assert b"Traceback" not in result.stderr
    assert b"\x1b" not in result.stderr
    assert list(here.iterdir()) == []


LEAVING = """
import sys
import vaecli.cli.main as program
def main():
    sys.stdout.write("result\\n")
    sys.exit({code})
program.main = main
program.program()
"""


@pytest.mark.parametrize("code", [0, 1])
def test_the_buffer_of_stdout_is_written_before_leaving(process, code):
    """The process leaves at once, but not before what it printed has left it."""
    result = process(code=LEAVING.format(code=code), PYTHONUNBUFFERED="")
    assert (result.returncode, result.stdout, result.stderr) == (code, b"result\n", b"")


@POSIX
def test_a_reader_that_left_before_the_last_flush(here):
    """Exit code 1 and no message, even if nothing but the last flush notices it."""
    reading, writing = os.pipe()
    os.close(reading)
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    command = [sys.executable, "-c", LEAVING.format(code=0)]
    result = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, cwd=here, env=environment, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, b"")


HIDING = """
import sys
HIDDEN = {"tensorflow", "keras", "tf2onnx", "onnx"}
class Hiding:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        spec = self.finder.find_spec(name, path, target)
        return None if name.partition(".")[0] in HIDDEN else spec
sys.meta_path[:] = map(Hiding, sys.meta_path)
sys.argv[0] = "vaecli"
from vaecli.cli.main import program
program()
"""


@pytest.mark.parametrize("arguments", [["train"], ["train", "--out", "new", "--json"], ["export", "-m", "."]])
def test_without_tensorflow(process, here, arguments):
    """Commands that need TensorFlow exit with 3 and one line, its brackets complete."""
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
    """Starts a `vaecli sample` of minutes and returns it when it has begun to write; killed at the end."""
    processes = []

    def sampling(out, *shell):
        command = [*shell, sys.executable, "-m", "vaecli", "sample", "-m", str(model_folder), "-o", out]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([*command, "-n", "2000000"], cwd=here, **pipes)
        processes.append(process)
        deadline = time.monotonic() + 600
        while not any(here.iterdir()):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.2)
        return process

    yield sampling
    for process in processes:
        process.kill()
        process.communicate()


@POSIX
@pytest.mark.parametrize(
    ("name", "exit_code", "out"),
    [
        ("SIGINT", 130, "x.npy"),
        ("SIGTERM", 143, "x.npy"),
        ("SIGHUP", 129, "x.npy"),
        ("SIGUSR1", 138, "x.npy"),
        ("SIGINT", 130, "x/"),
    ],
)
def test_a_signal_ends_a_command(sampling, here, name, exit_code, out):
    """Exit code 128 + signal, one line, and no byte is left, however often the signal is repeated at once."""
    process = sampling(out)
    for _ in range(5):
        process.send_signal(signal.Signals[name])
    stdout, stderr = process.communicate(timeout=600)
    assert process.returncode == exit_code
    assert stdout == b""
    assert stderr == b"Error: Stopped; nothing half-written is left.\n"
    assert list(here.iterdir()) == []


@POSIX
@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_an_ignored_signal_stays_ignored(sampling, here, name):
    """A script's `vaecli ... &` starts with SIGINT ignored, `nohup` with SIGHUP; SIGTERM still works."""
    process = sampling("x.npy", "sh", "-c", f'trap "" {name}; exec "$@"', "sh")
    process.send_signal(signal.Signals[f"SIG{name}"])
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.terminate()
    process.communicate(timeout=600)
    assert process.returncode == 143
    assert list(here.iterdir()) == []


STARTING = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
sys.argv[0] = "vaecli"
from vaecli.__main__ import program
program()
"""


@POSIX
@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.1, 0.15])
def test_ctrl_c_while_the_program_starts(here, model_folder, delay):
    """No traceback of Python at any time once the program itself runs.

    Python and libraries drop an interrupt that comes inside some of their callbacks during imports. It is
    sent again then, as by a user who sees that nothing happens.
    """
    command = [
        sys.executable,
        "-c",
        STARTING,
        "sample",
        "-m",
        str(model_folder),
        "-n",
        "3000000",  # of which none is complete when the first interrupt is sent again
        "-o",
        "x.npy",
    ]
    process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    time.sleep(delay)
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
            break
    _, stderr = process.communicate(timeout=600)
    assert process.returncode in (130, -signal.SIGINT), stderr
    assert b"Traceback" not in stderr or b"Exception ignored in" in stderr
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
    """A file that cannot grow beyond 20 kB: exit code 1, one line that names it, and nothing is left."""
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
    """`vaecli data --json` is one JSON object with every data set, its state and its location."""
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
    """An error that is not ours ends with a plain traceback, to report."""
    bug = "import vaecli.cli.main as m\ndef bug(_): raise ZeroDivisionError('bug')\n"
    result = process(code=f"{bug}m.application = bug\nm.program()")
    assert result.returncode == 1
    assert b"Traceback (most recent call last)" in result.stderr
    assert b"ZeroDivisionError: bug" in result.stderr


def test_no_memory_is_one_line(process):
    """Where numpy gets no memory, the error says how much it asked for, without a traceback."""
    greedy = "import numpy, vaecli.cli.main as m\ndef greedy(_): numpy.zeros(2**50)\n"
    result = process(code=f"{greedy}m.application = greedy\nm.program()")
    assert result.returncode == 1
    assert re.fullmatch(rb"Error: There is not enough memory \(Unable to allocate [^\n]+\n", result.stderr), (
        result.stderr
    )
