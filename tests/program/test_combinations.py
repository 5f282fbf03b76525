"""Every network, likelihood and use of labels, through all commands: train, resume, export, use, measure."""

import json

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

# Each network and each likelihood with labels and without, and each network with two likelihoods.
COMBINATIONS = [
    ("classic", "continuous-bernoulli", True, (14, 13, 1)),
    ("classic", "logistic", False, (8, 8, 3)),
    ("dense", "gaussian", True, (8, 9, 3)),
    ("dense", "continuous-bernoulli", False, (14, 14, 1)),
    ("conv", "gaussian", False, (14, 14, 1)),
    ("conv", "bernoulli", True, (14, 14, 1)),
    ("residual", "bernoulli", False, (14, 14, 1)),
    ("residual", "logistic", True, (9, 8, 3)),
]
INT8 = {("conv", "bernoulli"), ("dense", "gaussian"), ("conv", "gaussian")}


@pytest.fixture(params=COMBINATIONS, ids=lambda case: "-".join(map(str, case[:3])))
def case(request):
    """A network, a likelihood, whether the model takes labels, and the shape of an image."""
    return request.param


@pytest.fixture
def data(case, here):
    """500 labelled images of the shape for training and 60 for the test, as a .npz file."""
    height, width, channels = case[3]
    arrays = {"class_names": np.array(load_mini("test").class_names)}
    for split, count in (("train", 500), ("test", 60)):
        bundled = load_mini(split)
        grey = bundled.images[:count, ::2, ::2][:, :height, :width]
        arrays |= {f"x_{split}": np.repeat(grey, channels, axis=3), f"y_{split}": bundled.labels[:count]}
    np.savez("images.npz", **arrays)
    return "images.npz"


@pytest.fixture
def succeed(call):
    """Runs the program, which must succeed, and returns stdout."""

    def succeed(*arguments):
        code, stdout, stderr = call(*arguments)
        assert code == 0, (arguments, stderr)
        return stdout

    return succeed


def test_every_command(case, data, call, succeed):
    """Trained, resumed, exported in each precision that the network has, and used by every command."""
    network, likelihood, conditional, shape = case
    options = ["--network", network, "--likelihood", likelihood, *["--conditional"] * conditional]
    sizes = ["--width", "8", "--latent-dim", "3", "--validation-split", "0.3", "--learning-rate", "0.005"]
    succeed("train", "--data", data, *options, *sizes, "--epochs", "1", "-o", "run")
    succeed("train", "--resume", "run", "--epochs", "2")
    precisions = ["float32", "fp16", *["int8"] * ((network, likelihood) in INT8)]
    if "int8" not in precisions:
        code, _, stderr = call("export", "-m", "run", "-o", "refused", "--int8")
        fits = likelihood in {"bernoulli", "gaussian"}
        why = "--int8 is for the networks classic" if fits else " for --int8, got "
        assert code == 1 and why in stderr and "Export without --int8" in stderr
    succeed("export", "-m", "run", "-o", "copy", *(f"--{name}" for name in precisions[1:]))
    assert "fail" not in succeed("verify", "copy")
    succeed("bench", "copy", "--seconds", "0.01", "--batch", "2")
    for precision in precisions:
        check_model(Model.open("copy", precision=precision), shape)
        chosen = ["-m", "copy", "--precision", precision]
        values = json.loads(succeed("eval", *chosen, "--data", data, "--importance-samples", "3", "--json"))
        assert all(np.isfinite(values[name]) for name in ("elbo", "kl", "nll", "mse"))
        assert ("bits_per_dim" in values) == (likelihood == "logistic")
        assert ("classes" in values) == conditional
    for command in (
        ("sample", "-n", "4", "-o", "samples.png"),
        ("sample", "--label", "all", "-n", "2", "-o", "classes.png"),
        ("interpolate", "test:0", "test:1", "-o", "way.png"),
        ("interpolate", "test:0", "test:1", "--path", "even", "-o", "way.gif"),
        ("reconstruct", "test:0:3", "-o", "reconstructions.png"),
        ("encode", "test:0:3", "-o", "latents.csv"),
        ("traverse", "--all", "-o", "traversal.png"),
        ("similar", "test:0", "--among", "test:1:20", "-o", "similar.png"),
        ("score", "test:0:3"),
        ("prior", "--components", "2"),
        ("info",),
        ("export", "--html", "explorer.html"),
        ("eval", "--report", "report.html"),
    ):
        succeed(*command, "-m", "run")


def check_model(model, shape):
    """Samples, encodings and reconstructions have the shapes of the model and finite pixels."""
    pictures = model.sample(3, seed=1)
    assert pictures.shape == (3, *shape) and 0 <= pictures.min() <= pictures.max() <= 1
    z_mean, z_log_var = model.encode(pictures)
    assert z_mean.shape == z_log_var.shape == (3, 3) and np.isfinite(z_mean).all()
    assert model.reconstruct(pictures).shape == pictures.shape
    assert len(model.interpolate(pictures[0], pictures[1], steps=4)) == 4
