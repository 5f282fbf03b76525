"""Downloads, from a real server on the loopback that serves files well or badly."""

import gzip
import os
import pathlib
import re
import shutil
import socket

import numpy as np
import pytest

from vaecli.cache import cache_root
from vaecli.data.idx.format import read_idx
from vaecli.data.named import fetch as module
from vaecli.data.named.fetch import fetch
from vaecli.errors import DataError

FIRST = "train-images-idx3-ubyte.gz"


@pytest.fixture
def check(arrays):
    def check(folder, dataset):
        """Assert that the folder has the four files with the right content, and nothing else."""
        assert {path.name for path in folder.iterdir()} == {file.name for file in dataset.files}
        for file in dataset.files:
            np.testing.assert_array_equal(read_idx(folder / file.name), arrays[file.split, file.part])

    return check


def test_a_good_mirror_gives_all_files_and_reports_progress(tmp_path, small, serve, check):
    """Four files arrive whole; progress rises to the size of each."""
    dataset, files = small
    reports = []
    fetch(
        dataset,
        tmp_path / "a" / "b",
        mirrors=[serve("good", files)],
        progress=lambda *report: reports.append(report),
    )
    check(tmp_path / "a" / "b", dataset)
    last = {name: (received, total) for name, received, total in reports}
    assert last == {name: (len(content), len(content)) for name, content in files.items()}


def test_files_in_the_cache_are_not_fetched_again(tmp_path, small, serve, mirror, check):
    """A second call sends no request; a file that was damaged since is reported and is the only one fetched."""
    dataset, files = small
    url = serve("good", files)
    fetch(dataset, tmp_path, mirrors=[url])
    mirror.requests.clear()
    fetch(dataset, tmp_path, mirrors=[url])
    assert mirror.requests == []
    (tmp_path / FIRST).write_bytes(files[FIRST][:-20])
    warnings = []
    fetch(dataset, tmp_path, mirrors=[url], warn=warnings.append)
    assert mirror.requests == [f"/good/{FIRST}"]
    assert len(warnings) == 1
    assert str(tmp_path / FIRST) in warnings[0]
    check(tmp_path, dataset)


