"""Archives of arrays: whole, or refused with a reason."""

import random

import numpy as np
import pytest

from vaecli import npz

ARRAYS = {"a/kernel": np.arange(60, dtype=np.float32).reshape(3, 20), "text": np.array("{}")}


@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_come_back(tmp_path, compressed):
    """Names with slashes, numbers and texts."""
    npz.write_npz(tmp_path / "a.npz", ARRAYS, compressed=compressed)
    arrays = npz.read_npz(tmp_path / "a.npz")
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_flipped_bit_is_harmless_or_refused(tmp_path, compressed):
    """Whatever zipfile, zlib or numpy raise, the error is a DamagedError; or the flip hit nothing that counts."""
    path = tmp_path / "a.npz"
    npz.write_npz(path, ARRAYS, compressed=compressed)
    content = path.read_bytes()
    generator = random.Random(0)
    refused = 0
    for _ in range(400):
        damaged = bytearray(content)
        damaged[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        try:
            npz.read_npz(path)
        except npz.DamagedError as error:
            refused += 1
            assert str(error)
    assert refused > 200


def test_pickled_objects_are_refused(tmp_path):
    """An array of objects would run code when it is read."""
    np.savez(tmp_path / "a.npz", objects=np.array([{}], dtype=object))
    with pytest.raises(npz.DamagedError, match="allow_pickle"):
        npz.read_npz(tmp_path / "a.npz")
