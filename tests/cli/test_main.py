"""The program around its commands: what it hides."""

import warnings

import numpy as np
import pytest

from vaecli.cli import main


def test_false_warnings_of_matrix_products_are_hidden_and_no_others():
    infinite, zero = np.full((1, 1), np.inf, np.float32), np.zeros((1, 1), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="invalid value encountered in matmul"):
            infinite @ zero
        main._ignore_false_warnings()
        assert np.isnan(infinite @ zero)
        with pytest.raises(RuntimeWarning, match="invalid value encountered in multiply"):
            infinite * zero
