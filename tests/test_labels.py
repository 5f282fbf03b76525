"""A class is found by its exact name, else by a part that is its own; else the classes in question are listed."""

import pytest

from vaecli.errors import OptionError
from vaecli.labels import find_label

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shirt", "Shirt"),
        ("shirt", "Shirt"),
        (" BAG ", "Bag"),
        ("boot", "Ankle boot"),
        ("t-shirt", "T-shirt/top"),
        ("over", "Pullover"),
    ],
)
def test_names_and_parts(name, expected):
    """The exact name in any capitals wins over the class of which it is a part; a unique part is enough."""
    assert FASHION[find_label(name, FASHION)] == expected


def test_exact_capitals_win():
    """Where two names differ in capitals alone, each is found as it is written, and another spelling is refused."""
    assert [find_label(name, ("a", "A")) for name in ("a", "A")] == [0, 1]
    with pytest.raises(OptionError, match="got 'ab', which is a part of 'aB', 'Ab'"):
        find_label("ab", ("aB", "Ab"))


def test_a_part_of_several_classes():
    """A part of two classes is refused, and both are listed."""
    says = "which is a part of 'T-shirt/top', 'Trouser', 'Coat', 'Ankle boot'"
    with pytest.raises(OptionError, match=says) as caught:
        find_label("t", ("T-shirt/top", "Trouser", "Coat", "Bag", "Ankle boot"), option="--toward")
    assert caught.value.option == "--toward" and caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["hat", "", " ", "9"])
def test_an_unknown_class(name):
    """A name of no class is refused, and the classes are listed."""
    with pytest.raises(OptionError, match=r"--label must name a class, got .*The classes: 'T-shirt/top', "):
        find_label(name, FASHION)


def test_many_classes_are_cut_and_none_is_said():
    """At most 20 classes are listed; data without classes have a message of their own."""
    with pytest.raises(OptionError, match=r"'class 19' and 980 more"):
        find_label("hat", [f"class {number}" for number in range(1000)])
    with pytest.raises(OptionError, match="needs a model of labelled data"):
        find_label("hat", ())
