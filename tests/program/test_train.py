"""`vaecli train` as a process: on a terminal, in a pipe, with signals."""

import csv
import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.runs.history import COLUMNS

pytestmark = pytest.mark.train

RUN_FILES = {
    "config.toml", "provenance.json", "metrics.csv", "checkpoint", "model", "encoder.keras", "decoder.keras",
    "plots", "images.npz", "tensorflow.log", "lock",
}  # fmt: skip
SMALL = ["--epochs", "2", "--latent-dim", "2", "--batch-size", "64", "--validation-split", "0.2"]
CHATTER = re.compile(rb"cuda|oneDNN|absl|WARNING|cpu_feature|rebuild TensorFlow", re.I)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with 600 training images and no test set."""
    folder = tmp_path_factory.mktemp("few")
    mini = load_mini("train")
    (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(mini.images[:600, :, :, 0]))
    (folder / "train-labels-idx1-ubyte").write_bytes(encode_idx(mini.labels[:600].astype(np.uint8)))
    return folder


def vaecli(*arguments, cwd):
    command = [sys.executable, "-m", "vaecli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, timeout=600, check=False)


@pytest.fixture(scope="module")
def piped(data, tmp_path_factory):
    """The folder of a finished run, and the process that made it in a pipe."""
    cwd = tmp_path_factory.mktemp("piped")
    return cwd, vaecli("train", "--data", data, *SMALL, "--out", "run", cwd=cwd)


def rows(run):
    with (run / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_in_a_pipe(piped):
    """stdout is the path; stderr has one plain line an epoch, without colour and without TensorFlow's messages."""
    _, result = piped
    assert result.returncode == 0, result.stderr.decode()
    assert result.stdout.decode().split() == ["run"]
    assert b"\x1b" not in result.stdout + result.stderr
    assert not CHATTER.search(result.stderr), result.stderr.decode()
    assert len(re.findall(rb"^epoch \d", result.stderr, re.M)) == 2
    assert result.stderr.splitlines()[-2:] == [b"Next: vaecli sample -m run", b"Next: vaecli explore -m run"]
    assert b"Next: vaecli eval -m run" in result.stderr  # without test images it measures those held out


def test_the_run_folder_is_complete(piped, data):
    """All files are there and readable; the provenance is complete; the model names no path of this machine."""
    run = piped[0] / "run"
    assert {path.name for path in run.iterdir()} == RUN_FILES
    assert {path.name for path in (run / "model").iterdir()} == {
        "encoder.onnx",
        "decoder.onnx",
        "MODEL_CARD.md",
    }
    plots = {path.name for path in (run / "plots").iterdir()}
    assert plots == {
        "curves.png", "reconstructions.png", "samples.png", "kl-per-dimension.png", "latent-space.png",
        "latent-plane.png", "samples.gif", "epochs",
    }  # fmt: skip
    assert tuple(rows(run)[0]) == COLUMNS and len(rows(run)) == 2
    provenance = json.loads((run / "provenance.json").read_text())
    assert provenance["data"]["count"] + provenance["data"]["validation_count"] == 600
    assert {"started", "command", "versions", "git", "machine", "seed"} <= set(provenance)
    for path in (run / "model").iterdir():  # these files are copied to other machines
        content = path.read_bytes()
        assert str(data).encode() not in content and str(piped[0]).encode() not in content


