"""Warnings: each has its figure and options that exist; a sound model has none."""

import dataclasses
import pathlib
import re
import subprocess
import sys

import pytest

from vaecli.cli.main import COMMANDS
from vaecli.report.checks import CHECKS, checks_made, warnings_of
from vaecli.report.signs import Gap, Levels, Rise, Share, Signs

SOUND = Signs(
    unused=Share(7, 16),
    prior_distance=0.02,
    dead={"encoder": Share(559, 1024), "decoder": Share(21, 3520)},
    gap=Gap(2.0, 1.1, 238.6),
    rise=Rise(237.6, 30, 237.6, 30),
    levels=Levels(0, 254, 256, 73.0, 71.0),
    spread=0.9,
    not_finite={},
    sample_ratio=4.3,
    copies=0.95,
    training={"network": "classic", "width": 32, "latent_dim": 16, "learning_rate": 0.01, "beta": 1.0},
)
FAULTS = {
    "Collapsed latent dimensions": {"unused": Share(9, 16)},
    "Posterior and prior are far apart": {"prior_distance": 31.5},
    "Overfitting": {"gap": Gap(24.0, 1.1, 260.0)},
    "Dead units": {"dead": {"encoder": Share(80, 112)}},
    "Wrong scale of the data": {"levels": Levels(0, 15, 16, 4.0, 4.0)},
    "Constant pictures": {"spread": 0.01},
    "Figures that are not numbers": {"not_finite": {"elbo": 12}},
    "Samples are much worse than reconstructions": {"sample_ratio": 9.0},
    "Samples copy training images": {"copies": 0.2},
    "Binary pixels under a density of grey ones": {
        "likelihood": "gaussian",
        "levels": Levels(0, 255, 2, 73.0, 71.0),
    },
}


def test_a_sound_model_has_none():
    """These are figures of a run of the README, 7 dimensions without use and 55 % dead units included."""
    assert warnings_of(SOUND) == []
    assert len(checks_made(SOUND)) == len(CHECKS)


@pytest.mark.parametrize("title", FAULTS)
def test_each_fault_has_its_warning(title):
    """That alone, with a figure and something to try."""
    (warned,) = warnings_of(dataclasses.replace(SOUND, **FAULTS[title]))
    assert warned.title == title
    assert re.search(r"\d", warned.figure) and warned.advice and warned.options


def test_options_follow_from_those_of_the_training():
    """Half the width, a quarter of the rate, the best epoch. conv is not offered to conv."""
    rise = {"rise": Rise(237.6, 12, 260.0, 30)}
    expected = ["--augment flip,shift", "--width 16", "--latent-dim 8", "--epochs 12"]
    for fault, options in (
        ("Overfitting", expected),
        ("Dead units", ["--learning-rate 0.0025", "--network conv", "--width 16"]),
        ("Posterior and prior are far apart", ["vaecli prior --prior mixture", "--beta 2"]),
    ):
        changes = rise if fault == "Overfitting" else FAULTS[fault]
        (warned,) = warnings_of(dataclasses.replace(SOUND, **changes))
        assert warned.options == options
    conv = dataclasses.replace(SOUND, **FAULTS["Dead units"], training={"network": "conv", "width": 1})
    (warned,) = warnings_of(conv)
    assert warned.options == [] and "conv" not in warned.advice


def test_every_check_has_a_fault():
    """No check of the list is without a test."""
    assert len(FAULTS) == len(CHECKS)


def test_nothing_measured():
    """No check is made, and none is claimed."""
    assert warnings_of(Signs()) == [] and checks_made(Signs()) == []


@pytest.mark.parametrize(
    "faults",
    [
        {"levels": Levels(0, 254, 256, 182.0, 71.0)},  # negatives of the training images
        {"levels": Levels(0, 254, 256, 182.0, 71.0, are_samples=True)},
        {"rise": Rise(237.6, 9, 251.0, 30), "gap": None},
        {"unused": Share(16, 16)},
        {"unused": Share(1, 2)},
        {"prior": "mixture", "prior_distance": 5.0},
    ],
)
def test_other_forms_of_faults(faults):
    """One warning each."""
    assert len(warnings_of(dataclasses.replace(SOUND, **faults))) == 1


@pytest.mark.parametrize("ratio", [1.3, 4.3, 5.9])
def test_samples_of_a_plain_prior(ratio):
    """N(0, I) in runs of the README: 4.3 measured, 5.9 where a mixture has 0.22 of its distance and is at 1.3."""
    assert warnings_of(dataclasses.replace(SOUND, sample_ratio=ratio)) == []


def test_dark_samples_of_a_poor_prior():
    """They say nothing of the scale of the images: a dense network after one epoch, 31 of 255 beside 73."""
    levels = Levels(0, 254, 256, 73.0, 31.0, are_samples=True)
    assert warnings_of(dataclasses.replace(SOUND, levels=levels)) == []


def test_the_gap_must_exceed_its_error():
    """Few images with a large error are no overfitting."""
    assert warnings_of(dataclasses.replace(SOUND, gap=Gap(24.0, 12.0, 260.0))) == []


def test_the_options_exist():
    """Each option to try is one of `vaecli train` or of the command it names."""
    helps = {}
    for faults in FAULTS.values():
        for warned in warnings_of(dataclasses.replace(SOUND, **faults)):
            for option in warned.options:
                words = option.split()
                command = words[1] if words[0] == "vaecli" else "train"
                assert command in COMMANDS
                named = re.findall(r"--[a-z-]+", option)
                if command not in helps and named:
                    program = [sys.executable, "-m", "vaecli", command, "--help"]
                    helps[command] = subprocess.run(program, capture_output=True, check=True).stdout.decode()
                for name in named:
                    assert f"{name} " in helps[command] or f"{name}\n" in helps[command], option


def test_the_guide_has_each_warning():
    """Its table names the title of each."""
    guide = (pathlib.Path(__file__).parents[2] / "examples" / "report" / "README.md").read_text("utf-8")
    for title in FAULTS:
        assert f"| {title} |" in guide


@pytest.mark.parametrize(
    ("likelihood", "says"),
    [
        ("continuous-bernoulli", "grows without bound"),
        ("gaussian", "grows until its sigma is at its least"),
        ("logistic", None),
        ("bernoulli", None),
    ],
)
def test_binary_pixels_under_each_likelihood(likelihood, says):
    """Only a density grows on pixels of two values; a probability of the levels does not."""
    signs = dataclasses.replace(SOUND, likelihood=likelihood, levels=Levels(0, 255, 2, 73.0, 71.0))
    warned = [warning.figure for warning in warnings_of(signs)]
    assert len(warned) == (says is not None)
    assert all(says in figure for figure in warned)


@pytest.mark.parametrize("faulty", [{"unused": Share(9, 16)}, {"spread": 0.01}])
def test_options_that_a_run_with_a_mixture_refuses(faulty):
    """`--free-bits` cannot be combined with `--mixture-epochs`, so that it is no option to try."""
    for epochs, offered in ((0, True), (6, False)):
        training = SOUND.training | {"mixture_epochs": epochs}
        (warning,) = warnings_of(dataclasses.replace(SOUND, training=training, **faulty))
        assert ("--free-bits 0.1" in warning.options) == offered
