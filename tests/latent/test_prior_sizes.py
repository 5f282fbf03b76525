"""The sizes of mixtures are known before anything is fitted."""

import pytest

from vaecli.errors import OptionError
from vaecli.latent.prior_sizes import (
    largest_mixtures,
    require_possible,
    require_possible_in_training,
    usual_components,
)

SMALL, LARGE = (28, 28, 1), (512, 512, 3)  # shapes; of large images at most 85 are encoded


@pytest.mark.parametrize(
    ("name", "components", "n_train", "dim", "says"),
    [
        (
            "auto",
            300,
            480,
            2,
            "--components must be at most 48 for 480 training images and 2 latent",
        ),
        (
            "mixture",
            127,
            10**6,
            64,
            "--components must be at most 126 for 60,000 of 1,000,000 training images",
        ),
        ("mixture", 1, 79, 16, "--components needs at least 80 training images for 16 latent"),
        ("mixture", None, 79, 16, "--prior mixture needs at least 80 training images for 16 latent"),
    ],
)
def test_mixtures_of_too_few_images_are_known_before_training(name, components, n_train, dim, says):
    """By the number of images for each component, and by the size of a file."""
    with pytest.raises(OptionError, match=says) as caught:
        require_possible(name, components, n_train, SMALL, dim)
    assert caught.value.option in says and caught.value.hint


def test_images_that_are_not_encoded_do_not_count():
    """Of large images only some are encoded for a fit: these decide, whatever the number of all."""
    for name, components, says in (
        ("mixture", None, "--prior mixture needs at least 160 training images for 32 latent dim"),
        ("auto", 2, "--components needs at least 160"),
    ):
        with pytest.raises(OptionError, match=says + ".*got 85 of 10,000") as caught:
            require_possible(name, components, 10_000, LARGE, 32)
        assert "smaller images" in caught.value.hint
    says = "--components must be at most 17 for 1,365 of 5,000 training images and 16 latent dim.*got 40"
    with pytest.raises(OptionError, match=says):
        require_possible("auto", 40, 5000, (128, 128, 3), 16)


def test_mixtures_that_may_be_fitted():
    """The largest number of components, and every choice that falls back to N(0, I)."""
    require_possible("mixture", 48, 480, SMALL, 2)
    require_possible("mixture", 126, 10**6, SMALL, 64)
    require_possible("auto", None, 1, SMALL, 16)
    require_possible("normal", None, 1, SMALL, 16)


def test_mixtures_in_training():
    """They are refused with N(0, I) as prior, and for too few images."""
    require_possible_in_training("auto", 80, SMALL, 16)
    with pytest.raises(
        OptionError, match=r"^--mixture-epochs must be left out with --prior normal"
    ) as caught:
        require_possible_in_training("normal", 80, SMALL, 16)
    assert caught.value.option == "--mixture-epochs"
    with pytest.raises(
        OptionError, match=r"^--mixture-epochs needs at least 80 training images for 16 latent dim.*got 79"
    ):
        require_possible_in_training("auto", 79, SMALL, 16)
    assert caught.value.hint == "Leave one out."


@pytest.mark.parametrize(
    ("count", "dim", "expected"),
    [(57000, 16, 80), (57000, 64, 80), (800, 16, 3), (80, 16, 1), (57000, 2000, 1)],
)
def test_the_usual_number_of_components(count, dim, expected):
    """At most 80; each has twice the images that it needs in the mean, where more than one is possible."""
    assert usual_components(count, dim) == expected


@pytest.mark.parametrize(
    ("name", "components", "dim", "class_counts", "expected"),
    [
        ("auto", None, 16, (), ((150, 136), (0, 136))),
        ("auto", None, 64, (), ((80, 2080), (0, 2080))),
        ("mixture", 7, 2, (), ((7, 3), (0, 3))),
        ("normal", None, 2, (500, 29, 9), ((0, 3), (8 + 1, 3))),
        ("auto", None, 64, (10**4,) * 200, ((80, 2080), (200 * 8, 64))),
        ("auto", None, 3000, (), ((3, 3000), (0, 3000))),
    ],
)
def test_the_largest_mixtures(name, components, dim, class_counts, expected):
    """By what is tried, the images, and the size of a file; those of many classes are diagonal."""
    assert largest_mixtures(name, components, 57000, dim, class_counts) == expected
