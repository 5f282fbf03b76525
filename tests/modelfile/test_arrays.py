"""Arrays as metadata text are decoded to the bit, and malformed or too large text is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vaecli.modelfile.arrays import MALFORMED, MAX_PARTS, TYPES, check_shape, load, pack, unpack

SHAPES = arrays.array_shapes(min_dims=1, max_dims=4, max_side=5)
FINITE = {"allow_nan": False, "allow_infinity": False}


@st.composite
def finite_arrays(draw):
    kind = draw(st.sampled_from(sorted(TYPES)))
    return draw(arrays.arrays(kind, SHAPES, elements=FINITE if kind.startswith("float") else None))


@given(array=finite_arrays())
def test_round_trip(array):
    """Every type and shape comes back to the bit, through JSON, in this machine's byte order."""
    again = unpack(json.loads(json.dumps(pack(array))))
    assert again.dtype == array.dtype and again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    assert not again.flags.writeable


def test_layout_and_byte_order_do_not_matter():
    """Equal values give equal text, whatever the memory layout and byte order."""
    array = np.arange(12, dtype=np.float64).reshape(3, 4)
    assert (
        pack(array) == pack(np.asfortranarray(array)) == pack(array.astype(">f8")) == pack(array[::-1][::-1])
    )


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.zeros(3, np.float16), KeyError),
        (np.zeros(3, bool), KeyError),
        (np.array(["a"]), KeyError),
        (np.array([None]), KeyError),
        (np.array([np.nan]), ValueError),
        (np.array([np.inf], np.float32), ValueError),
        (np.zeros(()), ValueError),
        (np.zeros(0), ValueError),
        (np.zeros((1, 1, 1, 1, 1)), ValueError),
    ],
)
def test_arrays_that_cannot_be_read_back_are_not_written(array, error):
    """An array that `unpack` would refuse is refused by `pack`, so that no file is written in vain."""
    with pytest.raises(error):
        pack(array)


PACKED = {"dtype": "float32", "shape": [1, 1], "data": "AAAAAA=="}


@pytest.mark.parametrize(
    "packed",
    [
        None,
        3,
        [],
        "text",
        {},
        PACKED | {"dtype": "object"},
        PACKED | {"dtype": "float16"},
        PACKED | {"dtype": ">f4"},
        PACKED | {"dtype": ["float32"]},
        PACKED | {"dtype": None},
        PACKED | {"shape": []},
        PACKED | {"shape": [1, 2]},
        PACKED | {"shape": [-1, -1]},
        PACKED | {"shape": [1.0, 1]},
        PACKED | {"shape": [True, 1]},
        PACKED | {"shape": "11"},
        PACKED | {"shape": {"1": 1}},
        PACKED | {"shape": [1] * 5},
        PACKED | {"shape": [2**18 + 1]},
        PACKED | {"shape": [10**6, 10**6]},
        PACKED | {"shape": 1},
        PACKED | {"data": "AAAA"},
        PACKED | {"data": "!!!!!!!!"},
        PACKED | {"data": "é" * 8},
        PACKED | {"data": 5},
        PACKED | {"data": "AADAfw=="},
        PACKED | {"data": "AACAfw=="},
    ],
)
def test_malformed_arrays_are_refused(packed):
    """Every fault raises one of the errors that readers of entries catch; the last two are NaN and infinity."""
    with pytest.raises(MALFORMED):
        unpack(packed)


@pytest.mark.parametrize("sizes", [(), (0,), (-1,), (2**18 + 1,), (1,) * 5, (1.0,), (True,), ("1",), None, 3])
def test_shapes_that_are_refused(sizes):
    """A shape has 1 to 4 axes, none empty or above 2**18."""
    with pytest.raises((ValueError, TypeError)):
        check_shape(sizes)


def test_entries_with_too_many_parts():
    """An entry of millions of small parts, which take more memory than their text, is refused unread."""
    assert load("[" + "0," * (MAX_PARTS - 2) + "0]") == [0] * (MAX_PARTS - 1)
    for text in ("[" + "0," * MAX_PARTS + "0]", "[" + "[]," * MAX_PARTS + "0]", "{" * (MAX_PARTS + 1)):
        with pytest.raises(ValueError, match="at most 10,000 objects, lists and values"):
            load(text)
