"""Tables of results: what each format holds, and that nothing half-written is left."""

import csv
import io
import json
import os
import pathlib

import numpy as np
import pytest

from vaecli.errors import OptionError, OutputError
from vaecli.tables.columns import Numbers, Texts
from vaecli.tables.writing import check_table, writing_table

COLUMNS = (Texts("file"), Texts("label"), Numbers("z", ("z_0", "z_1")), Numbers("score"))
ODD = [
    "a.png",
    'quo"te,.png',
    "two\nlines.png",
    "=1+1.png",
    " space.png",
    "é.png",
    os.fsdecode(b"\xff.png"),
    "\r",
]
NUMBERS = np.float32([0.1, -1e-30, 1 / 3, 1e20, 16777216, 3, -0.0, 1e-45])


def write(path, names=ODD, batches=2, **options):
    """Write a table of the names with two columns of z and one of scores, in batches."""
    rows = {
        "file": list(names),
        "label": [None if row % 2 else "Ankle boot" for row in range(len(names))],
        "z": np.resize(NUMBERS, (len(names), 2)),
        "score": np.resize(NUMBERS, len(names)),
    }
    with writing_table(path, COLUMNS, **options) as table:
        for part in np.array_split(np.arange(len(names)), batches):
            table.add({name: [values[row] for row in part] if isinstance(values, list) else values[part]
                       for name, values in rows.items()})  # fmt: skip
    return rows, table.path


def test_csv_gives_names_and_numbers_back(tmp_path):
    """Odd names survive; numbers are the same float32 again; bytes that are not UTF-8 are escaped."""
    rows, path = write(tmp_path / "t.csv")
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["file", "label", "z_0", "z_1", "score"]
    assert [line[0] for line in lines] == [*ODD[:6], r"\xff.png", "\r"]
    assert [line[1] for line in lines] == ["Ankle boot", ""] * 4
    np.testing.assert_array_equal(np.float32([line[2:4] for line in lines]), rows["z"])
    assert {line[4] for line in lines} >= {"0.1", "0.33333334", "3.0"}


def test_jsonl_gives_exact_names_and_numbers_back(tmp_path):
    """Each line is an object; the name is the exact one; a missing label is null."""
    rows, path = write(tmp_path / "t.jsonl")
    lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [line["file"] for line in lines] == ODD
    assert os.fsencode(lines[6]["file"]) == b"\xff.png"
    assert lines[1]["label"] is None
    np.testing.assert_array_equal(np.float32([[line["z_0"], line["z_1"]] for line in lines]), rows["z"])
    np.testing.assert_array_equal(np.float32([line["score"] for line in lines]), rows["score"])


def test_npz_needs_no_pickle(tmp_path):
    """`np.load` reads exact names, labels, and numbers with their type and shape."""
    rows, path = write(tmp_path / "t.npz")
    with np.load(path, allow_pickle=False) as archive:
        assert archive.files == ["file", "label", "z", "score"]
        assert archive["file"].tolist() == ODD
        assert archive["label"].tolist() == ["Ankle boot", ""] * 4
        np.testing.assert_array_equal(archive["z"], rows["z"])
        assert (archive["z"].dtype, archive["score"].dtype) == (np.float32, np.float32)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz"])
def test_batches_do_not_matter(tmp_path, suffix):
    """The bytes of a table do not depend on how its rows come."""
    paths = [write(tmp_path / f"{batches}{suffix}", batches=batches)[1] for batches in (1, 3)]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz"])
def test_a_table_without_rows(tmp_path, suffix):
    """It is a file of its format: a header, nothing, or empty arrays."""
    with writing_table(tmp_path / f"t{suffix}", COLUMNS) as table:
        pass
    if suffix == ".npz":
        with np.load(table.path) as archive:
            assert {name: archive[name].shape for name in archive.files} == {
                "file": (0,), "label": (0,), "z": (0, 2), "score": (0,)
            }  # fmt: skip
    else:
        header = "file,label,z_0,z_1,score\n" if suffix == ".csv" else ""
        assert table.path.read_text() == header


