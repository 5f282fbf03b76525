"""Files become shorter, and the page gets the same bytes back."""

import base64
import gzip
import json
import re

import numpy as np
import pytest

from vaecli.modelfile.arrays import pack
from vaecli.modelfile.find import read_all
from vaecli.pages.compression import Span, compress
from vaecli.pages.page import SOURCES

RNG = np.random.default_rng(6)
METADATA = json.dumps(
    {
        name: pack(array)
        for name, array in {
            "bytes": RNG.integers(0, 256, 300, np.uint8),
            "floats": RNG.normal(size=(7, 20)).astype(np.float32),
            "doubles": RNG.normal(size=41),
            "integers": np.arange(50),
            "small": np.zeros(2),
        }.items()
    }
).encode()
UNLIKE = [  # texts that look like arrays
    b'"dtype": "float32", "shape": [17], "data": "' + 91 * b"A" + b'"',  # not whole values
    b'"dtype": "float24", "shape": [32], "data": "' + 128 * b"A" + b'"',
    b'"dtype": "uint8", "shape": [97], "data": "' + 129 * b"A" + b'B=="',  # base64 of another end
    b'"dtype": "uint8", "shape": [97], "data": "' + 129 * b"A" + b'"',
]


@pytest.fixture
def decompress(modules):
    """Decompresses a value in the browser."""

    def decompress(value):
        expression = (
            "btoa(Array.from(await decompress(argument), (code) => String.fromCharCode(code)).join(''))"
        )
        return base64.b64decode(modules({"app/compression.js": ["decompress"]}, expression, value))

    return decompress


@pytest.mark.parametrize("length", range(9))
def test_any_length(decompress, length):
    """Files of a few bytes, whose last group of characters is not full."""
    content = bytes(range(250, 250 + length)) if length < 6 else bytes(length)
    assert decompress(compress(content)) == content


def test_arrays_of_all_widths(decompress):
    """Binary arrays and those in JSON, side by side, at the start and at the end."""
    arrays = [RNG.normal(size=50).astype(kind).tobytes() for kind in (np.float16, np.float32, np.float64)]
    content = arrays[0] + b"," + METADATA + b"," + arrays[1] + arrays[2]
    ends = np.cumsum(
        [len(part) for part in (arrays[0], b"," + METADATA + b",", arrays[1], arrays[2])]
    ).tolist()
    spans = [Span(0, ends[0], 2), Span(ends[1], ends[2], 4), Span(ends[2], ends[3], 8)]
    value = compress(content, spans)
    assert {width for _, width in value["stretches"]} == {0, 2, 4, 8, -1, -4, -8}
    assert decompress(value) == content


@pytest.mark.parametrize("text", UNLIKE)
def test_what_only_looks_like_an_array(decompress, text):
    """It stays as it is."""
    assert decompress(compress(text)) == text


def test_model_files(decompress, small_folder):
    """Smaller than gzip and base64 make them, and the same bytes."""
    for file in read_all(small_folder):
        spans = [Span(*tensor.span, 2) for tensor in file.graph.tensors.values() if tensor.element_type == 10]
        value = compress(file.content, spans)
        assert len(value["data"]) < len(base64.b64encode(gzip.compress(file.content, 9)))
        assert decompress(value) == file.content


def test_the_text_cannot_end_a_script_element():
    """Its characters need no escape in JSON and in HTML."""
    alphabet = re.search(r'BASE_85 = "([^"]*)"', (SOURCES / "app" / "compression.js").read_text())[1]
    text = compress(RNG.bytes(9999))["data"]
    assert len(alphabet) == 85 and set(text) <= set(alphabet) and not set(alphabet) & set('<"\\')
