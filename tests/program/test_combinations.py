"""Every network, likelihood and use of labels, through all commands: train, resume, export, use, measure."""

import json

import numpy as np
import pytest

from vaecli.choices import INT8_NETWORKS
from vaecli.data.named.bundled import load_mini
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

# Each network with each likelihood, with labels and without; depths, and a mixture as prior while training.
COMBINATIONS = [
    ("classic", "bernoulli", True, (14, 14, 1), {"binarize": True}),
    ("classic", "continuous-bernoulli", True, (14, 13, 1), {}),
    ("classic", "gaussian", False, (14, 14, 1), {"mixture_epochs": 1}),
    ("classic", "logistic", False, (8, 8, 3), {"mixture_epochs": 1}),
    ("dense", "bernoulli", False, (14, 14, 1), {"binarize": True, "depth": 3, "mixture_epochs": 1}),
    ("dense", "gaussian", True, (8, 9, 3), {}),
    ("dense", "continuous-bernoulli", False, (14, 14, 1), {"depth": 1, "mixture_epochs": 1}),
    ("dense", "logistic", True, (9, 8, 1), {"depth": 3}),
    ("conv", "bernoulli", True, (14, 14, 1), {}),
    ("conv", "continuous-bernoulli", True, (9, 8, 3), {}),
    ("conv", "gaussian", False, (14, 14, 1), {"depth": 2}),
    ("conv", "logistic", False, (14, 14, 1), {"mixture_epochs": 1}),
    ("residual", "bernoulli", False, (14, 14, 1), {"mixture_epochs": 1}),
    ("residual", "continuous-bernoulli", True, (14, 14, 1), {"depth": 1}),
    ("residual", "gaussian", False, (9, 8, 3), {"depth": 3}),
    ("residual", "logistic", True, (9, 8, 3), {}),
]


@pytest.fixture(params=COMBINATIONS, ids=lambda case: "-".join(map(str, case[:3])))
def case(request):
    """A network, a likelihood, whether the model takes labels, the shape of an image, and more options."""
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
    network, likelihood, conditional, shape, more = case
    options = ["--network", network, "--likelihood", likelihood, *["--conditional"] * conditional]
    for name, value in more.items():
        options += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
    sizes = ["--width", "8", "--latent-dim", "3", "--validation-split", "0.3", "--learning-rate", "0.005"]
    succeed("train", "--data", data, *options, *sizes, "--epochs", "1", "-o", "run")
    succeed("train", "--resume", "run", "--epochs", "2")
    training = json.loads(succeed("info", "-m", "run", "--json"))["training"]
    assert {name: training[name] for name in more} == more
    has_int8 = network in INT8_NETWORKS and likelihood in {"bernoulli", "gaussian"}
    precisions = ["float32", "fp16", *["int8"] * has_int8]
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


def test_more_dimensions_than_full_covariances_have(call, succeed, here):
    """Above 64 dimensions the mixtures have diagonal covariances, while training and in the files."""
    options = ["--network", "dense", "--width", "8", "--latent-dim", "65", "--mixture-epochs", "1"]
    succeed("train", "--data", "fashion-mnist-mini", *options, "--epochs", "1", "-o", "run")
    succeed("export", "-m", "run", "--force", "--fp16", "--int8")
    assert "fail" not in succeed("verify", "run")
    values = json.loads(succeed("eval", "-m", "run", "--importance-samples", "2", "--json"))
    assert values["prior"] == "mixture" and np.isfinite(values["elbo"])
    for more in ([], ["--label", "boot"], ["--precision", "int8"], ["--prior", "normal"]):
        succeed("sample", "-m", "run", *more, "-n", "3", "-o", "samples.npy", "--force")
        assert np.load("samples.npy").std(axis=0).max() > 0
    succeed("prior", "-m", "run", "--components", "2")


def check_model(model, shape):
    """Samples, encodings and reconstructions have the shapes of the model and finite pixels."""
    pictures = model.sample(3, seed=1)
    assert pictures.shape == (3, *shape) and 0 <= pictures.min() <= pictures.max() <= 1
    z_mean, z_log_var = model.encode(pictures)
    assert z_mean.shape == z_log_var.shape == (3, 3) and np.isfinite(z_mean).all()
    assert model.reconstruct(pictures).shape == pictures.shape
    assert len(model.interpolate(pictures[0], pictures[1], steps=4)) == 4
