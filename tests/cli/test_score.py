"""`vaecli score`, through the program's own `main`: tables, marks, sheets, maps, labels and refusals."""

import csv
import json
import shutil

import numpy as np
import PIL.Image
import pytest

from vaecli.choices import COMPONENTS
from vaecli.data.named.bundled import load_mini
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.protobuf import metadata
from vaecli.modelfile.score_facts import KEY_SCORE
from vaecli.modelfile.write import with_metadata

MINI = load_mini("test")
NUMBERS = ["score", "percentile", *COMPONENTS]


@pytest.fixture
def score(call, scored_folder):
    """`vaecli score -m MODEL ...` in an empty folder: (exit code, stdout, stderr)."""
    return lambda *arguments: call("score", "-m", scored_folder, *arguments)


@pytest.fixture
def folder(here):
    """`pics`: ten test images in `normal`, and as many of noise in `noise`."""
    rng = np.random.default_rng(0)
    for number in range(10):
        for name, image in (
            ("normal", MINI.images[number, ..., 0]),
            ("noise", rng.integers(0, 256, (28, 28)).astype(np.uint8)),
        ):
            path = here / "pics" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            PIL.Image.fromarray(image).save(path)
    return here / "pics"


@pytest.fixture
def noise(here):
    """`noise.npy`: three images of noise."""
    np.save("noise.npy", np.random.default_rng(1).integers(0, 256, (3, 28, 28, 1)).astype(np.uint8))
    return here / "noise.npy"


def rows_of(path):
    """The rows of a CSV file as dictionaries."""
    with open(path, encoding="utf-8", newline="") as file:  # noqa: PTH123
        return list(csv.DictReader(file))


def test_the_scores_are_those_of_the_model(score, scored_model, here):
    """The table holds names, classes, and what `Model.score` gives, in each form."""
    expected = scored_model.score(MINI.images[:50])
    for name in ("s.csv", "s.jsonl", "s.npz"):
        code, stdout, stderr = score("test:0:50", "-o", name)
        assert (code, stdout) == (0, f"{name}\n") and "The strangest pictures" in stderr
    rows = rows_of("s.csv")
    lines = [json.loads(line) for line in (here / "s.jsonl").read_text().splitlines()]
    assert list(rows[0]) == list(lines[0]) == ["file", "label", *NUMBERS]
    assert rows[3]["file"] == "test:3" and rows[3]["label"] == MINI.class_names[MINI.labels[3]]
    values = {"score": expected.score, "percentile": expected.percentile} | dict(expected.components)
    with np.load("s.npz") as table:
        for name in NUMBERS:
            np.testing.assert_allclose(table[name], values[name], rtol=1e-3, atol=1e-3)
            assert np.float32([row[name] for row in rows]).tolist() == table[name].tolist()
            assert np.float32([line[name] for line in lines]).tolist() == table[name].tolist()


def test_noise_is_marked_and_listed_first(score, noise):
    """--threshold adds a column; the strangest pictures are listed on stderr, in falling order."""
    code, stdout, stderr = score("test:0:20", noise, "-o", "-", "--threshold", "99", "--top", "3")
    rows = list(csv.DictReader(stdout.splitlines()))
    assert code == 0 and [row["strange"] for row in rows[20:]] == ["true"] * 3
    assert sum(row["strange"] == "true" for row in rows[:20]) <= 4
    listed = [line.split()[0] for line in stderr.splitlines() if "noise.npy:" in line]
    by_score = sorted(rows[20:], key=lambda row: -float(row["score"]))
    assert listed == [row["file"] for row in by_score]
    assert "at or above the percentile 99 of 1,200 validation images" in stderr


