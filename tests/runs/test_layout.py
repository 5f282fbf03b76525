"""The run folder: new names, the newest run, metrics.csv."""

import concurrent.futures
import json
import math
import os
import subprocess
import sys

import pytest

from vaecli.errors import ModelError, OutputError
from vaecli.runs import layout
from vaecli.runs.history import COLUMNS, read_metrics, write_metrics
from vaecli.runs.layout import Run

HISTORY = [
    dict(zip(COLUMNS, values, strict=True))
    for values in (
        (1, 543.21987, 500.5, 42.72, 300.0, 290.0, 10.0, 1e-3, 4.25, 13456.78, 0.5),
        (2, 1e-12, 1e12, math.nan, math.inf, -3.5, 1 / 3, 2e-7, 1e-3, 3e9, 0.0),
    )
]


def make_run(path, started, *, model=True):
    """Make a run folder with the files that `newest` looks at."""
    (path / "model").mkdir(parents=True)
    if model:
        (path / "model" / "decoder.onnx").touch()
    if started is not None:
        (path / "provenance.json").write_text(json.dumps({"started": started}))
    return path


def test_create_takes_the_next_free_number(here):
    """runs/<data>-1, -2, ...; the names of other data do not count, gaps are filled, a file's name is taken."""
    assert layout.create(None, "mnist").path.as_posix() == "runs/mnist-1"
    assert layout.create(None, "mnist").path.as_posix() == "runs/mnist-2"
    assert layout.create(None, "kmnist").path.as_posix() == "runs/kmnist-1"
    (here / "runs" / "mnist-3").touch()
    assert layout.create(None, "mnist").path.as_posix() == "runs/mnist-4"
    (here / "runs" / "mnist-1").rmdir()
    assert layout.create(None, "mnist").path.as_posix() == "runs/mnist-1"


RACE = """
import pathlib, sys
from vaecli.runs import layout
sys.stdin.readline()  # all start together
print([layout.create(None, "mnist", pathlib.Path("runs")).name for _ in range(30)])
"""


def test_processes_never_share_a_folder(here):
    """Three processes that make thirty runs each at once get ninety folders."""
    command = [sys.executable, "-c", RACE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=here, **pipes) for _ in range(3)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        outputs = list(pool.map(lambda process: process.communicate("go\n", timeout=600)[0], processes))
    names = [name for output in outputs for name in json.loads(output.replace("'", '"'))]
    assert sorted(names) == sorted(f"mnist-{number}" for number in range(1, 91))


def test_create_a_named_folder(tmp_path):
    """`--out` makes its parents and accepts an empty folder; the new folder is empty."""
    for _ in range(2):
        run = layout.create(tmp_path / "a" / "b", "mnist")
        assert run.path == tmp_path / "a" / "b"
        assert list(run.path.iterdir()) == []
    assert run.name == "b"


