"""The reader of protobuf's wire format reads messages written by hand."""

import pytest

from vaecli.modelfile import protobuf
from vaecli.modelfile.protobuf import WireError


def test_fields_of_every_wire_type():
    """Number, wire type, start and end are right for varints, 8 bytes, bytes with a length, and 4 bytes."""
    message = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x03abc" + b"\x25" + bytes(4) + b"\xa2\x01\x00"
    fields = list(protobuf.fields(message, 0, len(message)))
    assert fields == [(1, 0, 1, 3), (2, 1, 4, 12), (3, 2, 14, 17), (4, 5, 18, 22), (20, 2, 25, 25)]
    assert message[14:17] == b"abc"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"\x08", "ends within a number"),
        (b"\x08\x96", "ends within a number"),
        (b"\x1a\x05abc", "must have a number and end within"),
        (b"\x11\x00", "must have a number and end within"),
        (b"\x25\x00\x00\x00", "must have a number and end within"),
        (b"\x00\x01", "must have a number and end within"),
        (b"\x0b", "must be 0, 1, 2 or 5, got 3"),
        (b"\x0f", "must be 0, 1, 2 or 5, got 7"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "must fit in 64 bits"),
        (b"\x1a" + b"\xff" * 9 + b"\x01", "must have a number and end within"),
    ],
)
def test_malformed_messages(message, says):
    """Messages that are cut short, with field number 0, groups or endless numbers are refused."""
    with pytest.raises(WireError, match=says):
        list(protobuf.fields(message, 0, len(message)))


def test_metadata(forge):
    """Keys, values and their positions are read, also of UTF-8 and empty values."""
    entries = {"a": "1", "é": "ü" * 200, "empty": ""}
    content = forge.model(entries)
    read = protobuf.metadata(content)
    assert {key: value for key, (value, _) in read.items()} == entries
    for value, where in read.values():
        assert content[where:].startswith(value.encode())


def test_metadata_needs_a_graph(forge):
    """Bytes that parse are a model only if they have a graph."""
    with pytest.raises(WireError, match="must have a graph"):
        protobuf.metadata(forge.field(14, forge.field(1, b"a")))
    with pytest.raises(WireError, match="must have a graph"):
        protobuf.metadata(b"\x38\x01")  # field 7, but a number


def test_a_real_file(model_folder):
    """The committed files, written by protobuf itself, are read up to their last byte."""
    for name in ("encoder.onnx", "decoder.onnx"):
        content = (model_folder / name).read_bytes()
        assert {"vaecli.format", "vaecli.info", "vaecli.sha256"} <= set(protobuf.metadata(content))
        *_, (_, _, _, end) = protobuf.fields(content, 0, len(content))
        assert end == len(content)
