"""`vaecli train` interrupted, as processes: kills, signals, a second process on the same run, a full disk."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest

from vaecli.cli.stopping import TOGETHER
from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.runs.state import read
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "proofs" / "kill_and_resume.py"


def begin(*arguments, cwd, **more):
    command = [sys.executable, "-m", "vaecli", "train", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=cwd, **pipes, **more)


def ended(process):
    """Wait for the end; return exit code and stderr, which must hold no traceback."""
    _, stderr = process.communicate(timeout=600)
    assert "Traceback" not in stderr, stderr
    return process.returncode, stderr


def read_until(process, text):
    """Return the lines of stderr up to the first that contains a text."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"{text!r} was not printed: {''.join(lines)}")


def hold(process):
    """Stop a process until a further signal counts as a second one: it does little of its work meanwhile."""
    time.sleep(0.05)
    process.send_signal(signal.SIGSTOP)
    time.sleep(TOGETHER)
    process.send_signal(signal.SIGCONT)


def contents(run):
    """Return the content of all files of a run except the lock and TensorFlow's log."""
    return {
        str(path.relative_to(run)): path.read_bytes()
        for path in run.rglob("*")
        if path.is_file() and path.name not in ("lock", "tensorflow.log")
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished run of two short epochs, and its data."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "data").mkdir()
    images = load_mini("train").images[:300, :, :, 0]
    (folder / "data" / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
    (folder / "data" / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.zeros(300, np.uint8)))
    options = ["--data", folder / "data", "--epochs", 2, "--latent-dim", 2, "--batch-size", 64]
    code, stderr = ended(begin(*options, "--validation-split", 0.2, "--out", "run", cwd=folder))
    assert code == 0, stderr
    return folder / "run"


@pytest.fixture
def run(trained, tmp_path):
    """A copy of the finished run."""
    return shutil.copytree(trained, tmp_path / "run")


def test_kill_9_loses_nothing():
    """SIGKILL at a random moment and while a state is written: resumed, the run ends with the same bits.

    The documented command does the same 20 times.
    """
    small = ["--times", "2", "--images", "600", "--epochs", "20", "--longest", "0.7"]
    result = subprocess.run(
        [sys.executable, EXAMPLE, *small], capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "equal to the bit" in result.stdout and result.stdout.count("s into training") == 2


def test_a_run_in_training_is_refused(run):
    """A second process in the same folder is refused and changes nothing; the lock ends with the first process."""
    first = begin("--resume", run, "--epochs", 100_000, cwd=run.parent)
    try:
        read_until(first, "epoch 3 ")
        first.send_signal(signal.SIGSTOP)  # it keeps the lock and writes no more
        before = contents(run)
        code, stderr = ended(begin("--resume", run, "--epochs", 7, cwd=run.parent))
        assert code == 1 and "being trained by another process" in stderr
        code, stderr = ended(begin("--data", "fashion-mnist-mini", "--out", run, cwd=run.parent))
        assert code == 1 and "not empty" in stderr
        assert contents(run) == before
    finally:
        first.kill()
        first.communicate()
    code, stderr = ended(begin("--resume", run, "--max-time", "1s", cwd=run.parent))
    assert code == 0 and "--max-time is over" in stderr and f"vaecli train --resume {run.name}" in stderr


def test_options_of_the_run_are_named(run):
    """Options that only a new run can have are refused beside --resume, with what the run has."""
    for option, *value, own in (
        ("--network", "conv", "classic"),
        ("--likelihood", "gaussian", "bernoulli"),
        ("--conditional", "none"),
    ):
        code, stderr = ended(begin("--resume", run, option, *value, cwd=run.parent))
        assert code == 2
        words = " ".join(stderr.replace("│", " ").split())
        assert f"Got {option}; the run has {own}." in words and "leave --resume out" in words


@pytest.mark.parametrize("first_at", ["epoch 3 ", "Exporting"])
def test_a_second_ctrl_c_stops_at_once(run, first_at):
    """A second Ctrl-C stops training and export at once: no half-written file, and the run can be resumed."""
    epochs = 100_000 if first_at != "Exporting" else 3
    process = begin("--resume", run, "--epochs", epochs, cwd=run.parent)
    read_until(process, first_at)
    process.send_signal(signal.SIGINT)
    if first_at != "Exporting":
        read_until(process, "Exporting")
    hold(process)
    while process.poll() is None:  # a signal that arrives within a long call of TensorFlow is seen after it
        process.send_signal(signal.SIGINT)
        hold(process)
    code, stderr = ended(process)
    assert code in (130, -signal.SIGINT), stderr  # the latter while it leaves
    assert "nothing half-written" in stderr
    assert not list(run.rglob(".*.part"))
    Model.open(run)
    state = read(run / "checkpoint" / "state.npz").state
    assert state.epoch >= 3 and all(np.isfinite(array).all() for array in state.best_weights.values())
    code, stderr = ended(begin("--resume", run, "--max-time", "1s", cwd=run.parent))
    assert code == 0, stderr
    assert Model.open(run).info.training["epochs_done"] == state.epoch


def test_an_ignored_ctrl_c_stays_ignored(run):
    """A shell script starts `vaecli train &` with SIGINT ignored; the terminal's Ctrl-C does not stop it."""
    script = f"{sys.executable} -m vaecli train --resume run --epochs 100000 & echo $!; wait"
    shell = subprocess.Popen(["sh", "-c", script], cwd=run.parent, stdout=-1, stderr=-1, text=True)
    number = int(shell.stdout.readline())
    read_until(shell, "epoch 3 ")
    os.kill(number, signal.SIGINT)
    read_until(
        shell, "epoch 5 "
    )  # the first call that began after the signal ends with epoch 4 at the latest
    os.kill(number, signal.SIGTERM)
    _, stderr = ended(shell)
    assert "stopped by SIGTERM" in stderr and "Next: vaecli train --resume" in stderr


FROM_MIRROR = """
import dataclasses, sys
from vaecli.cli.main import main
from vaecli.data.named.catalogue import CATALOGUE
CATALOGUE["mnist"] = dataclasses.replace(CATALOGUE["mnist"], mirrors=(sys.argv.pop(1),))
main()
"""


def test_one_ctrl_c_ends_a_download(tmp_path):
    """Ctrl-C ends the wait for a mirror that never answers; no file is left."""
    with socket.create_server(("127.0.0.1", 0)) as mirror:
        url = f"http://127.0.0.1:{mirror.getsockname()[1]}/"
        command = [sys.executable, "-c", FROM_MIRROR, url, "train", "--data", "mnist", "--out", "run"]
        environment = os.environ | {"VAECLI_CACHE": str(tmp_path / "cache")}
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=-1, stderr=-1, text=True)
        with mirror.accept()[0] as connection:
            connection.recv(1)  # it asks, and waits for 15 s
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            code, stderr = ended(process)
        assert time.monotonic() - began < 8
    assert code == 130 and "nothing half-written is left" in stderr
    assert not (tmp_path / "run").exists() and not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_one_ctrl_c_in_the_export_lets_it_finish(run):
    """The export is finished, and the exit code is that of Ctrl-C."""
    process = begin("--resume", run, "--epochs", 3, cwd=run.parent)
    read_until(process, "Exporting")
    process.send_signal(signal.SIGINT)
    code, stderr = ended(process)
    assert code == 130 and "Next: vaecli sample" in stderr
    assert Model.open(run).info.training["epochs_done"] == 3


def test_a_loss_that_is_nan_ends_with_1(trained, tmp_path):
    """A learning rate of 1e30: exit code 1 after three rollbacks, a readable state, and no recorded epoch."""
    options = ["--data", trained.parent / "data", "--epochs", 2, "--latent-dim", 2, "--learning-rate", 1e30]
    code, stderr = ended(begin(*options, "--out", "run", cwd=tmp_path))
    assert code == 1 and stderr.count("returns to step 0 ") == 3
    assert stderr.splitlines()[-1].startswith("Error: ") and "NaN or infinite in epoch 1" in stderr
    state = read(tmp_path / "run" / "checkpoint" / "state.npz").state
    assert (state.epoch, state.rollbacks) == (0, 3)
    assert len((tmp_path / "run" / "metrics.csv").read_text().splitlines()) == 1


def test_a_file_that_cannot_grow(run):
    """A limit of 200 kB on files: a clear error, the state is unchanged, and the run can be resumed."""
    before = contents(run)

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))

    code, stderr = ended(begin("--resume", run, "--epochs", 3, cwd=run.parent, preexec_fn=limit))
    assert code == 1 and "state.npz: File too large" in stderr and f"vaecli train --resume {run}" in stderr
    after = contents(run)
    assert after.keys() == before.keys()
    assert {name for name in before if after[name] != before[name]} <= {"config.toml"}
    code, stderr = ended(begin("--resume", run, cwd=run.parent))
    assert code == 0 and "all 3 epochs" in stderr


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a small file system in memory, which only root may do."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(*arguments):
        command = ["mount", *arguments, str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting is not permitted here")
        return place

    yield mount
    subprocess.run(["umount", str(place)], capture_output=True, check=False)


def test_a_full_disk(trained, small_disk):
    """A file system with room for the run and half a state more: a clear error, and all files are unchanged."""
    size = sum(map(len, contents(trained).values())) + 1_000_000
    place = small_disk("-t", "tmpfs", "-o", f"size={size // 1024}k", "tmpfs")
    run = shutil.copytree(trained, place / "run")
    before = contents(run)
    code, stderr = ended(begin("--resume", run, "--epochs", 3, cwd=place))
    assert code == 1 and "state.npz: No space left on device" in stderr
    after = contents(run)
    assert after.keys() == before.keys() and after["checkpoint/state.npz"] == before["checkpoint/state.npz"]
    assert not list(run.rglob(".*.part"))


def test_a_read_only_folder(trained, small_disk):
    """Resuming a run and starting one in a read-only folder: the error names the path and the reason."""
    place = small_disk("-t", "tmpfs", "-o", "size=64m", "tmpfs")
    run = shutil.copytree(trained, place / "run")
    before = contents(run)
    small_disk("-o", "remount,ro")
    for arguments in (
        ["--resume", run, "--epochs", 3],
        ["--data", "fashion-mnist-mini", "--out", place / "new"],
    ):
        code, stderr = ended(begin(*arguments, cwd=place))
        assert code == 1 and stderr.startswith("Error: Cannot write") and "Read-only file system" in stderr
        assert stderr.count("\n") == 1
    assert contents(run) == before
