"""`--threads`: the number reaches every pool of threads, and does not change the result."""

import collections
import json
import pathlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

PHOTOS = [pathlib.Path(__file__).parents[2] / "examples" / name for name in ("shirt.png", "boot.png")]
COMMANDS = {
    "sample": ("sample", "-n", "700", "-o", "out.npy"),
    "folder": ("sample", "-n", "2000", "-o", "out"),
    "sheet": ("sample", "-n", "700", "-o", "out.png"),
    "interpolate": ("interpolate", *PHOTOS, "--steps", "200", "-o", "out.npy"),
    "eval": ("eval", "--data", "fashion-mnist-mini", "--metrics", "elbo,mse", "--json", "--quiet"),
}


@pytest.fixture
def started(monkeypatch):
    """The names of the threads started during the test; a pool starts no more than it needs at a time."""
    names = []
    start = threading.Thread.start

    def noted(thread):
        names.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    return names


@pytest.fixture
def pools(monkeypatch):
    """The sizes of the thread pools made during the test, by the prefix of their threads' names."""
    sizes = collections.defaultdict(set)
    make = ThreadPoolExecutor.__init__

    def noted(pool, max_workers=None, thread_name_prefix="", **others):
        sizes[thread_name_prefix].add(max_workers)
        make(pool, max_workers, thread_name_prefix, **others)

    monkeypatch.setattr(ThreadPoolExecutor, "__init__", noted)
    return sizes


def result(here, stdout, contents):
    """Return what a command made, without durations."""
    if stdout.startswith("{"):
        document = json.loads(stdout)
        return {
            name: value
            for name, value in document.items()
            if isinstance(value, float) and "second" not in name
        }
    return contents(here)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_result_is_the_same(call, here, model_folder, contents, command):
    """One thread, three or all processors give pictures equal in every byte and figures equal up to rounding."""
    results = []
    for threads in (["--threads", "1"], ["--threads", "3"], []):
        force = ["--force"] if "-o" in COMMANDS[command] else []
        code, stdout, stderr = call(*COMMANDS[command], "-m", model_folder, *threads, *force)
        assert code == 0, stderr
        results.append(result(here, stdout, contents))
    if command == "eval":
        np.testing.assert_allclose(list(results[0].values()), list(results[1].values()), rtol=1e-6)
    else:
        assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_number_reaches_every_pool(call, model_folder, pools, started, command):
    """With three threads the decoder and the picture writer have three each; with one, no others are started."""
    assert call(*COMMANDS[command], "-m", model_folder, "--threads", "3")[0] == 0
    assert pools["vaecli"] == {3}
    assert (3 in pools["vaecli-ahead"]) == (
        command in {"folder", "sheet", "interpolate"}  # which reads its pictures ahead
    )
    started.clear()
    force = ["--force"] if "-o" in COMMANDS[command] else []
    assert call(*COMMANDS[command], "-m", model_folder, "--threads", "1", *force)[0] == 0
    assert started == []


@pytest.mark.parametrize("command", ["sample", "interpolate", "eval"])
@pytest.mark.parametrize("threads", ["0", "-1", "1.5", "all", "nan", ""])
def test_a_bad_number(call, here, model_folder, command, threads):
    """A usage error that names the option; no file is written."""
    pictures = PHOTOS if command == "interpolate" else []
    code, stdout, stderr = call(command, *pictures, "-m", model_folder, "--threads", threads)
    assert (code, stdout) == (2, "")
    assert "Usage: " in stderr and "--threads" in stderr
    assert list(here.iterdir()) == []


def test_more_threads_than_processors(call, here, model_folder):
    """A thousand threads are accepted; no more are started than there is work for."""
    assert call("sample", "-m", model_folder, "-n", 100, "-o", "a", "--threads", 1000)[0] == 0
    assert len(list((here / "a").iterdir())) == 100
