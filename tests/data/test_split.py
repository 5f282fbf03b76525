"""The validation split is a function of the seed and of each image's pixels alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaecli.data.idx.format import encode_idx, open_idx
from vaecli.data.named.bundled import load_mini
from vaecli.data.split import pixel_hashes, splitmix64, validation_mask
from vaecli.errors import DataError, OptionError


def make_images(count, seed=0, shape=(3, 3, 1)):
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), np.uint8)


IMAGES = make_images(20_000)


def test_splitmix64_is_the_published_generator():
    """The first outputs for seed 1234567 are those of Vigna's reference (as on Rosetta Code)."""
    states = np.uint64(1234567) + np.arange(4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert splitmix64(states).tolist() == expected


@pytest.mark.parametrize("fraction", [0.01, 0.05, 0.5, 0.99])
def test_the_fraction_is_that_of_a_fair_draw(fraction):
    """The number held out is within four standard deviations of the binomial's mean."""
    mask = validation_mask(IMAGES, fraction=fraction, seed=0)
    deviation = np.sqrt(len(mask) * fraction * (1 - fraction))
    assert abs(mask.sum() - len(mask) * fraction) < 4 * deviation


def test_equal_images_are_on_one_side():
    """Each image in four copies, anywhere: all four are held out, or none."""
    images = make_images(500)
    copies = np.random.default_rng(1).permutation(np.tile(np.arange(500), 4))
    mask = validation_mask(images[copies], fraction=0.1, seed=3)
    np.testing.assert_array_equal(mask, validation_mask(images, fraction=0.1, seed=3)[copies])


@given(order=st.permutations(range(12)), fraction=st.sampled_from([0.001, 0.2, 0.999]))
def test_the_order_of_the_images_is_of_no_account(order, fraction):
    """Permuted images have the permuted mask, also where the smallest hashes decide."""
    images = make_images(12)
    mask = validation_mask(images, fraction=fraction, seed=3)
    np.testing.assert_array_equal(validation_mask(images[order], fraction=fraction, seed=3), mask[order])


def test_adding_images_moves_no_other():
    """The mask of the first images does not depend on those that follow."""
    full = validation_mask(IMAGES[:5000], fraction=0.1, seed=3)
    np.testing.assert_array_equal(validation_mask(IMAGES[:777], fraction=0.1, seed=3), full[:777])


def test_a_larger_fraction_keeps_the_smaller():
    """Images in the validation set at 5 % are still in it at 10 %."""
    small, large = (validation_mask(IMAGES, fraction=fraction, seed=1) for fraction in (0.05, 0.1))
    assert not (small & ~large).any()


def test_seeds_draw_independently():
    """Two seeds, neighbours or not, agree on no more images than chance has it."""
    masks = [validation_mask(IMAGES, fraction=0.1, seed=seed) for seed in (0, 1, 2, -1, 2**40)]
    for i, first in enumerate(masks):
        for second in masks[:i]:
            assert abs((first & second).sum() - 200) < 4 * np.sqrt(200)


def test_the_shape_counts():
    """The same bytes as another shape have other hashes."""
    images = make_images(50, shape=(2, 6, 1))
    assert (pixel_hashes(images) != pixel_hashes(images.reshape(50, 6, 2, 1))).all()


def test_images_in_a_file_are_split_as_in_memory(tmp_path, monkeypatch):
    """Read from a file in chunks of a few images, or from an array in another memory order: the same mask."""
    images = make_images(300)
    (tmp_path / "file").write_bytes(encode_idx(images[..., 0]))
    expected = validation_mask(images, fraction=0.1, seed=5)
    monkeypatch.setattr("vaecli.data.split.CHUNK", 7)
    streamed = open_idx(tmp_path / "file")
    np.testing.assert_array_equal(validation_mask(streamed, fraction=0.1, seed=5), expected)
    in_columns = np.asfortranarray(images)
    np.testing.assert_array_equal(validation_mask(in_columns, fraction=0.1, seed=5), expected)


def test_split_is_frozen():
    """The split of seed 0 is this one for ever: stored runs depend on it."""
    mask = validation_mask(load_mini("train").images[:200], fraction=0.05, seed=0)
    assert np.flatnonzero(mask).tolist() == [56, 92, 173, 178]


@pytest.mark.parametrize("fraction", [0.001, 0.05, 0.5, 0.999])
@pytest.mark.parametrize("count", [5, 6, 10, 20, 40])
def test_few_images_give_two_to_each_side(count, fraction):
    """From five images on, at least two are held out and at least two are left, for every seed."""
    images = make_images(count)
    for seed in range(50):
        held_out = validation_mask(images, fraction=fraction, seed=seed).sum()
        assert 2 <= held_out <= count - 2


def test_fewer_than_five_images_are_refused():
    """The error has the number needed and the number given."""
    with pytest.raises(DataError, match=r"at least 5 images.*got 4"):
        validation_mask(make_images(4), fraction=0.5, seed=0)


def test_images_that_are_all_the_same_are_refused():
    """Equal images cannot be on two sides, so nothing could be held out."""
    with pytest.raises(DataError, match="the same"):
        validation_mask(np.zeros((100, 3, 3, 1), np.uint8), fraction=0.05, seed=0)


@pytest.mark.parametrize("fraction", [-0.1, 0.0, 1.0, float("nan")])
def test_impossible_fractions_are_refused(fraction):
    """A fraction of at most 0, of at least 1 or NaN is a usage error."""
    with pytest.raises(OptionError, match="--validation-split must be"):
        validation_mask(IMAGES[:10], fraction=fraction, seed=0)
