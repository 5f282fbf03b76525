"""`vaecli eval --probe`: classes found by latents, principal components and pixels."""

import json

import numpy as np

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini


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
    assert code == 1 and "--probe needs labelled images; those of mine have no labels" in stderr


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
