"""Training, validation and test images of a run: who goes where, and divisions that cannot be."""

import numpy as np
import pytest

from vaecli.data.images import ImageSet
from vaecli.data.parts import Division
from vaecli.data.split import test_mask as draw_test
from vaecli.data.split import validation_mask
from vaecli.errors import DataError, OptionError

FROZEN = [4, 13, 14, 19, 29, 38]


def make_set(count, *, held_out=None, labels=None):
    images = np.random.default_rng(count).integers(0, 256, (count, 3, 3, 1), np.uint8)
    return ImageSet("mine", "train", images, labels, ("a", "b"), "mine/", held_out=held_out)


def test_the_test_part_and_the_rest_are_all():
    """Each image is on one side, with its label."""
    source = make_set(1000, labels=np.arange(1000) % 2)
    division = Division(validation_split=0.1, test_split=0.2, seed=7)
    test, left = division.test(source), division.without_test(source)
    assert (test.split, left.split) == ("test", "train")
    assert 130 < len(test.images) < 270 and len(test.images) + len(left.images) == 1000
    mask = draw_test(source.images, fraction=0.2, seed=7)
    np.testing.assert_array_equal(test.images, source.images[mask])
    np.testing.assert_array_equal(test.labels, source.labels[mask])
    np.testing.assert_array_equal(left.labels, source.labels[~mask])


def test_without_a_share_nothing_is_set_apart():
    """The source itself is returned, not a copy."""
    source = make_set(10)
    assert Division(validation_split=0.1).without_test(source) is source


def test_test_and_validation_images_are_drawn_independently():
    """With the same seed, as many images are in both draws as chance has it."""
    images = np.random.default_rng(0).integers(0, 256, (20_000, 3, 3, 1), np.uint8)
    for seed in (0, 1, 2**40):
        both = draw_test(images, fraction=0.1, seed=seed) & validation_mask(images, fraction=0.1, seed=seed)
        assert abs(both.sum() - 200) < 4 * np.sqrt(200)


def test_the_order_of_images_is_of_no_account():
    """Equal images are on one side, and a permutation or more images move none."""
    images = make_set(500).images
    mask = draw_test(images, fraction=0.3, seed=1)
    order = np.random.default_rng(1).permutation(np.tile(np.arange(500), 2))
    np.testing.assert_array_equal(draw_test(images[order], fraction=0.3, seed=1), mask[order])


def test_the_test_split_is_frozen():
    """The draw of seed 0 is this one for ever: stored models depend on it."""
    images = np.arange(40, dtype=np.uint8).reshape(40, 1, 1, 1)
    assert np.flatnonzero(draw_test(images, fraction=0.2, seed=0)).tolist() == FROZEN


@pytest.mark.parametrize("fraction", [1e-9, 0.999999])
@pytest.mark.parametrize("part", ["test", "without_test"])
def test_a_share_that_leaves_a_side_empty_is_refused(fraction, part):
    """The error has the share, the number set apart and the number of all."""
    count = 0 if fraction < 0.5 else 30
    message = f"at least 2 images on each side, but {fraction:g} sets {count} of the 30 of mine apart"
    with pytest.raises(OptionError, match=message) as error:
        getattr(Division(validation_split=0.1, test_split=fraction), part)(make_set(30))
    assert error.value.option == "--test-split"


def test_the_source_decides_its_validation_images():
    """Where the source sets images apart, the hash does not; they stay with their images beside a test part."""
    held_out = np.arange(100) % 5 == 0
    source = make_set(100, held_out=held_out)
    assert Division(validation_split=0.5).held_out(source) is held_out
    division = Division(validation_split=0.5, test_split=0.2)
    mask = draw_test(source.images, fraction=0.2, seed=0)
    np.testing.assert_array_equal(division.held_out(division.without_test(source)), held_out[~mask])
    assert division.test(source).held_out is None


@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_a_source_with_too_few_on_a_side_is_refused(count):
    """One validation image, or one to train on, is an error with both numbers."""
    source = make_set(10, held_out=np.arange(10) < count)
    with pytest.raises(DataError, match=f"at least 2 training images.*got {10 - count} and {count}"):
        Division(validation_split=0.1).held_out(source)


def test_too_few_images_to_split_are_refused():
    """The error names the data."""
    with pytest.raises(DataError, match=r"Cannot split the images of mine/.*got 4"):
        Division(validation_split=0.1).held_out(make_set(4))