def test_keras_reads_its_files_without_vaecli(piped):
    """Keras reads the .keras files without vaecli; they compute what the exported encoder computes."""
    program = (
        "import sys, keras, numpy as np\n"
        "encoder = keras.models.load_model('run/encoder.keras')\n"
        "decoder = keras.models.load_model('run/decoder.keras')\n"
        "z = encoder({'image': np.full((1, 28, 28, 1), 0.5, 'float32')})['z_mean']\n"
        "assert not any(name.startswith('vaecli') for name in sys.modules)\n"
        "print(*np.array(z)[0], decoder({'z': z})['logits'].shape)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=piped[0], capture_output=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stderr.decode()
    from vaecli import Model

    expected, _ = Model.open(piped[0] / "run").encode(np.full((1, 28, 28, 1), 0.5, np.float32))
    got = [float(number) for number in result.stdout.split()[:2]]
    np.testing.assert_allclose(got, expected[0], atol=1e-5)


def test_config_repeats_the_run(piped, check_schema):
    """`--config` on a run's own file gives the same losses; `--json` says where the run is, first and last."""
    cwd, _ = piped
    result = vaecli("train", "--config", "run/config.toml", "--out", "again", "--json", cwd=cwd)
    assert result.returncode == 0, result.stderr.decode()
    lines = [json.loads(line) for line in result.stdout.decode().splitlines()]
    check_schema("train", *lines)
    first, *epochs, last = lines
    assert [line["event"] for line in lines] == ["started", "epoch", "epoch", "ended"]
    assert first["run"] == last["run"] == str(cwd / "again")
    assert first["training_images"] + first["validation_images"] == 600
    assert last["finished"] and last["best_val_loss"] == min(line["val_loss"] for line in epochs)
    assert [set(line) for line in epochs] == [{*COLUMNS, "schema", "event", "best", "active_units"}] * 2
    assert [float(row["val_loss"]) for row in rows(cwd / "run")] == pytest.approx(
        [line["val_loss"] for line in epochs], rel=1e-6
    )


def test_a_reader_that_leaves_ends_no_training(data, tmp_path):
    """`vaecli train --json | head -1`: the run is trained, exported and reported on stderr; the exit code is 1."""
    command = [sys.executable, "-m", "vaecli", "train", "--data", data, *SMALL, "--out", "run", "--json"]
    process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, stdout=-1, stderr=-1)
    assert json.loads(process.stdout.readline())["event"] == "started"
    process.stdout.close()
    stderr = process.stderr.read().decode()
    assert process.wait(timeout=600) == 1, stderr
    assert stderr.count("Cannot write to stdout: Broken pipe. Training goes on without it.") == 1
    assert "Traceback" not in stderr and "Exception ignored" not in stderr
    assert len(rows(tmp_path / "run")) == 2 and (tmp_path / "run" / "model" / "decoder.onnx").exists()
    process.stderr.close()


def test_tensorboard_reads_its_events(data, tmp_path):
    """`--tensorboard` writes files that TensorBoard's own reader opens: scalars, images, KL of each dimension.

    A resumed run continues them.
    """
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for options in (["--data", data, *SMALL, "--out", "run"], ["--resume", "run", "--epochs", 4]):
        result = vaecli("train", *options, "--tensorboard", "-q", cwd=tmp_path)
        assert result.returncode == 0, result.stderr.decode()
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    events.Reload()
    tags = set(events.Tags()["tensors"])
    assert {*COLUMNS[1:], "active_units", "kl_per_dimension/0", "kl_per_dimension/1"} <= tags
    assert {"samples", "reconstructions"} <= tags
    assert [event.step for event in events.Tensors("val_loss")] == [1, 2, 3, 4]


def on_a_terminal(arguments, *, cwd, columns, interrupt_after=None, number=signal.SIGINT):
    """Run on a pseudo-terminal, send a signal when `interrupt_after` matches, return exit code and output."""
    import fcntl  # not on Windows, where TensorFlow is not tested either
    import pty
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    command = [sys.executable, "-m", "vaecli", *map(str, arguments)]
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment | {"TERM": "xterm-256color"},
    )
    os.close(slave)
    output, deadline, sent = b"", time.monotonic() + 600, False
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                output += os.read(master, 65536)
            except OSError:  # the other end is closed
                break
        if interrupt_after and not sent and re.search(interrupt_after, output):
            process.send_signal(number)
            sent = True
    os.close(master)
    return process.wait(timeout=600), output


def screen_lines(output):
    """Return the lines that a terminal shows of the output, without control sequences."""
    text = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", output).decode("utf-8")
    return [line for part in text.split("\n") for line in part.split("\r")]


def test_a_stop_under_json_says_how_to_go_on(piped, tmp_path, check_schema):
    """On stderr; the last object on stdout says that the run is not finished. `--quiet` leaves stderr empty."""
    run = shutil.copytree(piped[0] / "run", tmp_path / "run")
    again = ["--devices", "all", "--tensorboard", "--checkpoint-every", "0.5"]
    for flags, said in (
        (again, [f"Next: vaecli train --resume run {' '.join(again)}".encode()]),
        (["--quiet"], []),
    ):
        result = vaecli(
            "train", "--resume", run, "--epochs", 9, "--json", "--max-time", "1s", *flags, cwd=tmp_path
        )
        assert result.returncode == 0
        first, last = map(json.loads, result.stdout.splitlines())
        check_schema("train", first, last)
        assert first["event"] == "started" and first["run"] == last["run"] == str(run)
        assert last["event"] == "ended" and not last["finished"] and "--max-time" in last["reason"]
        assert [line for line in result.stderr.splitlines() if line.startswith(b"Next")] == said


