"""The messages of an ONNX file, as far as vaecli writes them: a field that is not in these tables is refused.

Field numbers from https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. No table names itself, so nesting ends.
A field that may stand once and comes twice is refused as well: protobuf would merge or replace it.
"""

import struct
from typing import Any, Literal, NamedTuple

from vaecli.modelfile import protobuf
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.safe_text import is_plain

Message = dict[str, Any]  # field name -> value, or list of values if it may stand more than once


class Field(NamedTuple):
    """One field that may be there.

    Attributes:
        name: as in onnx.proto.
        kind: what its payload is: a span is where the payload starts and ends; a table is a message within.
        most: how often it may stand; more than once makes a list.
    """

    name: str
    kind: "Literal['int', 'float', 'text', 'span'] | Table"
    most: int = 1


Table = dict[int, Field]

TEXT_BYTES = 1024  # of a name

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

REFUSED = {  # what the more dangerous of the fields are called, for the message
    (id(_TENSOR), 13): "external data",
    (id(_TENSOR), 14): "external data",
    (id(_ATTRIBUTE), 6): "a subgraph",
    (id(_ATTRIBUTE), 11): "subgraphs",
    (id(MODEL), 20): "training information",
    (id(MODEL), 25): "functions",
}


def parse(data: bytes, table: Table = MODEL, start: int = 0, end: int | None = None) -> Message:
    """Read one message by its table.

    Returns:
        Field name -> int, float, str, (start, end) or message; a list of them where several may stand, empty if
        none does. A field that may stand once and does not is missing.

    Raises:
        WireError: not a message, a field that is not in the table or of another type, or too many of them.
    """
    message: Message = {field.name: [] for field in table.values() if field.most > 1}
    for number, kind, first, last in protobuf.fields(data, start, len(data) if end is None else end):
        field = table.get(number)
        if field is None:
            what = REFUSED.get((id(table), number), f"a field {number} that vaecli does not write")
            raise WireError(f"it has {what} (byte {first})")
        if field.most == 1:
            if field.name in message:
                raise WireError(f"{field.name} stands twice (byte {first})")
            message[field.name] = _value(data, field, kind, first, last)
        else:
            values = message[field.name]
            if field.kind == "int" and kind == protobuf.BYTES:
                values += _packed(data, first, last, field.most)
            else:
                values.append(_value(data, field, kind, first, last))
            if len(values) > field.most:
                raise WireError(f"it has more than {field.most} of {field.name} (byte {first})")
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
        if last - first > TEXT_BYTES:
            raise WireError(f"{field.name} takes {last - first:,} bytes (byte {first})")
        try:
            text = data[first:last].decode("utf-8")
        except UnicodeDecodeError as error:
            raise WireError(f"{field.name} is no UTF-8 (byte {first})") from error
        if not is_plain(text):
            raise WireError(f"{field.name} has a control character in it (byte {first})")
        return text
    raise WireError(f"{field.name} is not of its type (byte {first})")


def _packed(data: bytes, first: int, last: int, most: int) -> list[int]:
    """A list of numbers in one field, up to the first too many; no writer writes an empty one."""
    if first == last:
        raise WireError(f"an empty list of numbers (byte {first})")
    numbers: list[int] = []
    while first < last and len(numbers) <= most:
        number, first = protobuf.varint(data, first, last)
        numbers.append(_signed(number))
    return numbers


def _signed(number: int) -> int:
    """An int64 as protobuf writes it: two's complement in 64 bits."""
    number &= 2**64 - 1
    return number - 2**64 if number >= 2**63 else number