def test_a_component_takes_the_place_of_the_score(score):
    """With --by, score and percentile are those of the component."""
    assert score("test:0:30", "-o", "s.csv", "--by", "excess", "--quiet") == (0, "s.csv\n", "")
    rows = rows_of("s.csv")
    assert [row["score"] for row in rows] == [row["excess"] for row in rows]
    order = np.argsort([float(row["excess"]) for row in rows])
    assert np.diff(np.float64([rows[number]["percentile"] for number in order])).min() >= 0


def test_maps_among_the_pictures_are_refused(score, folder, contents):
    """The next run would score them."""
    before = contents(folder)
    code, _, stderr = score(folder, "--heatmaps", folder, "--force")
    assert code == 2 and "--heatmaps must not hold one of the pictures" in " ".join(
        stderr.replace("│", " ").split()
    )
    assert contents(folder) == before


@pytest.mark.parametrize("percentile", ["0", "99", "100"])
def test_a_strange_picture_fails(score, noise, percentile):
    """--fail-above ends with exit code 4 after the table is written."""
    assert score(noise, "-o", "s.csv", "--fail-above", percentile)[:2] == (4, "s.csv\n")
    assert len(rows_of("s.csv")) == 3


def test_ordinary_pictures_do_not_fail(score):
    """Pictures below the percentile end with 0."""
    lowest = np.argsort([float(row["percentile"]) for row in _scored(score, "test:0:40")])[:3]
    assert score(*(f"test:{number}" for number in lowest), "-o", "low.csv", "--fail-above", "90")[0] == 0


def _scored(score, *names):
    score(*names, "-o", "all.csv")
    return rows_of("all.csv")


def test_classes_called_normal_are_judged(score, folder, check_schema):
    """A folder `normal` beside another gives AUROC and F1, in words and as JSON that fits its schema."""
    code, _, stderr = score(folder, "-o", "s.csv")
    assert code == 0 and "normal against other classes: AUROC" in stderr
    code, stdout, _ = score(folder, "-o", "t.csv", "--json", "--top", "2")
    document = json.loads(stdout)
    check_schema("score", document)
    assert code == 0 and document["detection"]["auroc"] > 0.95 and document["detection"]["recall"] == 1
    assert (document["normal"], document["normal_count"], document["other_count"]) == ("normal", 10, 10)
    assert [place["label"] for place in document["strangest"]] == ["noise", "noise"]


def test_a_named_class_is_normal(score, check_schema):
    """--normal takes a part of a name; without pictures of another class there are no figures, and it is said."""
    _, stdout, _ = score("test:0:40", "--normal", "boot", "-o", "s.csv", "--json")
    document = json.loads(stdout)
    check_schema("score", document)
    assert document["normal"] == "Ankle boot" and 0 <= document["detection"]["auroc"] <= 1
    only = next(number for number, label in enumerate(MINI.labels) if MINI.class_names[label] == "Bag")
    code, stdout, _ = score(f"test:{only}", "--normal", "Bag", "-o", "t.csv", "--json")
    check_schema("score", json.loads(stdout))
    assert code == 0 and json.loads(stdout)["detection"] is None
    assert (
        "AUROC and F1 need pictures of Bag and of other classes, got 1 and 0"
        in score(f"test:{only}", "--normal", "Bag", "-o", "u.csv")[2]
    )


