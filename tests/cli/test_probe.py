"""`vaecli eval --probe`: classes found by latents, principal components and pixels."""

import json
import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.metrics.saved.file import read


def test_more_labels_are_better(call, check_schema, model_folder):
    """Rows for 100 to all labels; with all of them pixels beat two dimensions, and the JSON fits its schema."""
    code, stdout, stderr = call(
        "eval", "-m", model_folder, "--probe", "--metrics", "mse", "--json", "--quiet"
    )
    assert (code, stderr) == (0, "")
    document = json.loads(stdout)
    check_schema("eval", document)
    rows = {(row["representation"], row["labels"]): row for row in document["probes"]["rows"]}
    counts = sorted({labels for _, labels in rows})
    assert counts[:4] == [100, 600, 1000, 3000] and counts[4] > 5000
    for name in ("latents", "pca", "pixels"):
        few, most = rows[name, 100], rows[name, counts[-1]]
        assert few["nearest"]["value"] < most["nearest"]["value"]
        assert 0 < most["nearest"]["se"] < 0.02
    assert rows["pixels", counts[-1]]["nearest"]["value"] > 0.75
    assert rows["pixels", counts[-1]]["linear"]["value"] > 0.75
    assert rows["pca", 100]["dimensions"] == rows["latents", 100]["dimensions"] == 2


def test_images_without_labels(call, here, model_folder):
    """Labels are needed; the error says how to give them."""
    (here / "mine").mkdir()
    images = load_mini("test").images[:90, :, :, 0]
    for name in ("t10k", "train"):
        (here / "mine" / f"{name}-images-idx3-ubyte").write_bytes(encode_idx(images))
    code, _, stderr = call(
        "eval", "-m", model_folder, "--probe", "--data", "mine", "--metrics", "mse", "--quiet"
    )
    assert code == 1 and "--probe needs labelled images; the train images of mine have no labels" in stderr


@pytest.fixture
def labelled(here):
    """A folder with 200 labelled training images and 120 labelled test images."""
    folder = here / "mine"
    folder.mkdir()
    for name, split, count in (("t10k", "test", 120), ("train", "train", 200)):
        data = load_mini(split)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(encode_idx(data.images[:count, :, :, 0]))
        labels = data.labels[:count].astype(np.uint8)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(encode_idx(labels))
    return folder


def test_it_is_kept_and_compared(call, here, labelled, model_folder):
    """`--save` has every share and the classes of each image; `vaecli compare` shows and compares them."""
    words = ["-m", model_folder, "--probe", "--data", labelled, "--metrics", "mse,elbo"]
    code, stdout, stderr = call("eval", *words, "--save", "a.npz", "--json", "--quiet")
    assert code == 0, stderr
    rows, saved = json.loads(stdout)["probes"]["rows"], read(here / "a.npz")
    most = max(row["labels"] for row in rows)
    for row in rows:
        suffix = "" if row["labels"] == most else f"_{row['labels']}"
        for method in ("nearest", "linear"):
            value = row[method]["value"]
            assert saved.probes.rows[row["representation"]][f"{method}{suffix}"] == value
            if row["representation"] == "latents" and not suffix:
                assert saved.per_image[method].mean() == pytest.approx(value)
    shutil.copy("a.npz", "b.npz")
    code, stdout, _ = call("compare", "a.npz", "b.npz")
    assert code == 0 and "nearest" in stdout.splitlines()[0]
    code, stdout, _ = call("compare", "a.npz", "b.npz", "--metrics", "nearest,linear_100", "--json")
    document = json.loads(stdout)
    assert code == 0 and document["files_differ"]["differences"][0]["over"] == "images"
    assert f"{most} images of mine" in document["conditions"]["linear_100"]["labelled images"]


def test_it_is_in_the_report(call, here, labelled, model_folder):
    """A table of the representations by the number of labels, with errors; else a line on what is left out."""
    words = ["-m", model_folder, "--data", labelled, "--metrics", "mse,elbo", "--report", "r.html"]
    code, _, stderr = call("eval", *words)
    assert code == 0 and "Classes predicted from latents. It was not asked for; add `--probe`." in stderr
    code, stdout, stderr = call("eval", *words, "--probe", "--force")
    assert code == 0 and "Classes predicted" not in stderr
    assert "± s.e.: of latents; --json has" in stderr
    printed = [line.split() for line in stdout.splitlines() if "%" in line]
    text = (here / "r.md").read_text(encoding="utf-8")
    table = text.partition("## Classes predicted from latents")[2].partition("\n\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert [row[0].strip("| ") for row in rows[2:]] == ["latents", "PCA-2", "pixels"] * 2
    assert rows[0][2:4] == ["100 labels", f"{printed[-1][0]} labels |"]
    nearest = next(row for row in printed if row[:2] == [printed[-1][0], "5"])
    assert float(rows[2][3].split(" ")[0]) == pytest.approx(float(nearest[3].rstrip("%")), abs=0.06)
    assert all(" ± " in cell for row in rows[2:] for cell in row[2:])


def test_few_images(call, here, model_folder):
    """Fewer than 100 training images give one row for all of them; the table has two lines for it."""
    (here / "mine").mkdir()
    data = load_mini("test")
    for name in ("t10k", "train"):
        (here / "mine" / f"{name}-images-idx3-ubyte").write_bytes(encode_idx(data.images[:12, :, :, 0]))
        labels = data.labels[:12].astype(np.uint8)
        (here / "mine" / f"{name}-labels-idx1-ubyte").write_bytes(encode_idx(labels))
    words = ["-m", model_folder, "--probe", "--data", "mine", "--metrics", "mse", "--quiet"]
    code, stdout, _ = call("eval", *words, "--json")
    assert code == 0
    assert len(json.loads(stdout)["probes"]["rows"]) == 3
    code, stdout, _ = call("eval", *words)
    assert code == 0
    table = [line for line in stdout.splitlines() if "%" in line]
    assert [line.split()[:2] for line in table] == [["10", "5"], ["10", "linear"]]
    assert "\nseconds  pca " in stdout
    assert "PCA-2" in stdout and "pixels" in stdout
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
