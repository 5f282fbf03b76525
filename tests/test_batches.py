"""The batch size from the number of training images, the learning rate from it, the warm-up from the epochs."""

import dataclasses

import pytest

from vaecli import batches
from vaecli.options import TrainOptions
from vaecli.training.networks import table


@pytest.mark.parametrize(
    ("n_train", "size"),
    [(1, 8), (285, 8), (1599, 8), (1600, 16), (3199, 16), (3200, 32), (4999, 32), (5000, 128), (57000, 128)],
)
def test_batches_are_smaller_for_fewer_images(n_train, size):
    """From 5,000 images on it is 128; below, a power of two that gives 100 steps an epoch, or 8."""
    assert batches.size(n_train) == size


def test_the_learning_rate_follows_the_batch_size():
    """It falls by the square root below 128 and stays above."""
    assert [batches.rate_factor(size) for size in (None, 128, 512, 32, 8)] == [1, 1, 1, 0.5, 0.25]


@pytest.mark.parametrize(
    ("epochs", "set_to", "expected"),
    [(30, None, 3.0), (39, None, 3.0), (9, None, 0.0), (30, 0.0, 0.0), (30, 7.5, 7.5), (9, 0.5, 0.5)],
)
def test_the_kl_warms_up_for_a_tenth_of_the_epochs(epochs, set_to, expected):
    """Rounded down, so that runs of a few epochs have none; what is set stays."""
    options = table.with_defaults(TrainOptions(epochs=epochs, kl_warmup=set_to), (28, 28, 1), 57000)
    assert options.kl_warmup == expected
    longer = dataclasses.replace(options, epochs=60)
    assert table.with_defaults(longer, (28, 28, 1), 57000).kl_warmup == expected


@pytest.mark.parametrize(
    ("network", "rate"), [("classic", 0.01), ("dense", 0.002), ("conv", 0.005), ("residual", 0.006)]
)
def test_what_is_set_stays(network, rate):
    """A batch size that is set decides the learning rate; numbers that are set stay."""

    def numbers(n_train, **settings):
        options = table.with_defaults(TrainOptions(network=network, **settings), (28, 28, 1), n_train)
        return options.batch_size, options.learning_rate

    assert numbers(57000) == (128, rate)
    assert numbers(4000) == (32, rate / 2)
    assert numbers(57000, batch_size=32) == (32, rate / 2)
    assert numbers(4000, batch_size=7, learning_rate=0.3) == (7, 0.3)
    assert numbers(4000, learning_rate=0.3) == (32, 0.3)
