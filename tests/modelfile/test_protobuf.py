"""The reader of protobuf's wire format, against messages written by hand."""

import pytest

from vaecli.modelfile import protobuf
from vaecli.modelfile.protobuf import WireError


def test_fields_of_every_wire_type():
    """Varint, 8 bytes, counted bytes, 4 bytes: number, type and where the payload lies."""
    message = b"\x08\x96\x01" + b"\x11" + bytes(8) + b"\x1a\x03abc" + b"\x25" + bytes(4) + b"\xa2\x01\x00"
    found = list(protobuf.fields(message, 0, len(message)))
    assert found == [(1, 0, 1, 3), (2, 1, 4, 12), (3, 2, 14, 17), (4, 5, 18, 22), (20, 2, 25, 25)]
    assert message[14:17] == b"abc"


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (b"\x08", "ends within a number"),
        (b"\x08\x96", "ends within a number"),
        (b"\x1a\x05abc", "does not fit"),
        (b"\x11\x00", "does not fit"),
        (b"\x25\x00\x00\x00", "does not fit"),
        (b"\x00\x01", "does not fit"),
        (b"\x0b", "wire type 3"),
        (b"\x0f", "wire type 7"),
        (b"\x08" + b"\xff" * 10 + b"\x01", "too long"),
        (b"\x1a" + b"\xff" * 9 + b"\x01", "does not fit"),
    ],
)
def test_what_is_no_message(message, says):
    """Cut short, running over the end, field number 0, groups, endless numbers: each is refused."""
    with pytest.raises(WireError, match=says):
        list(protobuf.fields(message, 0, len(message)))


def test_metadata(forge):
    """Keys, values and where the values start, UTF-8 and empty ones too."""
    entries = {"a": "1", "é": "ü" * 200, "empty": ""}
    content = forge.model(entries)
    found = protobuf.metadata(content)
    assert {key: value for key, (value, _) in found.items()} == entries
    for value, where in found.values():
        assert content[where:].startswith(value.encode())


def test_metadata_needs_a_graph(forge):
    """Bytes that happen to parse are not a model: there has to be a graph."""
    with pytest.raises(WireError, match="no graph"):
        protobuf.metadata(forge.field(14, forge.field(1, b"a")))
    with pytest.raises(WireError, match="no graph"):
        protobuf.metadata(b"\x38\x01")  # field 7, but a number


def test_a_real_file(model_folder):
    """The committed files, written by protobuf itself, are walked to their last byte."""
    for name in ("encoder.onnx", "decoder.onnx"):
        content = (model_folder / name).read_bytes()
        assert {"vaecli.format", "vaecli.info", "vaecli.sha256"} <= set(protobuf.metadata(content))
        *_, (_, _, _, end) = protobuf.fields(content, 0, len(content))
        assert end == len(content)
