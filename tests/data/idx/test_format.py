"""IDX files: read as they were written, or refused with what they are."""

import gzip
import os
import re
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from vaecli.data.idx import format
from vaecli.errors import DataError

ARRAY = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
PLAIN = format.encode_idx(ARRAY)
ZIPPED = gzip.compress(PLAIN)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "some-idx3-ubyte"
        path.write_bytes(content)
        return path

    return write


@given(array=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)), zipped=st.booleans())
def test_round_trip(tmp_path_factory, array, zipped):
    """encode_idx then read_idx is the identity, gzipped or not, whatever the file is called."""
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if array.sum() % 2 else "a")
    content = format.encode_idx(array)
    path.write_bytes(gzip.compress(content) if zipped else content)
    np.testing.assert_array_equal(format.read_idx(path), array)
    assert format.looks_whole(path, format.content_length(array.shape))


def test_several_gzip_members_are_one_file(write):
    """A gzip file in two members reads as their concatenation."""
    path = write(gzip.compress(PLAIN[:30]) + gzip.compress(PLAIN[30:]))
    np.testing.assert_array_equal(format.read_idx(path), ARRAY)


def test_the_content_hash_is_that_of_the_file():
    """content_sha256 of the array is the hash of the uncompressed file."""
    import hashlib

    assert format.content_sha256(ARRAY) == hashlib.sha256(PLAIN).hexdigest()


FAULTS = {
    "empty": (b"", "got an empty file"),
    "text": (b"hello there", "got a text file"),
    "three bytes": (b"\0\0\x08", "starts with 00 00 08"),
    "png": (b"\x89PNG\r\n\x1a\n", "got a PNG picture"),
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 99\n",
        r"got a Git LFS pointer.* git -C .* lfs pull",
    ),
    "web page": (b"<!doctype html><title>404</title>", r"got a web page .*download the file again"),
    "zip": (b"PK\3\4" + bytes(99), "got a ZIP archive.*unzip"),
    "zeros": (bytes(5000), "got a file of zero bytes"),
    "gzip of a page": (gzip.compress(b"<html>"), "got a web page"),
    "gzip in gzip": (gzip.compress(ZIPPED), "got a gzip file"),
    "floats": (b"\0\0\x0d\x01" + struct.pack(">If", 1, 1.0), "type 08"),
    "no axes": (b"\0\0\x08\0", "1 to 4 axes"),
    "five axes": (b"\0\0\x08\5" + bytes(20), "1 to 4 axes"),
    "sizes cut short": (PLAIN[:10], "12 bytes of IDX sizes, got 6"),
    "one byte short": (PLAIN[:-1], "must have"),
    "one byte long": (PLAIN + b"\0", "60 bytes of data .*more"),
    "gzip of nothing": (gzip.compress(b""), "empty"),
    "gzip of text": (gzip.compress(b"hello there"), "got a text file"),
    "gzip of one byte short": (gzip.compress(PLAIN[:-1]), "60 bytes of data .*59"),
    "gzip of one byte long": (gzip.compress(PLAIN + b"\0"), "60 bytes of data.*more"),
    "gzip cut in the data": (ZIPPED[: len(ZIPPED) // 2], "cut short"),
    "gzip cut in the checksum": (ZIPPED[:-5], "cut short"),
    "gzip magic alone": (ZIPPED[:2], "cut short"),
    "gzip with a wrong checksum": (ZIPPED[:-8] + b"\1\2\3\4" + ZIPPED[-4:], "corrupt gzip"),
    "gzip with rubbish after it": (ZIPPED + b"rubbish", "corrupt gzip"),
    "gzip of a bad method": (b"\x1f\x8b\x07" + bytes(20), "corrupt gzip"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_files_are_named(write, fault):
    """Whatever is wrong with a file, the error names the file and what is wrong."""
    content, reason = FAULTS[fault]
    path = write(content)
    with pytest.raises(DataError) as error:
        format.read_idx(path)
    assert re.search(reason, str(error.value))
    assert str(path) in error.value.message


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_hostile_header_allocates_nothing(write, pack):
    """A header that announces 2^96 bytes, or 1 GB in a small file, is refused without allocating it."""
    for sizes in [(2**32 - 1,) * 3, (2**10, 2**10, 2**10)]:
        path = write(pack(format.idx_header(sizes) + bytes(1000)))
        tracemalloc.start()
        try:
            with pytest.raises(DataError, match="by its header"):
                format.read_idx(path)
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()


def test_a_gzip_bomb_is_not_unpacked(write):
    """Decompression stops at the size in the header, though 200 MB follow."""
    path = write(gzip.compress(PLAIN + bytes(200 * 2**20), compresslevel=1))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more"):
            format.read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_paths_that_are_no_files(tmp_path):
    """The error says whether there is nothing or a folder."""
    with pytest.raises(DataError, match="got nothing"):
        format.read_idx(tmp_path / "absent")
    with pytest.raises(DataError, match="got a folder"):
        format.read_idx(tmp_path)


def test_a_file_cut_short_does_not_look_whole(write):
    """The quick check notices truncation, gzipped or not, and a missing file."""
    length = len(PLAIN)
    assert format.looks_whole(write(PLAIN), length)
    assert format.looks_whole(write(ZIPPED), length)
    assert not format.looks_whole(write(PLAIN[:-1]), length)
    assert not format.looks_whole(write(ZIPPED[:-1]), length)
    assert not format.looks_whole(write(ZIPPED[:2]), length)
    assert not format.looks_whole(write(PLAIN).with_name("absent"), length)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes need a POSIX system")
def test_a_named_pipe_is_not_waited_for(tmp_path):
    """A pipe in place of a file is refused at once by all three readers."""
    pipe = tmp_path / "train-images-idx3-ubyte"
    os.mkfifo(pipe)
    assert not format.looks_whole(pipe, 10)
    assert format.open_idx(pipe) is None
    with pytest.raises(DataError, match="not a plain file"):
        format.read_idx(pipe)