def test_numbers_that_are_missing(tmp_path):
    """NaN is an empty field in CSV and null in JSONL, where the row says what is wrong with it."""
    row = {"file": ["a"], "label": [None], "z": np.full((1, 2), np.nan), "score": np.float32([np.nan])}
    for suffix in ("csv", "jsonl"):
        with writing_table(tmp_path / f"t.{suffix}", COLUMNS) as table:
            table.add(row, {0: "is damaged"})
    assert (tmp_path / "t.csv").read_text().splitlines()[1] == "a,,,,"
    line = json.loads((tmp_path / "t.jsonl").read_text())
    assert line == {
        "file": "a",
        "label": None,
        "z_0": None,
        "z_1": None,
        "score": None,
        "error": "is damaged",
    }


def test_half_a_pair_of_utf_16(tmp_path):
    """A name on Windows may hold one; CSV escapes it, the other forms keep it."""
    for suffix in ("csv", "jsonl", "npz"):
        with writing_table(tmp_path / f"t.{suffix}", (Texts("file%"),)) as table:
            table.add({"file%": ["\ud800.png"]})
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "file%\n\\ud800.png\n"
    assert json.loads((tmp_path / "t.jsonl").read_text()) == {"file%": "\ud800.png"}
    with np.load(tmp_path / "t.npz") as archive:
        assert archive["file%"].tolist() == ["\ud800.png"]


def test_types_of_numbers(tmp_path):
    """Truth values are true and false in both forms of text, whole numbers have no point."""
    columns = (Numbers("above", dtype="bool"), Numbers("place", dtype="int64"))
    row = {"above": np.array([True, False]), "place": np.array([3, 4])}
    for suffix in ("csv", "jsonl"):
        with writing_table(tmp_path / f"t.{suffix}", columns) as table:
            table.add(row)
    assert (tmp_path / "t.csv").read_text() == "above,place\ntrue,3\nfalse,4\n"
    assert json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0]) == {"above": True, "place": 3}


def test_standard_output_gets_csv(tmp_path):
    """`-` writes what a .csv file would hold."""
    stdout = io.BytesIO()
    path = write("-", stdout=stdout)[1]
    assert path is None
    assert stdout.getvalue() == write(tmp_path / "t.csv")[1].read_bytes()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".npz"])
def test_an_error_leaves_nothing(tmp_path, suffix):
    """An error of the body, or a name that is taken, leaves what was there."""
    (tmp_path / "x").mkdir()
    with pytest.raises(ZeroDivisionError), writing_table(tmp_path / "x" / f"t{suffix}", COLUMNS) as table:
        table.add({"file": ["a"], "label": ["b"], "z": np.zeros((1, 2)), "score": np.zeros(1)})
        raise ZeroDivisionError
    assert list((tmp_path / "x").iterdir()) == []
    taken = tmp_path / f"t{suffix}"
    taken.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        write(taken)
    assert taken.read_text() == "mine"
    write(taken, if_taken="replace")
    assert taken.read_bytes() != b"mine"
    assert write(taken, if_taken="number")[1] == tmp_path / f"t-2{suffix}"


@pytest.mark.parametrize("name", ["t.txt", "t", ".csv", "t.png", ""])
def test_unknown_suffixes(name):
    """They are refused before anything is computed; the error lists what there is."""
    with pytest.raises(OptionError):
        check_table(name)


def test_places_that_cannot_be_written(tmp_path):
    """A missing folder, and a folder of the name, are refused before anything is computed."""
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path / "none" / "t.csv", tmp_path / "folder.csv"):
        with pytest.raises(OutputError):
            check_table(path)


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_is_an_output_error(tmp_path):
    """A full stdout is the caller's OSError, as of every command."""
    with pathlib.Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="space"):
        write("-", stdout=full)