def test_an_error_names_the_file_of_an_option(call, data, here, monkeypatch):
    """The error for a precision in config.toml names the file, and the option that overrides it."""
    monkeypatch.setattr("vaecli.training.precision.CPU_FLAGS", frozenset({"none-such"}))
    (here / "kept.toml").write_text(f'data = "{data}"\nprecision = "bfloat16"\n')
    code, _, stderr = call("train", "--config", "kept.toml", "--out", "run")
    message = re.sub(r"[\s│]+", " ", stderr)
    assert (
        code == 2 and "kept.toml has precision = 'bfloat16'" in message and "Use --precision auto" in message
    )
    assert [path.name for path in here.iterdir()] == ["kept.toml"]


def test_advice_is_given_once(data, tmp_path):
    """A weight of 1000 on the KL empties the latent space: epoch 3 says so, a resumed run does not repeat it."""
    options = ["--epochs", 3, "--beta", 1000, "--latent-dim", 4, "--validation-split", 0.2, "--out", "run"]
    first = vaecli("train", "--data", data, *options, cwd=tmp_path)
    assert first.stderr.count(b"0 of 4 latent dimensions are active") == 1, first.stderr.decode()
    again = vaecli("train", "--resume", "run", "--epochs", 7, cwd=tmp_path)
    assert again.returncode == 0 and b"epoch 7 " in again.stderr
    assert b"are active" not in again.stderr


def test_max_time_is_kept(tmp_path):
    """The whole command, export included, ends about when --max-time is over, with at least one epoch."""
    began = time.monotonic()
    result = vaecli(
        "train", "--data", "fashion-mnist-mini", "--epochs", 10_000, "--max-time", "90s", "--out", "run",
        cwd=tmp_path,
    )  # fmt: skip
    wall = time.monotonic() - began
    assert result.returncode == 0 and b"--max-time is over" in result.stderr, result.stderr.decode()
    assert wall <= 120  # the time of the export is a forecast: 93 s on a machine that became busier meanwhile
    assert len(rows(tmp_path / "run")) >= 1
    assert (tmp_path / "run" / "model" / "decoder.onnx").exists()


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal(data, tmp_path, columns):
    """Bars, a table, a picture of samples; no line is wider than the terminal; the cursor comes back."""
    arguments = ["train", "--data", data, *SMALL, "--out", "run"]
    code, output = on_a_terminal(arguments, cwd=tmp_path, columns=columns)
    assert code == 0, output.decode()
    live, _, after = output.partition(b"Exporting")
    lines = screen_lines(live)
    assert max(map(len, lines)) <= columns
    assert any("▀" in line for line in lines), "no samples"
    assert any("images/s" in line and "steps" in line for line in lines)
    assert any(line.split()[:2] == ["epoch", "loss"] for line in lines)
    assert not CHATTER.search(output)
    assert output.rfind(b"\x1b[?25h") > output.rfind(b"\x1b[?25l") >= 0
    assert "Next: vaecli sample -m run" in screen_lines(after)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)],
)
def test_a_signal_stops_it_without_loss(data, tmp_path, number, code):
    """The best model is exported and the resume command printed; resumed, the run equals one never stopped.

    SIGHUP is that of `test_a_terminal_that_is_gone`.
    """
    options = ["--data", data, *SMALL[2:], "--epochs", "4", "--out", "run"]
    got, output = on_a_terminal(
        ["train", *options], cwd=tmp_path, columns=100, interrupt_after="▀".encode(), number=number
    )
    assert got == code, output.decode()
    assert b"vaecli train --resume run" in re.sub(rb"\x1b\[[0-9;]*m", b"", output)
    assert 1 <= len(rows(tmp_path / "run")) < 4
    assert vaecli("sample", "-m", "run", "-n", "4", cwd=tmp_path).returncode == 0
    if number == signal.SIGINT:
        result = vaecli("train", "--resume", "run", "--quiet", cwd=tmp_path)
        assert (result.returncode, result.stderr) == (0, b""), result.stderr.decode()
        assert vaecli("train", *options[:-1], "complete", "--quiet", cwd=tmp_path).returncode == 0
        keys = ("epoch", "loss", "val_loss", "learning_rate")
        resumed, uninterrupted = (
            [[row[key] for key in keys] for row in rows(tmp_path / n)] for n in ("run", "complete")
        )
        assert resumed == uninterrupted and len(uninterrupted) == 4


