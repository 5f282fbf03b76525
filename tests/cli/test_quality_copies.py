"""Copies in `vaecli eval --quality` and `--samples`: only of images that the model was trained on."""

import json

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.runtime.model import Model

SMALL = ["--quality", "--seeds", 1, "-n", 100, "--metrics", "mse"]


@pytest.fixture
def folder(here):
    """A data set without labels that the committed model was not trained on."""
    (here / "mine").mkdir()
    for name, split, count in (("train", "train", 300), ("t10k", "test", 120)):
        images = load_mini(split).images[:count, :, :, 0]
        (here / "mine" / f"{name}-images-idx3-ubyte").write_bytes(encode_idx(images))
    return here / "mine"


def test_of_other_images(call, here, model_folder, folder):
    """Training images of other data are a floor, but the model cannot have copied them: no figure, no check."""
    words = [*SMALL, "--data", folder, "--features", model_folder]
    code, stdout, stderr = call("eval", "-m", model_folder, *words, "--report", "r.html", "--json")
    assert code == 0, stderr
    result = json.loads(stdout)["quality"]
    assert result["copies"] is None and "training" in result["rows"]
    assert "Without copies: the model was not trained on the training images of mine." in stderr
    text = (here / "r.md").read_text(encoding="utf-8").lower()
    assert "quality of samples" in text and "copies" not in text and "stand below" not in text


def test_a_sheet_of_other_images(call, here, model_folder, folder, monkeypatch):
    """There are no pairs to show, which is refused before samples are drawn."""
    monkeypatch.setattr(Model, "sample", None)
    words = [*SMALL, "--data", folder, "--features", model_folder, "-o", "pairs.png"]
    code, stdout, stderr = call("eval", "-m", model_folder, *words)
    assert (code, stdout) == (1, "") and "images that the model was trained on" in stderr
    assert not (here / "pairs.png").exists()


def test_a_sheet_without_training_images(call, here):
    """Pictures against a data set without a test part have no pairs, which is refused, not left out silently."""
    np.save("x.npy", load_mini("test").images[:90])
    np.save("real.npy", load_mini("test").images[90:300])
    words = ["--samples", "x.npy", "--data", "real.npy", "-o", "pairs.png"]
    code, stdout, stderr = call("eval", *words)
    assert (code, stdout) == (1, "") and "--out needs the images" in stderr


def test_of_training_images(call, here, model_folder):
    """Training images as the reference have neither a floor nor copies, which a note says."""
    words = [*SMALL, "--split", "train", "--report", "r.html", "--json"]
    code, stdout, stderr = call("eval", "-m", model_folder, *words)
    result = json.loads(stdout)["quality"]
    assert code == 0 and result["copies"] is None and list(result["rows"]) == ["samples", "reconstructions"]
    assert (
        stderr.count("Without the floor and copies: the reference are the training images themselves.") == 1
    )
    text = (here / "r.md").read_text(encoding="utf-8")
    assert "the floor" not in text and "NaN" not in text and ", copies" not in text
