"""Rounding to the accuracy of half precision, and to the digits of an error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as arrays

from vaecli.rounding import decimals, rounded


@given(array=arrays.arrays(np.float64, (9,), elements={"min_value": -60000, "max_value": 60000}))
def test_rounding_is_that_of_half_precision(array):
    """The same numbers as float16 where these are not denormal; zeros and signs stay."""
    normal = np.abs(array) >= 2**-14
    np.testing.assert_array_equal(rounded(array)[normal], array.astype(np.float16)[normal])
    np.testing.assert_array_equal(np.sign(rounded(array)[normal]), np.sign(array[normal]))
    assert rounded(array).dtype == np.float32 and not rounded(np.zeros(3)).any()
    np.testing.assert_array_equal(rounded(rounded(array)), rounded(array))


@pytest.mark.parametrize(("error", "places"), [(2.7, 1), (27, 0), (1234, 0), (0.028, 3), (1e-12, 8), (0, 4)])
def test_two_digits_of_the_error_are_shown(error, places):
    """And as many decimals of the value."""
    assert decimals(error) == places
