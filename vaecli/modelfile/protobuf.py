"""Just enough of protobuf's wire format to read an ONNX file before any library sees it, and to write its metadata.

https://protobuf.dev/programming-guides/encoding/ ; field numbers from onnx.proto, message ModelProto.
"""

from collections.abc import Iterator

METADATA_PROPS = 14  # ModelProto.metadata_props, repeated StringStringEntryProto {key = 1; value = 2}
GRAPH = 7

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

MAX_FIELDS = 1000  # at the top of a file; ours have about ten
MAX_KEY, MAX_VALUE = 256, 2**25  # bytes of an entry of the metadata; golden vectors of large images take most
MAX_METADATA = MAX_VALUE + 2**21  # of all entries together


class WireError(ValueError):
    """The bytes are not a protobuf message, or not one that may be here."""


class MetadataError(WireError):
    """The bytes are a model so far, and its metadata are beyond all measure."""


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Walk one message: field number, wire type, and where its payload starts and ends in `data`.

    Raises:
        WireError: a field that runs over the end, an unknown wire type, a number that is too long.
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
            raise WireError(f"wire type {wire} at byte {position}")
        if number == 0 or position > end:
            raise WireError(f"a field that does not fit at byte {first}")
        yield number, wire, first, position


def metadata(data: bytes) -> dict[str, tuple[str, int]]:
    """The metadata entries of a model: key -> (value, where the value starts in `data`).

    Raises:
        WireError: the bytes are not a model; `MetadataError`: its metadata are beyond all measure.
    """
    entries: dict[str, tuple[str, int]] = {}
    has_graph, size = False, 0
    for count, (number, wire, first, last) in enumerate(fields(data, 0, len(data))):
        if count == MAX_FIELDS:
            raise WireError(f"more than {MAX_FIELDS} fields at the top")
        has_graph |= number == GRAPH and wire == BYTES
        if number == METADATA_PROPS and wire == BYTES:
            size += last - first
            if size > MAX_METADATA:
                raise MetadataError(f"{MAX_METADATA:,} bytes of metadata are the most; {size:,} came")
            key, value, where = _entry(data, first, last)
            if key in entries:
                raise MetadataError(f"two entries called {key[:40]!r}")
            entries[key] = (value, where)
    if not has_graph:
        raise WireError("no graph in it")
    return entries


def _entry(data: bytes, start: int, end: int) -> tuple[str, str, int]:
    """Key, value, and where the value starts, of one entry: each once, in any order."""
    found: dict[int, tuple[int, int]] = {}
    for number, kind, first, last in fields(data, start, end):
        if number not in (1, 2) or number in found or kind != BYTES:
            raise MetadataError(f"an entry with a field {number} where it does not belong")
        if last - first > (MAX_KEY if number == 1 else MAX_VALUE):
            raise MetadataError(f"a {'key' if number == 1 else 'value'} of {last - first:,} bytes")
        found[number] = first, last
    (key, key_end), (value, value_end) = found.get(1, (start, start)), found.get(2, (start, start))
    return _text(data, key, key_end), _text(data, value, value_end), value


def _text(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("utf-8", errors="replace")


def varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    """The number at `position`, and where the next thing starts.

    Raises:
        WireError: it runs over the end, or is longer than 64 bits take.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= end:
            raise WireError("it ends within a number")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise WireError(f"a number that is too long at byte {position}")


def field(number: int, payload: bytes | int, kind: int = BYTES) -> bytes:
    """Encode one field: its tag, its length if it is of wire type BYTES, and its payload (an int as a varint)."""
    content = varint_bytes(payload) if isinstance(payload, int) else payload
    length = varint_bytes(len(content)) if kind == BYTES else b""
    return varint_bytes(number << 3 | kind) + length + content


def varint_bytes(value: int) -> bytes:
    """Encode a whole number of at least 0, seven bits a byte, lowest first."""
    groups = []
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
