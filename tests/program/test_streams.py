"""Standard streams that are closed, full, abandoned or of few characters: the work is done, and nothing is lost."""

import os
import pathlib
import subprocess
import sys

import pytest

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX descriptors")
FULL = pathlib.Path("/dev/full")
VAECLI = [sys.executable, "-m", "vaecli"]
PRINTING = {  # commands that print a result
    "info": ["info"],
    "info --json": ["info", "--json"],
    "verify": ["verify"],
    "verify --json": ["verify", "--json"],
    "bench": ["bench", "--seconds", "0.001", "--quiet"],
    "eval": ["eval", "--metrics", "elbo", "--quiet"],
    "eval --json": ["eval", "--metrics", "elbo", "--json", "--quiet"],
    "sample": ["sample", "-n", "1", "--quiet", "-o", "a.npy"],
    "interpolate": ["interpolate", "test:0", "test:1", "--quiet", "-o", "a.npy"],
}
WITHOUT_MODEL = {
    "data": ["data"],
    "data --json": ["data", "--json"],
    "help": ["--help"],
    "version": ["--version"],
}


def shell(script, *arguments, cwd, **environment):
    """Run a shell script whose "$@" is the program with `arguments`."""
    return subprocess.run(
        ["sh", "-c", script, "sh", *VAECLI, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        timeout=600,
        check=False,
    )


def arguments_of(name, model_folder):
    return WITHOUT_MODEL.get(name) or [*PRINTING[name], "-m", model_folder]


@POSIX
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("out", ["a.png", "a/"])
def test_closed_streams_do_no_harm(here, model_folder, contents, closed, out):
    """A closed stream is like /dev/null: exit code 0, and the same file to the byte, with no message in it."""
    expected = shell('"$@" >/dev/null 2>&1', "sample", "-n", 3, "-m", model_folder, "-o", out, cwd=here)
    assert expected.returncode == 0
    before = contents(here)
    result = shell(f'"$@" --force {closed}', "sample", "-n", 3, "-m", model_folder, "-o", out, cwd=here)
    assert result.returncode == 0, result.stderr
    assert contents(here) == before


@POSIX
@pytest.mark.parametrize("name", [*PRINTING, *WITHOUT_MODEL])
def test_every_command_runs_without_streams(here, model_folder, name):
    """All three streams closed: every command ends with 0."""
    result = shell('"$@" <&- >&- 2>&-', *arguments_of(name, model_folder), cwd=here)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


@POSIX
def test_errors_without_stderr_keep_their_exit_codes(here):
    """Nobody hears the message; the exit code still says what happened."""
    assert shell('"$@" 2>&-', "info", "nowhere", cwd=here).returncode == 1
    assert shell('"$@" 2>&-', "info", "--nosuch", cwd=here).returncode == 2


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
@pytest.mark.parametrize("name", [*PRINTING, *WITHOUT_MODEL])
def test_a_full_stdout_is_an_error(here, model_folder, name):
    """Exit code 1 and one line with the reason, for every command that prints a result."""
    result = shell('"$@" >/dev/full', *arguments_of(name, model_folder), cwd=here)
    expected = b"Error: Cannot write to stdout: No space left on device.\n"
    assert (result.returncode, result.stderr) == (1, expected)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
def test_a_full_stderr_is_ignored(here, model_folder):
    """Messages are lost; the result and the exit code are not."""
    result = shell('"$@" 2>/dev/full', "sample", "-n", 1, "-o", "a.npy", "-m", model_folder, cwd=here)
    assert (result.returncode, result.stdout) == (0, b"a.npy\n")
    assert shell('"$@" 2>/dev/full', "info", "nowhere", cwd=here).returncode == 1


@POSIX
@pytest.mark.parametrize("name", [*PRINTING, *WITHOUT_MODEL])
def test_a_reader_that_left_ends_a_command_quietly(here, model_folder, name):
    """`vaecli info | true`: exit code 1 and no message."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [*VAECLI, *map(str, arguments_of(name, model_folder))]
    result = subprocess.run(
        command, stdout=writing, stderr=subprocess.PIPE, cwd=here, timeout=600, check=False
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (1, b"")


@pytest.mark.parametrize("encoding", ["ascii", "ascii:strict", "cp1252", "latin-1"])
def test_few_characters_suffice(process, model_folder, encoding):
    """A table with +- for its plus-minus sign where the encoding lacks it, columns in line, exit code 0."""
    name = encoding.partition(":")[0]
    result = process("eval", "-m", model_folder, "--metrics", "elbo,mse", PYTHONIOENCODING=encoding)
    note = b"bernoulli: the reconstruction loss is a cross-entropy, and no log-likelihood of grey pixels.\n"
    assert (result.returncode, result.stderr) == (0, note)
    header, *rows = result.stdout.decode(name).splitlines()
    sign = "+-" if name == "ascii" else "±"
    assert header.split()[:4] == ["metric", "value", sign, "s.e."]
    assert rows[0].index("evidence") == header.index("meaning")


def test_pictures_in_ascii(process, model_folder):
    """`--show` draws characters of the pixels' brightness where the encoding lacks half blocks."""
    result = process("sample", "-m", model_folder, "-n", "4", "--show", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    drawn = result.stderr.decode("ascii").splitlines()[:-1]
    assert len(drawn) >= 5 and {" ", "%"} <= set("".join(drawn))


@POSIX
@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", b"caf\xe9"), ("ascii", b"caf\xe9"), ("cp1252", b"caf\xe9")]
)
def test_a_name_that_is_not_utf_8_stays_as_it_is(here, model_folder, encoding, shown):
    """The path on stdout holds the bytes of the file name, so that a script can open it."""
    try:
        (here / os.fsdecode(b"caf\xe9")).touch()
    except OSError:
        pytest.skip("this file system accepts UTF-8 names only")
    command = [*VAECLI, "sample", "-n", "1", "--quiet", "-m", model_folder, "-o", b"caf\xe9.npy"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    result = subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, shown + b".npy\n", b"")


def test_a_name_that_the_encoding_lacks_is_escaped(process, here, model_folder):
    """In ASCII, é is printed as an escape; the command succeeds."""
    result = process("sample", "-n", "1", "-m", model_folder, "-o", "café.npy", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stdout) == (0, b"caf\\xe9.npy\n"), result.stderr
    assert (here / "café.npy").exists()


def test_control_characters_do_not_reach_the_terminal(process):
    """A name that would clear the screen is escaped in messages."""
    result = process("info", "\x1b[2J\x07")
    assert result.returncode == 1
    assert b"\\x1b[2J\\x07" in result.stderr and b"\x1b" not in result.stderr


@pytest.mark.parametrize("variable", ["FORCE_COLOR", "TTY_COMPATIBLE"])
def test_forced_colour_is_colour_alone(process, model_folder, variable):
    """In a file: colour, but no bar and no movement of the cursor, however long the work takes."""
    result = process("sample", "-m", model_folder, "-n", "5000", "-o", "a.npy", **{variable: "1"})
    assert result.returncode == 0
    assert b"\x1b[1;36mvaecli interpolate" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    for movement in (b"\r", b"\x1b[?25", b"\x1b[1A", b"\x1b[2K"):
        assert movement not in result.stderr


@pytest.mark.parametrize("columns", ["1", "20", "0", "99999999999999999999"])
@pytest.mark.parametrize("name", ["eval", "info", "bench"])
def test_figures_are_complete_at_any_width(process, model_folder, columns, name):
    """However narrow the terminal is said to be, each figure is on stdout in one piece."""
    arguments = arguments_of(name, model_folder)
    wide = process(*arguments, COLUMNS="200").stdout.decode()
    result = process(*arguments, COLUMNS=columns, TERMINAL_WIDTH=columns)
    assert (result.returncode, b"Traceback" in result.stderr) == (0, False)
    first_words = {line.split()[0] for line in wide.splitlines() if line.strip()}
    printed = result.stdout.decode()
    assert all(word in printed for word in first_words)
    if name == "eval":
        assert "-274.0195" in printed and "2.6956" in printed
    assert b"Usage:" in process("--help", COLUMNS=columns, TERMINAL_WIDTH=columns).stdout or columns == "1"


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": ""}, {"LINES": "1"}, {"NO_COLOR": "1"}])
def test_odd_terminals(process, model_folder, variables):
    """Their variables decide about colour and bars, never about the result."""
    result = process("sample", "-m", model_folder, "-n", "2", "-o", "a.npy", **variables)
    assert (result.returncode, result.stdout) == (0, b"a.npy\n")


@POSIX
def test_a_current_folder_that_is_gone(here, model_folder):
    """Commands with absolute paths work; those that would write there say why they cannot."""
    program = f"{sys.executable} -P -c 'from vaecli.__main__ import program; program()'"  # as the script
    script = f'mkdir gone && cd gone && rmdir ../gone && {program} "$@"'

    def run(*arguments):
        command = ["sh", "-c", script, "sh", *map(str, arguments)]
        return subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=600, check=False)

    result = run("sample", "-n", 1, "-q", "-m", model_folder, "-o", here / "a.npy")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{here / 'a.npy'}\n", "")
    assert run("info", model_folder).returncode == 0
    result = run("sample", "-n", 1, "-m", model_folder)
    assert result.returncode == 1 and result.stderr.startswith("Error: Cannot write samples.png")
    result = run("info")
    assert result.returncode == 1 and result.stderr.startswith("Error: There is no trained model")
