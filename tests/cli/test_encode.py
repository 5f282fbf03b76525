"""`vaecli encode`, through the program's own `main`: tables, shards, unreadable pictures and refusals."""

import csv
import json
import shutil
import sys

import numpy as np
import PIL.Image
import pytest

from vaecli.data.named.bundled import load_mini

MINI = load_mini("test")


@pytest.fixture
def encode(call, model_folder):
    """`vaecli encode -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("encode", "-m", model_folder, *arguments)


@pytest.fixture
def folder(here):
    """`pics`: 40 test images as PNGs in two class folders."""
    for number in range(40):
        path = here / "pics" / ("boot", "shirt")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        PIL.Image.fromarray(MINI.images[number, ..., 0]).save(path)
    return here / "pics"


def rows_of(path):
    """The rows of a CSV file as dictionaries."""
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
        return list(csv.DictReader(file))


def test_the_latents_are_those_of_the_model(encode, model, here):
    """An .npz holds the names, the classes, and what `Model.encode` gives; --std adds the deviations."""
    assert encode("--split", "test", "--std", "-o", "z.npz") == (0, "z.npz\n", "")
    z_mean, z_log_var = model.encode(MINI.images)
    with np.load("z.npz") as table:
        assert table.files == ["file", "label", "z", "std"]
        assert table["file"].tolist() == [f"test:{row}" for row in range(1000)]
        assert table["label"].tolist() == [MINI.class_names[label] for label in MINI.labels]
        np.testing.assert_allclose(table["z"], z_mean, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(table["std"], np.exp(z_log_var / 2), rtol=1e-5)


def test_the_same_rows_in_each_form(encode, folder):
    """CSV, JSONL, .npz and standard output hold the same names and the same float32 numbers."""
    for name in ("z.csv", "z.jsonl", "z.npz"):
        assert encode("pics", "test:3", "-o", name)[:2] == (0, f"{name}\n")
    code, stdout, stderr = encode("pics", "test:3", "-o", "-")
    assert (code, stderr) == (0, "")
    assert stdout == (folder.parent / "z.csv").read_text()
    lines = [json.loads(line) for line in (folder.parent / "z.jsonl").read_text().splitlines()]
    rows = rows_of("z.csv")
    assert list(rows[0]) == list(lines[0]) == ["file", "label", "z_00", "z_01"]
    with np.load("z.npz") as table:
        for number, (row, line) in enumerate(zip(rows, lines, strict=True)):
            assert row["file"] == line["file"] == table["file"][number]
            assert row["label"] == line["label"] == table["label"][number]
            z = table["z"][number]
            assert np.float32([row["z_00"], row["z_01"]]).tolist() == z.tolist()
            assert np.float32([line["z_00"], line["z_01"]]).tolist() == z.tolist()


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz"])
@pytest.mark.parametrize("count", [3, 50])
def test_joined_shards_are_a_single_run(encode, folder, suffix, count):
    """Byte for byte, apart from the headers of the CSV files; parts without pictures are empty tables."""
    (folder / "boot" / "6.png").write_bytes(b"broken")
    names = ["pics", "test:0:5"]
    assert encode(*names, "--std", "-o", f"all.{suffix}")[0] == 1
    parts = [f"{number}.{suffix}" for number in range(1, count + 1)]
    codes = [
        encode(*names, "--std", "--shard", f"{number}/{count}", "-o", part)[0]
        for number, part in enumerate(parts, 1)
    ]
    assert sorted(set(codes)) == [0, 1] and codes.count(1) == 1
    if suffix == "npz":
        tables = [np.load(part) for part in parts]
        with np.load("all.npz") as single:
            for name in single.files:
                joined = np.concatenate([table[name] for table in tables])
                np.testing.assert_array_equal(joined, single[name])
        for table in tables:
            table.close()
        return
    contents = [(folder.parent / part).read_text() for part in parts]
    if suffix == "csv":
        header = contents[0].splitlines(keepends=True)[0]
        assert all(content.startswith(header) for content in contents)
        contents = [header, *(content.removeprefix(header) for content in contents)]
    assert "".join(contents) == (folder.parent / f"all.{suffix}").read_text()


def test_one_broken_among_many(encode, folder):
    """It is named on stderr and in the result, without numbers; the rest is there; exit code 1."""
    (folder / "boot" / "6.png").write_bytes((folder / "boot" / "6.png").read_bytes()[:70])
    code, stdout, stderr = encode("pics", "-o", "z.csv", "--quiet")
    assert (code, stdout) == (1, "z.csv\n")
    first, last = stderr.splitlines()
    assert first.startswith("Cannot read pics/boot/6.png: cannot be decoded")
    assert last == "Error: 1 of 40 pictures cannot be read."
    rows = rows_of("z.csv")
    assert [row["file"] for row in rows if not row["z_00"]] == ["pics/boot/6.png"]
    assert len(rows) == 40
    code, _, _ = encode("pics", "-o", "z.jsonl")
    broken = [json.loads(line) for line in (folder.parent / "z.jsonl").read_text().splitlines()][3]
    assert broken == {"file": "pics/boot/6.png", "label": "boot", "z_00": None, "z_01": None} | {
        "error": broken["error"]
    }
    assert "cannot be decoded" in broken["error"]


def test_json(encode, folder, check_schema):
    """`--json` prints one object, also where pictures cannot be read."""
    (folder / "boot" / "6.png").write_bytes(b"broken")
    code, stdout, _ = encode("pics", "missing.png", "-o", "z.npz", "--json")
    document = json.loads(stdout)
    check_schema("encode", document)
    assert (code, document["pictures"], document["unreadable_count"]) == (1, 41, 2)
    assert [picture["file"] for picture in document["unreadable"]] == ["pics/boot/6.png", "missing.png"]


def test_the_next_free_name(encode, here):
    """Without -o nothing is replaced."""
    assert encode("test:0")[1] == "latents.npz\n"
    assert encode("test:0")[1] == "latents-2.npz\n"


def test_pictures_are_prepared(encode, folder):
    """Options of the preparation act: a negated picture gives other latents only if it is to be kept."""
    PIL.Image.fromarray(255 - MINI.images[0, ..., 0]).save("negative.png")
    for number, options in enumerate(([], ["--polarity", "keep"])):
        assert encode("pics/boot/0.png", "negative.png", *options, "-o", f"{number}.npz")[0] == 0
    same, other = np.load("0.npz")["z"], np.load("1.npz")["z"]
    np.testing.assert_array_equal(same[0], same[1])
    assert not np.array_equal(other[0], other[1])


@pytest.mark.skipif(sys.platform == "win32", reason="such names are not allowed there")
def test_odd_names(encode, folder):
    """Names with commas, quotes, newlines and leading signs come back from CSV; `--` ends the options."""
    odd = ["a,b.png", 'q"uote.png', "two\nlines.png", "=1+1.png", "-o.png"]
    for number, name in enumerate(odd):
        (folder / ("boot", "shirt")[number % 2] / f"{number}.png").rename(folder.parent / name)
    assert encode("-o", "z.csv", "--", *odd)[0] == 0
    assert [row["file"] for row in rows_of("z.csv")] == odd


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "at least one picture"),
        (["test:0", "--split", "test"], 2, "--split must be left out"),
        (["test:0", "--shard", "0/3"], 2, "--shard must be I/N"),
        (["test:0", "--shard", "4/3"], 2, "--shard must be I/N"),
        (["test:0", "--shard", "x/y"], 2, "--shard must be I/N"),
        (["no*.png"], 2, "nothing matches no*.png"),
        (["fashion-mnist-mini"], 2, "--data fashion-mnist-mini --split test"),
        (["test:0", "-o", "z.txt"], 2, "--out must end in .csv, .jsonl, .npz"),
        (["test:0", "-o", "-", "--json"], 2, "--json must be left out"),
        (["test:0", "--range", "x"], 2, "--range"),
        (["empty"], 1, "must hold pictures, got nothing"),
        (["test:0", "-o", "none/z.csv"], 1, "mkdir -p none"),
        (["test:7:7"], 1, "must name pictures, got none"),
        (["test:1000"], 1, "has images 0 to 999"),
        (["--data", "nowhere"], 1, "nowhere"),
        (["damaged.zip"], 1, "damaged.zip"),
        (["damaged.npy"], 1, "damaged.npy"),
    ],
)
def test_refusals(encode, here, contents, arguments, code, says):
    """A short error, and nothing is written."""
    (here / "empty").mkdir()
    (here / "damaged.zip").write_bytes(b"PK\3\4 and no more")
    (here / "damaged.npy").write_bytes(b"\x93NUMPY and no more")
    before = contents(here)
    actual, stdout, stderr = encode(*arguments)
    assert (actual, stdout) == (code, "")
    assert says in " ".join(stderr.replace("│", " ").split())
    assert "Traceback" not in stderr
    assert contents(here) == before


def test_output_on_top_of_an_input(encode, here, contents):
    """Neither an input nor another file is replaced, with or without --force."""
    np.savez("x.npz", images=MINI.images[:3])
    before = contents(here)
    assert encode("x.npz", "-o", "x.npz")[0] == 1
    code, _, stderr = encode("x.npz", "-o", "x.npz", "--force")
    assert code == 2 and "must not be one of the pictures" in " ".join(stderr.replace("│", " ").split())
    assert contents(here) == before


def test_an_input_below_the_home_folder(encode, here, contents, monkeypatch):
    """`~` in a target is expanded before the check: bash leaves that in `--out=~/x.npz` as it is."""
    monkeypatch.setenv("HOME", str(here))
    np.savez("x.npz", images=MINI.images[:3])
    before = contents(here)
    for name in ("~/x.npz", "x.npz"):
        assert encode(name, "--out=~/x.npz", "--force")[0] == 2
    assert contents(here) == before


def test_twice_in_the_folder_of_the_pictures(call, here, model_folder):
    """Without -o the second result takes the next free name, also where the first one is among the pictures."""
    PIL.Image.fromarray(MINI.images[0, ..., 0]).save("a.png")
    for name in ("reconstruction.png", "reconstruction-2.png"):
        code, stdout, stderr = call("reconstruct", ".", "-m", model_folder)
        assert (code, stdout) == (0, f"{name}\n"), stderr


def test_a_decoder_without_its_encoder(call, here, model_folder):
    """The error says what is missing, before any picture is read, and nothing is written."""
    shutil.copy(model_folder / "decoder.onnx", here)
    code, stdout, stderr = call("encode", "-m", "decoder.onnx", "missing.png", "-o", "z.csv")
    assert (code, stdout) == (1, "")
    assert "encoder.onnx" in stderr and "missing.png" not in stderr
    assert [path.name for path in here.iterdir()] == ["decoder.onnx"]