BAD = {
    "missing": (None, None, "HTTP status 404"),
    "empty": (b"", None, "empty"),
    "a page": (b"<html>log in first</html>", None, "got a web page"),
    "cut short": (0.5, None, "cut short"),
    "hangs up": (1.0, "hangs up", "closed in the middle"),
    "endless": (1.0, "endless", "longer than its IDX content"),
    "no length": (1.0, "no length", "invalid literal"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\n", None, "got a Git LFS pointer"),
    "wrong pixels": (
        gzip.compress(bytes([0, 0, 8, 3, 0, 0, 0, 7, 0, 0, 0, 5, 0, 0, 0, 4]) + bytes(140)),
        None,
        "SHA",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_mirror_is_named_and_the_next_one_asked(tmp_path, *, small, serve, mirror, fault, check):
    """A bad file of the first mirror is reported and removed, and fetched from the second mirror."""
    dataset, files = small
    content, behaviour, reason = BAD[fault]
    broken = dict(files)
    if content is None:
        del broken[FIRST]
    else:
        broken[FIRST] = (
            files[FIRST][: int(len(files[FIRST]) * content)] if isinstance(content, float) else content
        )
    bad, good = serve("bad", broken), serve("good", files)
    mirror.behaviour[f"/bad/{FIRST}"] = behaviour
    warnings = []
    fetch(dataset, tmp_path, mirrors=[bad, good], warn=warnings.append)
    check(tmp_path, dataset)
    assert len(warnings) == (fault not in ("missing", "no length")), "nothing arrived, nothing to report"
    assert all(bad in warning and FIRST in warning and re.search(reason, warning) for warning in warnings)
    assert [path for path in mirror.requests if path.startswith("/bad/")] == [f"/bad/{FIRST}"], (
        "asked last from then"
    )


def test_a_mirror_that_goes_silent_is_given_up(tmp_path, *, small, serve, mirror, monkeypatch, check):
    """If a server stops in the middle of a file, the next mirror is tried after the read timeout."""
    monkeypatch.setattr(module, "READ_SECONDS", 0.2)
    dataset, files = small
    bad, good = serve("bad", files), serve("good", files)
    mirror.behaviour[f"/bad/{FIRST}"] = "stalls"
    warnings = []
    fetch(dataset, tmp_path, mirrors=[bad, good], warn=warnings.append)
    assert "silent" in warnings[0]
    check(tmp_path, dataset)


def test_recompressed_files_are_right_for_fashion_mnist(tmp_path, small, serve, check):
    """If the hash is that of the content, files with another compression, or none, are accepted."""
    dataset, files = small
    again = {name: gzip.compress(gzip.decompress(content), 1) for name, content in files.items()}
    again[FIRST] = gzip.decompress(files[FIRST])
    fetch(dataset, tmp_path, mirrors=[serve("again", again)])
    check(tmp_path, dataset)


def test_recompressed_files_are_wrong_where_the_hash_is_of_the_file(tmp_path, serve, check, make_small):
    """If the published hash is that of the .gz file, files with another compression are refused."""
    dataset, files = make_small("mnist", "file", "")
    fetch(dataset, tmp_path / "good", mirrors=[serve("good", files)])
    check(tmp_path / "good", dataset)
    again = {name: gzip.compress(gzip.decompress(content), 1) for name, content in files.items()}
    with pytest.raises(DataError, match="SHA-256"):
        fetch(dataset, tmp_path / "bad", mirrors=[serve("again", again)])


def test_all_mirrors_are_listed(tmp_path, small, serve):
    """If every mirror fails, the error lists each with its reason, and no file is left."""
    dataset, files = small
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        unknown = "http://no-such-host.invalid/"
        wrong = serve("wrong", {name: content[:-9] for name, content in files.items()})
        with pytest.raises(DataError) as error:
            fetch(dataset, tmp_path, mirrors=[dead, unknown, wrong, serve("empty", {})])
    message = error.value.message
    for part in (FIRST, dead, unknown, "no connection", wrong, "cut short", "empty/", "404"):
        assert part in message
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_said(tmp_path, small, serve):
    """A file in place of the cache folder gives an error that names the folder and VAECLI_CACHE."""
    dataset, files = small
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="Cannot write the cache") as error:
        fetch(dataset, tmp_path / "file" / "x", mirrors=[serve("good", files)])
    assert "VAECLI_CACHE" in error.value.hint


def test_interrupting_leaves_nothing(tmp_path, small, serve):
    """Ctrl-C in the middle of a download leaves no file, half or temporary."""
    dataset, files = small

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(dataset, tmp_path, mirrors=[serve("good", files)], progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_printed(tmp_path, small, serve, capfd):
    """Downloads print nothing, whether they succeed or fail: pooch's own log is silenced."""
    dataset, files = small
    fetch(dataset, tmp_path, mirrors=[serve("empty", {}), serve("good", files)])
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_the_environment_moves_the_cache(monkeypatch, tmp_path):
    """VAECLI_CACHE is the root if set, `~` expanded; otherwise it is the user's cache folder, never empty."""
    monkeypatch.setenv("VAECLI_CACHE", os.fspath(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.setenv("VAECLI_CACHE", "~/mine")
    assert cache_root() == tmp_path / "mine"
    monkeypatch.setenv("VAECLI_CACHE", "")
    assert cache_root().name == "vaecli"
    assert cache_root().is_absolute()


@pytest.mark.parametrize(
    ("mirror_url", "reason"),
    [
        ("gopher://example.invalid/", "No connection adapters"),
        ("not a url/", "InvalidURL"),
        ("http://[::1/", "Invalid"),
        ("http://./", "."),
    ],
)
def test_mirrors_that_are_no_urls(tmp_path, small, mirror_url, reason):
    """An impossible URL is listed with its reason, as a mirror that fails."""
    dataset, _ = small
    with pytest.raises(DataError, match="Could not download") as error:
        fetch(dataset, tmp_path, mirrors=[mirror_url])
    assert mirror_url in error.value.message and reason in error.value.message


def test_missing_certificates_are_the_reason(tmp_path, small, monkeypatch):
    """If REQUESTS_CA_BUNDLE names no file, that is the reason in the message, not the cache."""
    dataset, _ = small
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.fspath(tmp_path / "absent.pem"))
    with pytest.raises(DataError, match=r"Could not download.*absent\.pem"):
        fetch(dataset, tmp_path / "cache", mirrors=["https://localhost:9/"])


def test_a_folder_in_place_of_a_cached_file(tmp_path, small, serve):
    """The folder is reported and stays; the error says that the cache cannot be written."""
    dataset, files = small
    (tmp_path / FIRST / "mine").mkdir(parents=True)
    warnings = []
    with pytest.raises(DataError, match="Cannot write the cache"):
        fetch(dataset, tmp_path, mirrors=[serve("good", files)], warn=warnings.append)
    assert "got a folder" in warnings[0]
    assert (tmp_path / FIRST / "mine").is_dir()


MINI_2D = pathlib.Path(__file__).parents[2] / "models" / "mini-2d"
NO_HOME = """
import os, sys
os.setreuid(54321, 0)  # an unknown user who may read all files
from vaecli.cli.main import main
sys.argv[0] = "vaecli"
main()
"""


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user"
)
@pytest.mark.parametrize(
    ("arguments", "code", "stdout", "stderr"),
    [
        (["data"], 0, "fashion-mnist-mini", ""),
        (["data", "fetch", "fashion-mnist-mini"], 0, "bundled", ""),
        (
            ["data", "fetch", "kmnist"],
            1,
            "",
            "`export VAECLI_CACHE=/tmp/vaecli`, then `vaecli data fetch kmnist`",
        ),
        (["interpolate", "-m", "model", "test:0", "test:1", "-o", "a.png"], 0, "a.png", "Trouser"),
        (["eval", "-m", "model", "--metrics", "kl"], 0, "kl", ""),
    ],
)
def test_no_home_and_an_unknown_user(process, here, *, arguments, code, stdout, stderr):
    """As in a container: everything works but a download, whose error says how to name a folder for it."""
    shutil.copytree(MINI_2D, here / "model")  # the folders above this file may be closed to that user
    here.chmod(0o755)
    result = process(*arguments, code=NO_HOME, HOME="", VAECLI_CACHE="", XDG_CACHE_HOME="")
    assert result.returncode == code, result.stderr
    assert stdout.encode() in result.stdout and stderr.encode() in result.stderr
    assert b"Traceback" not in result.stderr