def test_closed_streams(data, tmp_path):
    """`vaecli train <&- >&- 2>&-`: trained and exported with exit code 0; no message is in a file of the run."""
    options = ["--data", str(data), *SMALL[2:], "--epochs", "1", "--out", "run"]
    command = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "vaecli", "train", *options]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=600, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert {path.name for path in (tmp_path / "run").iterdir()} == RUN_FILES
    for path in (tmp_path / "run").rglob("*"):
        assert path.is_dir() or b"Exporting to ONNX" not in path.read_bytes()
    assert vaecli("verify", "run", cwd=tmp_path).returncode == 0


def test_a_terminal_that_is_gone(data, tmp_path):
    """The connection drops: SIGHUP, and no message can be written. The model is exported, the exit code is 129."""
    import fcntl
    import pty
    import termios

    master, slave = pty.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    options = ["--data", data, *SMALL[2:], "--epochs", "100000", "--patience", "100000", "--out", "run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "vaecli", "train", *map(str, options)],
        cwd=tmp_path,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm-256color"},
        preexec_fn=take_terminal,  # noqa: PLW1509  # this process has one thread
        pass_fds=[slave],
    )
    os.close(slave)
    output, deadline = b"", time.monotonic() + 600
    while "▀".encode() not in output and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            output += os.read(master, 65536)
    os.close(master)
    assert process.wait(timeout=600) == 129, output.decode()
    assert rows(tmp_path / "run") and (tmp_path / "run" / "model" / "decoder.onnx").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--epochs", "0"], 2, "--epochs"),
        (["--latent-dim", "0"], 2, "--latent-dim"),
        (["--batch-size", "-3"], 2, "--batch-size"),
        (["--learning-rate", "nan"], 2, "--learning-rate"),
        (["--learning-rate", "-1"], 2, "--learning-rate"),
        (["--beta", "inf"], 2, "--beta"),
        (["--validation-split", "1"], 2, "--validation-split"),
        (["--data", "four"], 1, "at least 5 images"),
        (["--network", "clasic"], 2, "--network"),
        (["--schedule", "cosin"], 2, "--schedule"),
        (["--precision", "float16"], 2, "--precision"),
        (["--epoch", "3"], 2, "--epochs"),
        (["--out", "taken"], 1, "not empty"),
        (["--out", "file"], 1, "--out must name a folder, got the file file"),
        (["--out", "file/below"], 1, "Cannot write"),
        (["--data", "fashion-mnits"], 1, "fashion-mnist"),
        (["--data", "nowhere/at/all"], 1, "nowhere/at/all"),
        (["--config", "missing.toml"], 1, "missing.toml"),
        (["--config", "typo.toml"], 1, "`epochs`"),
        (["--config", "type.toml"], 1, "a whole number"),
        (["--config", "range.toml"], 2, "range.toml has epochs = 0. --epochs must be at least 1"),
        (["--config", "range.toml", "--epochs", "-1"], 2, "'--epochs': -1"),
        (["--config", "broken.toml"], 1, "not TOML"),
        (["--resume", "taken"], 1, "taken is not a run of vaecli"),
        (["--resume", "nowhere", "--epochs", "3"], 1, "`vaecli train` makes one"),
        (["--resume", "taken", "--latent-dim", "3"], 2, "Got --latent-dim"),
        (["--resume", "taken", "--out", "there"], 2, "Got --out"),
        (["--max-time", "soon"], 2, "--max-time"),
        (["--max-time", "0s"], 2, "--max-time"),
        (["--max-time", "20"], 2, "20m"),
        (["--checkpoint-every", "-1"], 2, "--checkpoint-every"),
    ],
)
def test_bad_input(tmp_path, data, arguments, code, said):
    """A clear error, the right exit code, no traceback, and no file written or changed."""
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "typo.toml").write_text("epoch = 3\n")
    (tmp_path / "type.toml").write_text('epochs = "three"\n')
    (tmp_path / "range.toml").write_text("epochs = 0\n")
    (tmp_path / "broken.toml").write_text("epochs =\n")
    (tmp_path / "four").mkdir()
    (tmp_path / "four" / "train-images-idx3-ubyte").write_bytes(
        bytes([0, 0, 8, 3, *(0, 0, 0, 4) * 3, *range(63), 255])
    )
    before = sorted(tmp_path.rglob("*"))
    given = [] if "--data" in arguments or "--resume" in arguments else ["--data", data]
    result = vaecli("train", *given, *arguments, cwd=tmp_path)
    stderr = result.stderr.decode()
    assert result.returncode == code, stderr
    assert "Traceback" not in stderr and result.stdout == b""
    assert said in re.sub(r"[\s│]+", " ", stderr)
    assert sorted(tmp_path.rglob("*")) == before
    if code == 1:
        assert stderr.startswith("Error: ") and stderr.count("\n") == 1
