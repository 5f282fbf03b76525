"""The messages of an ONNX file that vaecli writes; a field that is not in these tables is refused.

Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. No table contains itself, so the depth is
bounded. A single field that comes twice is refused too: protobuf would merge the two or replace the first.
"""

import struct
from typing import Any, Literal, NamedTuple

from vaecli.modelfile import protobuf
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.safe_text import is_plain

Message = dict[str, Any]  # field name -> value, or list of values for a repeated field


class Field(NamedTuple):
    """One field of a message.

    Attributes:
        name: the field's name in onnx.proto.
        kind: type of the payload: a span is its start and end in the file; a table is a nested message.
        most: largest number of occurrences; more than 1 makes the field a list.
    """

    name: str
    kind: "Literal['int', 'float', 'text', 'span'] | Table"
    most: int = 1


Table = dict[int, Field]

MAX_TEXT = 1024  # bytes of a text field

_ENTRY: Table = {1: Field("key", "span"), 2: Field("value", "span")}
_TENSOR: Table = {
    1: Field("dims", "int", 8),
    2: Field("data_type", "int"),
    8: Field("name", "text"),
    9: Field("raw_data", "span"),
}
_ATTRIBUTE: Table = {
    1: Field("name", "text"),
    2: Field("f", "float"),
    3: Field("i", "int"),
    4: Field("s", "text"),
    8: Field("ints", "int", 16),
    20: Field("type", "int"),
}
_NODE: Table = {
    1: Field("input", "text", 16),
    2: Field("output", "text", 16),
    3: Field("name", "text"),
    4: Field("op_type", "text"),
    5: Field("attribute", _ATTRIBUTE, 8),
    6: Field("doc_string", "span"),
    7: Field("domain", "text"),
}
_DIMENSION: Table = {1: Field("dim_value", "int"), 2: Field("dim_param", "text")}
_SHAPE: Table = {1: Field("dim", _DIMENSION, 8)}
_ARRAY: Table = {1: Field("elem_type", "int"), 2: Field("shape", _SHAPE)}
_TYPE: Table = {1: Field("tensor_type", _ARRAY)}
_VALUE: Table = {1: Field("name", "text"), 2: Field("type", _TYPE), 3: Field("doc_string", "span")}
_GRAPH: Table = {
    1: Field("node", _NODE, 1000),
    2: Field("name", "text"),
    5: Field("initializer", _TENSOR, 1000),
    10: Field("doc_string", "span"),
    11: Field("input", _VALUE, 4),
    12: Field("output", _VALUE, 16),
}
MODEL: Table = {
    1: Field("ir_version", "int"),
    2: Field("producer_name", "text"),
    3: Field("producer_version", "text"),
    4: Field("domain", "text"),
    5: Field("model_version", "int"),
    6: Field("doc_string", "span"),
    7: Field("graph", _GRAPH),
    8: Field("opset_import", {1: Field("domain", "text"), 2: Field("version", "int")}, 8),
    14: Field("metadata_props", _ENTRY, 16),
}

REFUSED = {  # names of dangerous fields, for the message
    (id(_TENSOR), 13): "external data",
    (id(_TENSOR), 14): "external data",
    (id(_ATTRIBUTE), 6): "a subgraph",
    (id(_ATTRIBUTE), 11): "subgraphs",
    (id(MODEL), 20): "training information",
    (id(MODEL), 25): "functions",
}


def parse(data: bytes, table: Table = MODEL, start: int = 0, end: int | None = None) -> Message:
    """Parse the message in data[start:end], whose fields `table` lists.

    Returns:
        Field name -> int, float, str, (start, end) or message. A repeated field is a list, which may be empty; a
        single field that is absent has no entry.

    Raises:
        WireError: the bytes are not a message, a field is not in the table or of another type, or a field comes
            too often.
    """
    message: Message = {field.name: [] for field in table.values() if field.most > 1}
    for number, kind, first, last in protobuf.fields(data, start, len(data) if end is None else end):
        field = table.get(number)
        if field is None:
            content = REFUSED.get((id(table), number), f"a field {number} that vaecli does not write")
            raise WireError(f"the file must not have {content}, as at byte {first}")
        if field.most == 1:
            if field.name in message:
                raise WireError(f"{field.name} must come once, got it twice at byte {first}")
            message[field.name] = _value(data, field, kind, first, last)
        else:
            values = message[field.name]
            if field.kind == "int" and kind == protobuf.BYTES:
                values += _packed(data, first, last, field.most)
            else:
                values.append(_value(data, field, kind, first, last))
            if len(values) > field.most:
                raise WireError(
                    f"the file must have at most {field.most} of {field.name}, got more at byte {first}"
                )
    return message


def _value(data: bytes, field: Field, kind: int, first: int, last: int) -> Any:
    if field.kind == "int" and kind == protobuf.VARINT:
        return _signed(protobuf.varint(data, first, last)[0])
    if field.kind == "float" and kind == protobuf.FIXED32:
        return struct.unpack_from("<f", data, first)[0]
    if kind == protobuf.BYTES and isinstance(field.kind, dict):
        return parse(data, field.kind, first, last)
    if kind == protobuf.BYTES and field.kind == "span":
        return first, last
    if kind == protobuf.BYTES and field.kind == "text":
        if last - first > MAX_TEXT:
            raise WireError(
                f"{field.name} must have at most {MAX_TEXT:,} bytes, got {last - first:,} at byte {first}"
            )
        try:
            text = data[first:last].decode("utf-8")
        except UnicodeDecodeError as error:
            raise WireError(f"{field.name} at byte {first} must be UTF-8") from error
        if not is_plain(text):
            raise WireError(f"{field.name} at byte {first} must not have a control character")
        return text
    expected = "message" if isinstance(field.kind, dict) else field.kind
    raise WireError(f"{field.name} must be of the type {expected}, got wire type {kind} at byte {first}")


def _packed(data: bytes, first: int, last: int, most: int) -> list[int]:
    """Read the integers of a packed field, stopping at `most` + 1 of them; refuse an empty field."""
    if first == last:
        raise WireError(f"a list of numbers must not be empty at byte {first}")
    numbers: list[int] = []
    while first < last and len(numbers) <= most:
        number, first = protobuf.varint(data, first, last)
        numbers.append(_signed(number))
    return numbers


def _signed(number: int) -> int:
    """Reinterpret an unsigned 64-bit varint as int64 (two's complement)."""
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number
