"""Natural order of names."""

import itertools
import random

import pytest

from vaecli.data.collection.natural import natural_key, natural_order

ORDERED = [
    ["img1", "img2", "img10", "img100"],
    ["A", "a", "b"],
    ["img01", "img1", "img2"],
    ["a/2.png", "a/10.png", "a b/1.png", "ab/1.png"],
    ["1", "9", "10", "99999999999999999999", "100000000000000000000", "a"],
    ["v1.2", "v1.10", "v2.1"],
]


@pytest.mark.parametrize("names", ORDERED, ids=lambda names: names[0])
def test_order(names):
    """Numbers count by their value, folders come before longer names, upper case is beside lower case."""
    assert sorted(names, key=natural_key) == names


def test_order_does_not_depend_on_the_blocks():
    """The order of many names, sorted block by block, is that of all at once; equal names keep their order."""
    generator = random.Random(1)
    names = [f"{generator.choice('aB')}{generator.randrange(50_000)}" for _ in range(70_000)]
    order = natural_order(names)
    assert [names[position] for position in order] == sorted(names, key=natural_key)
    pairs = itertools.pairwise(order)
    assert all(first < second for first, second in pairs if names[first] == names[second])


def test_odd_names():
    """Names with bytes that are not UTF-8, other digits, zero bytes and very long numbers have an order."""
    names = ["a\udcff2", "a٣", "a²", "a\0", "", "9" * 70_000, "1" * 70_001]
    assert sorted(natural_order(names)) == list(range(len(names)))


def test_no_names():
    """No names have an empty order."""
    assert natural_order([]).tolist() == []
