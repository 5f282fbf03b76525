import numpy as np
import pytest

from vaecli.data.split import splitmix64, validation_mask
from vaecli.errors import OptionError


def test_splitmix64_is_the_published_generator():
    """The first outputs for seed 1234567 are those of Vigna's reference (as on Rosetta Code)."""
    states = np.uint64(1234567) + np.arange(4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert splitmix64(states).tolist() == expected


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.5, 0.999])
@pytest.mark.parametrize("keys", [60_000, [f"folder/{i}.png" for i in range(20_000)]], ids=["index", "path"])
def test_the_fraction_is_that_of_a_fair_draw(fraction, keys):
    """The number chosen is within four standard deviations of the binomial's mean."""
    mask = validation_mask(keys, fraction=fraction, seed=0)
    deviation = np.sqrt(len(mask) * fraction * (1 - fraction))
    assert abs(mask.sum() - len(mask) * fraction) < 4 * deviation


def test_adding_images_moves_no_other():
    """The mask of the first images does not depend on how many follow, nor a path's on its neighbours."""
    long = validation_mask(5000, fraction=0.1, seed=3)
    np.testing.assert_array_equal(validation_mask(777, fraction=0.1, seed=3), long[:777])
    paths = [f"{i}.png" for i in range(500)]
    forward = validation_mask(paths, fraction=0.1, seed=3)
    np.testing.assert_array_equal(validation_mask(paths[::-1], fraction=0.1, seed=3)[::-1], forward)


def test_a_larger_fraction_keeps_the_smaller():
    """Images in the validation set at 5 % are still in it at 10 %."""
    small, large = (validation_mask(10_000, fraction=f, seed=1) for f in (0.05, 0.1))
    assert not (small & ~large).any()


def test_seeds_draw_independently():
    """Two seeds, neighbours or not, agree on no more images than chance has it."""
    masks = [validation_mask(20_000, fraction=0.1, seed=seed) for seed in (0, 1, 2, -1, 2**40)]
    for i, a in enumerate(masks):
        for b in masks[:i]:
            assert abs((a & b).sum() - 200) < 4 * np.sqrt(200)


def test_split_is_frozen():
    """The split of seed 0 is this one for ever: stored runs depend on it."""
    assert np.flatnonzero(validation_mask(100, fraction=0.05, seed=0)).tolist() == [38, 39, 47, 51, 67]


@pytest.mark.parametrize("fraction", [-0.1, 1.0, float("nan")])
def test_impossible_fractions_are_refused(fraction):
    """A fraction below 0, of 1 or no number is a usage error; 0 takes none."""
    with pytest.raises(OptionError, match="fraction"):
        validation_mask(10, fraction=fraction, seed=0)
    assert not validation_mask(10_000, fraction=0, seed=0).any()