def test_the_sheet_shows_the_strangest(score, noise):
    """--sheet writes a PNG with a cell for each of --top pictures, and refuses to replace it unasked."""
    arguments = ("test:0:20", noise, "-o", "-", "--top", "4", "--sheet", "odd.png", "--quiet")
    assert score(*arguments)[0] == 0
    with PIL.Image.open("odd.png") as sheet:
        assert sheet.mode == "RGB" and min(sheet.size) > 200
        colours = np.asarray(sheet)
    assert colours[: len(colours) // 2].std() > 60  # noise in the upper row
    code, _, stderr = score(*arguments)
    assert code == 1 and "odd.png" in stderr
    assert score(*arguments, "--force")[0] == 0


def test_a_map_for_each_picture(score, noise):
    """--heatmaps writes a PNG for each readable picture: the picture, and a map that is darker for a better one."""
    assert score("test:0:3", noise, "-o", "-", "--heatmaps", "maps/", "--quiet")[0] == 0
    names = sorted(path.name for path in (noise.parent / "maps").iterdir())
    assert names == [
        *(f"{number:06d}-test-{number}.png" for number in range(3)),
        *(f"{number + 3:06d}-noise-npy-{number}.png" for number in range(3)),
    ]
    brightness = {}
    for name in names:
        with PIL.Image.open(noise.parent / "maps" / name) as picture:
            pixels = np.asarray(picture)
        assert pixels.shape == (224, 456, 3)
        brightness[name] = pixels[:, 232:].mean()
    assert min(brightness[name] for name in names[3:]) > 1.2 * max(brightness[name] for name in names[:3])
    code, _, stderr = score("test:0", "-o", "-", "--heatmaps", "maps")
    assert code == 1 and "not empty" in stderr


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "npz"])
def test_joined_shards_are_a_single_run(score, folder, here, suffix):
    """The rows of three shards are those of a single run, byte for byte, a broken picture among them."""
    (folder / "noise" / "3.png").write_bytes(b"broken")
    names = ("pics", "test:0:7", "--quiet")
    assert score(*names, "-o", f"all.{suffix}")[0] == 1
    parts = [f"{number}.{suffix}" for number in (1, 2, 3)]
    for number, part in enumerate(parts, 1):
        score(*names, "--shard", f"{number}/3", "-o", part)
    if suffix == "npz":
        with np.load("all.npz") as table:
            for name in table.files:
                joined = np.concatenate([np.load(part)[name] for part in parts])
                np.testing.assert_array_equal(joined, table[name])
        return
    first = 1 if suffix == "csv" else 0
    lines = [line for part in parts for line in (here / part).read_bytes().splitlines()[first:]]
    assert lines == (here / f"all.{suffix}").read_bytes().splitlines()[first:]


def test_a_broken_picture_among_others(score, folder):
    """It is listed on stderr and in the JSON, its row has no numbers, and the exit code is 1."""
    (folder / "normal" / "0.png").write_bytes(b"broken")
    code, stdout, stderr = score(folder, "-o", "s.csv", "--threshold", "50", "--json")
    document = json.loads(stdout)
    assert code == 1 and "Cannot read" in stderr and document["unreadable_count"] == 1
    empty = [row for row in rows_of("s.csv") if not row["score"]]
    assert [row["file"] for row in empty] == [document["unreadable"][0]["file"]]
    assert empty[0]["strange"] == ""
    assert sum(bool(row["score"]) for row in rows_of("s.csv")) == 19


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--threshold", "-1"], "--threshold must be at least 0"),
        (["--threshold", "100.5"], "--threshold must be a percentile, 0 to 100, got 100.5"),
        (["--threshold", "nan"], "--threshold must be at least 0"),
        (["--fail-above", "101"], "--fail-above must be a percentile, 0 to 100, got 101"),
        (["--fail-above", "nan"], "got NaN"),
        (["--fail-above", "inf"], "--fail-above must be at least 0"),
        (["--top", "-1"], "--top must be at least 0, got -1"),
        (["--top", "0", "--sheet", "a.png"], "--top must be at least 1 with --sheet, got 0"),
        (["--top", "1001"], "--top must be at most 1000, got 1001"),
        (["--by", "luck"], "Invalid value for '--by'"),
        (["--sheet", "a.jpg"], "--sheet must end in .png, got a.jpg"),
        (["--heatmaps", "a.png"], "--heatmaps must be a folder, got a.png"),
        (["--normal", "hat"], "--normal must name a class, got 'hat'"),
        (["--normal", "t"], "which is a part of 'T-shirt/top', 'Trouser'"),
        (["--shard", "0/3"], "--shard must be I/N"),
        (["--shard", "4/3"], "--shard must be I/N"),
        (["-o", "s.txt"], "--out must end in .csv, .jsonl, .npz"),
        (["--json", "-o", "-"], "--json must be left out with --out -"),
    ],
)
def test_wrong_options_are_usage_errors(score, here, contents, arguments, says):
    """Values out of range, unknown words and labels end with exit code 2, and nothing is written."""
    code, stdout, stderr = score("test:0:3", *arguments)
    assert (code, stdout) == (2, "") and says in " ".join(stderr.replace("│", "").split())
    assert contents(here) == {}


