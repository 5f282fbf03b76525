"""The part of protobuf's wire format that reading an ONNX file and writing its metadata need.

https://protobuf.dev/programming-guides/encoding/ ; field numbers from onnx.proto, message ModelProto.
"""

from collections.abc import Iterator

METADATA_PROPS = 14  # ModelProto.metadata_props, repeated StringStringEntryProto {key = 1; value = 2}
GRAPH = 7

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MAX_FIELDS = 1000  # at the top level of a file; ours have about ten
MAX_KEY, MAX_VALUE = 256, 2**25  # bytes of a metadata entry; golden vectors of large images are the largest
MAX_METADATA = MAX_VALUE + 2**21  # of all entries together


class WireError(ValueError):
    """The bytes are not a protobuf message, or the message is not one that vaecli writes."""


class MetadataError(WireError):
    """The bytes are a model, but its metadata are malformed or too large."""


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the fields of one message: field number, wire type, start and end of the payload in `data`.

    Raises:
        WireError: a field that runs beyond the end, an unknown wire type, a number of more than 64 bits.
    """
    position = start
    while position < end:
        tag, position = varint(data, position, end)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            first = position
            _, position = varint(data, position, end)
        elif wire == BYTES:
            size, first = varint(data, position, end)
            position = first + size
        elif wire in (FIXED64, FIXED32):
            first, position = position, position + (8 if wire == FIXED64 else 4)
        else:
            raise WireError(f"the wire type at byte {position} must be 0, 1, 2 or 5, got {wire}")
        if number == 0 or position > end:
            raise WireError(f"the field at byte {first} must have a number and end within the message")
        yield number, wire, first, position


def metadata(data: bytes) -> dict[str, tuple[str, int]]:
    """Return the metadata entries of a model: key -> (value, start of the value in `data`).

    Raises:
        WireError: the bytes are not a model.
        MetadataError: its metadata are malformed or too large.
    """
    entries: dict[str, tuple[str, int]] = {}
    has_graph, size = False, 0
    for count, (number, wire, first, last) in enumerate(fields(data, 0, len(data))):
        if count == MAX_FIELDS:
            raise WireError(f"the model must have at most {MAX_FIELDS} fields, got more")
        has_graph |= number == GRAPH and wire == BYTES
        if number == METADATA_PROPS and wire == BYTES:
            size += last - first
            if size > MAX_METADATA:
                raise MetadataError(f"they must have at most {MAX_METADATA:,} bytes, got {size:,}")
            key, value, where = _entry(data, first, last)
            if key in entries:
                raise MetadataError(f"keys must differ, got {key[:40]!r} twice")
            entries[key] = (value, where)
    if not has_graph:
        raise WireError("the model must have a graph")
    return entries


def _entry(data: bytes, start: int, end: int) -> tuple[str, str, int]:
    """Return key, value and start of the value of one entry; each comes at most once, in any order."""
    spans: dict[int, tuple[int, int]] = {}
    for number, kind, first, last in fields(data, start, end):
        if number not in (1, 2) or number in spans or kind != BYTES:
            raise MetadataError(f"an entry must have one key and one value, got a field {number}")
        name, most = ("key", MAX_KEY) if number == 1 else ("value", MAX_VALUE)
        if last - first > most:
            raise MetadataError(f"a {name} must have at most {most:,} bytes, got {last - first:,}")
        spans[number] = first, last
    (key, key_end), (value, value_end) = spans.get(1, (start, start)), spans.get(2, (start, start))
    return _text(data, key, key_end), _text(data, value, value_end), value


def _text(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("utf-8", errors="replace")


def varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Return the number at `position` and the position after it.

    Raises:
        WireError: the number runs beyond the end, or takes more than 64 bits.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise WireError("the file ends within a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise WireError(f"the number before byte {position} must fit in 64 bits")


def field(number: int, payload: bytes | int, kind: int = BYTES) -> bytes:
    """Encode one field: its tag, its length if it is of wire type BYTES, and its payload (an int as a varint)."""
    content = varint_bytes(payload) if isinstance(payload, int) else payload
    length = varint_bytes(len(content)) if kind == BYTES else b""
    return varint_bytes(number << 3 | kind) + length + content


def varint_bytes(value: int) -> bytes:
    """Encode a whole number of at least 0: seven bits per byte, lowest first."""
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
