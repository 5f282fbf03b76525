"""`vaecli train --binarize`, and every command on the model that it makes."""

import json

import numpy as np
import pytest

from vaecli.data.binarise import binarised
from vaecli.data.named.bundled import load_mini
from vaecli.metrics.evaluate import evaluate
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

SMALL = ["--epochs", "1", "--latent-dim", "2", "--network", "dense", "--width", "16", "--max-time", "5m"]


def test_other_likelihoods_have_no_binary_pixels(call, here):
    """Gaussian pixels are refused before anything is made; the message names both options."""
    code, _, stderr = call("train", "--binarize", "--likelihood", "gaussian")
    assert code == 2 and not list(here.iterdir())
    assert "--binarize must be left out with --likelihood gaussian" in stderr


def test_the_prior_is_that_of_binary_pixels(call, here):
    """The gain of the mixture in the file is that of `eval`, which binarises; pictures of a user stay grey.

    Dark images differ most from their binary ones.
    """
    np.save(here / "dark.npy", load_mini("train").images[:3000, :, :, 0] // 4)
    options = ["--epochs", "4", "--width", "32", "--validation-split", "0.3", "--binarize", "-o", "run"]
    assert call("train", "--data", "dark.npy", *SMALL, *options)[0] == 0
    assert call("prior", "-m", "run", "--prior", "mixture", "--components", "2")[0] == 0
    gains = []
    for seed in range(10):  # each with one sample of each posterior
        words = ["--metrics", "kl,kl_normal", "--seed", str(seed), "--json", "-q"]
        code, stdout, stderr = call("eval", "-m", "run", "--split", "validation", *words)
        assert code == 0, stderr
        document = json.loads(stdout)
        assert document["prior"] == "mixture"
        gains.append(document["kl_normal"] - document["kl"])
    model = Model.open("run")
    assert model.info.prior["gain"] == pytest.approx(np.mean(gains), abs=0.03)  # 0.08 with grey pixels
    images = load_mini("test").images[[3, 3, 3]]
    alone, among = (model.score(pictures).score for pictures in (images[:1], images))
    np.testing.assert_allclose(among, alone.repeat(3), rtol=1e-5)


def test_every_command_takes_the_model(call, here, check_schema):
    """The model says what its figures are; `eval` binarises; a run whose config.toml was changed is refused."""
    code, stdout, stderr = call("train", "--data", "fashion-mnist-mini", *SMALL, "--binarize", "-o", "run")
    assert code == 0 and "Pixels are binarised" in stderr, stderr
    code, stdout, stderr = call("eval", "-m", "run", "--json", "-q", "--importance-samples", "2")
    assert (code, stderr) == (0, "")
    document = json.loads(stdout)
    check_schema("eval", document)
    assert document["binarised"] is True and document["split"] == "test"
    model, images = Model.open("run"), load_mini("test").images
    (binary,) = binarised([images])
    assert not np.array_equal(binary, images)  # and binary pixels stay as they are
    assert evaluate(model, binary, metrics=["elbo"]).values["elbo"] == pytest.approx(
        document["elbo"], rel=1e-6
    )
    code, stdout, stderr = call("eval", "-m", "run")
    assert code == 0 and "bernoulli: of binarised pixels; not to be compared with" in stderr
    code, stdout, _ = call("info", "run")
    assert code == 0 and "binarised pixels" in " ".join(stdout.split())
    for command in (
        ("sample", "-n", "4"),
        ("interpolate", "test:0", "test:1"),
        ("reconstruct", "test:0:3"),
        ("score", "test:0:3"),
        ("verify",),
        ("bench", "--seconds", "0.1"),
        ("export", "-o", "copy", "--fp16"),
    ):
        code, _, stderr = call(*command, "-m", "run")
        assert code == 0, (command, stderr)
    config = here / "run" / "config.toml"
    config.write_text(config.read_text().replace("binarize = true", "binarize = false"))
    code, _, stderr = call("train", "--resume", "run", "--epochs", "2")
    assert code == 1 and "binarize was True and is False" in " ".join(stderr.split())