def test_labels_need_classes(score, noise):
    """--normal with pictures that have no classes is refused."""
    code, _, stderr = score(noise, "--normal", "Bag")
    assert code == 2 and "--normal needs pictures with classes" in " ".join(stderr.replace("│", "").split())


def test_no_pictures(score):
    """Without pictures and without --split, the command says how to name them."""
    code, _, stderr = score()
    assert code == 2 and "PICTURES must name at least one picture" in " ".join(
        stderr.replace("│", "").split()
    )


def test_a_model_without_figures(call, model_folder, here, contents):
    """A model of few images, or of an earlier version, is refused with the command that makes it anew."""
    code, stdout, stderr = call("score", "-m", model_folder, "test:0", "-o", "s.csv")
    assert (code, stdout) == (1, "") and "has no figures for scores" in stderr
    assert "vaecli export -m RUN --force" in stderr and contents(here) == {}


def test_damaged_figures(call, scored_folder, here):
    """A file whose figures do not fit is refused in words, and the other commands still work."""
    shutil.copytree(scored_folder, "copy")
    path = here / "copy" / "decoder.onnx"
    entries = {key: text for key, (text, _) in metadata(path.read_bytes()).items() if key != KEY_DIGEST}
    document = json.loads(entries[KEY_SCORE]) | {"rates": {"dtype": "float64", "shape": [1], "data": "AAAA"}}
    path.write_bytes(with_metadata(path.read_bytes(), entries | {KEY_SCORE: json.dumps(document)}))
    code, _, stderr = call("score", "-m", "copy", "test:0", "-o", "s.csv")
    assert code == 1 and "figures for scores in copy/decoder.onnx do not fit" in stderr
    assert call("encode", "-m", "copy", "test:0", "-o", "z.csv")[0] == 0


def test_a_decoder_without_its_encoder(call, scored_folder):
    """The missing file is named."""
    shutil.copytree(scored_folder, "copy", ignore=shutil.ignore_patterns("encoder.onnx"))
    code, _, stderr = call("score", "-m", "copy", "test:0", "-o", "s.csv")
    assert code == 1 and "encoder.onnx, and this needs an encoder" in stderr


def test_targets_that_are_pictures(score, folder):
    """Nothing is written over the pictures that are read."""
    before = (folder / "normal" / "0.png").read_bytes()
    code, _, stderr = score(folder, "-o", "-", "--sheet", folder / "normal" / "0.png", "--force")
    assert code == 2 and "--sheet must not be one of the pictures" in " ".join(
        stderr.replace("│", "").split()
    )
    assert (folder / "normal" / "0.png").read_bytes() == before


def test_interpolate_warns(call, scored_folder, folder):
    """`interpolate` warns of noise, not of an ordinary picture; a model without figures does not warn."""
    ordinary = MINI.images[:60]
    noise = "pics/noise/0.png"
    rows = _scored(lambda *arguments: call("score", "-m", scored_folder, *arguments), "test:0:60")
    quiet = min(range(len(ordinary)), key=lambda number: float(rows[number]["percentile"]))
    code, _, stderr = call("interpolate", "-m", scored_folder, f"test:{quiet}", noise, "-o", "a.png")
    assert code == 0 and f"{noise} is less like the training images than 99 %" in stderr
    assert f"test:{quiet} is less like" not in stderr