@pytest.mark.parametrize("out", ["full", "file", "file/inside", "a" * 300])
def test_create_refuses(tmp_path, contents, out):
    """A folder with something in it, a file, a place below a file, a name too long: an error, and nothing made."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thing").touch()
    (tmp_path / "file").touch()
    was = contents(tmp_path)
    with pytest.raises(OutputError):
        layout.create(tmp_path / out, "mnist")
    assert contents(tmp_path) == was


def test_create_where_runs_is_a_file(here):
    """A file in place of runs/ is an error that names it and --out."""
    (here / "runs").touch()
    with pytest.raises(OutputError, match=r"runs is a file\..*--out"):
        layout.create(None, "mnist")


def test_newest_by_start(tmp_path):
    """The run that began last is the newest, whatever its name and dates; runs without a model do not count."""
    make_run(tmp_path / "z-1", "2026-01-01T00:00:00.000001+00:00")
    make_run(tmp_path / "a-2", "2026-01-01T00:00:00.000002+00:00")
    make_run(tmp_path / "b-3", "2026-12-01T00:00:00.000000+00:00", model=False)
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    assert layout.newest(tmp_path).path == tmp_path / "a-2"


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"started"', "\x00", "3", "null", "{}"])
def test_newest_skips_damaged_runs(tmp_path, text):
    """A run whose provenance is missing or damaged does not hide the others."""
    make_run(tmp_path / "good", "2026-01-01T00:00:00+00:00")
    bad = make_run(tmp_path / "bad", None)
    if text is not None:
        (bad / "provenance.json").write_text(text)
    assert layout.newest(tmp_path).path == tmp_path / "good"


def test_newest_skips_what_is_no_run(tmp_path):
    """Files, broken links, loops of links and unreadable folders in runs/ do not hide the runs."""
    make_run(tmp_path / "good", "2026-01-01T00:00:00+00:00")
    (tmp_path / "file").touch()
    (tmp_path / "broken").symlink_to(tmp_path / "missing")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    locked = make_run(tmp_path / "locked", "2027-01-01T00:00:00+00:00")
    locked.chmod(0)
    unreadable = make_run(tmp_path / "unreadable", "2027-01-01T00:00:00+00:00")
    (unreadable / "provenance.json").unlink()
    (unreadable / "provenance.json").mkdir()
    try:
        expected = "locked" if os.access(locked / "model", os.R_OK) else "good"  # root reads everything
        assert layout.newest(tmp_path).path == tmp_path / expected
    finally:
        locked.chmod(0o755)


def test_a_long_name_is_cut(here):
    """The name of a folder that is as long as names may be still makes a run's name."""
    for _ in range(2):
        run = layout.create(None, "\N{EARTH GLOBE EUROPE-AFRICA}" * 63)
    assert run.path.is_dir() and run.path.name.endswith("-2")


def test_no_newest(tmp_path, here):
    """No folder, a file in its place, or runs without a model: the error names `vaecli train`."""
    make_run(tmp_path / "x" / "a-1", "2026", model=False)
    (tmp_path / "file").touch()
    for root in (tmp_path / "missing", tmp_path / "file", tmp_path / "x", layout.ROOT):
        with pytest.raises(ModelError, match="vaecli train"):
            layout.newest(root)


def test_metrics_round_trip(tmp_path):
    """Rows come back with seven digits, nan and inf too; the header is the columns in their order."""
    run = Run(tmp_path)
    assert read_metrics(run.metrics) == []
    write_metrics(run.metrics, HISTORY)
    lines = run.metrics.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1].startswith("1,543.2199,500.5,")
    for row, written in zip(read_metrics(run.metrics), HISTORY, strict=True):
        assert row == pytest.approx(written, rel=1e-6, nan_ok=True)
        assert list(row) == list(COLUMNS)


def test_metrics_are_written_anew(tmp_path, contents):
    """Each epoch writes the complete table: a shorter history leaves no rows of a longer one."""
    run = Run(tmp_path)
    write_metrics(run.metrics, HISTORY)
    write_metrics(run.metrics, HISTORY[:1])
    assert [row["epoch"] for row in read_metrics(run.metrics)] == [1]
    assert list(contents(tmp_path)) == ["metrics.csv"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("500.5", "many"),
        lambda text: text.rsplit(",", 3)[0],
        lambda text: text.replace("val_loss", "loss_val"),
        lambda text: text + "é",
        lambda text: "\x00\x01",
    ],
    ids=["text", "cut", "header", "not ASCII", "zeros"],
)
def test_damaged_metrics(tmp_path, damage):
    """A damaged metrics.csv is an error that names the file and the remedy."""
    run = Run(tmp_path)
    write_metrics(run.metrics, HISTORY)
    run.metrics.write_text(damage(run.metrics.read_text()), encoding="utf-8")
    with pytest.raises(ModelError, match=r"Cannot read .*metrics\.csv: .*Remove the file"):
        read_metrics(run.metrics)


def test_provenance_that_is_not_there(tmp_path):
    """A folder without provenance.json is reported as no run."""
    with pytest.raises(ModelError, match="is not a run of vaecli"):
        Run(tmp_path).read_provenance()


def test_the_name_is_the_folders(here):
    """A run is called what its folder is called, also when it is named by `.`."""
    (here / "shoes").mkdir()
    assert Run(here / "shoes").name == "shoes"
    assert Run(type(here)()).name == here.name
