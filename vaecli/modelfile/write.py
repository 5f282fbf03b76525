"""Writing the metadata and the digest of a file without the onnx package."""

from collections.abc import Mapping

from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.protobuf import BYTES, METADATA_PROPS, field, fields, metadata, varint_bytes
from vaecli.modelfile.read import BLANK, digest


def with_metadata(content: bytes, entries: Mapping[str, str]) -> bytes:
    """Replace all metadata entries of an ONNX file, and add the digest of the result.

    Args:
        content: an ONNX file, with or without metadata.
        entries: key -> value, without the digest.

    Raises:
        WireError: the content is not a protobuf message.
    """
    kept = [
        varint_bytes(number << 3 | kind)
        + (varint_bytes(last - first) if kind == BYTES else b"")
        + content[first:last]
        for number, kind, first, last in fields(content, 0, len(content))
        if number != METADATA_PROPS
    ]
    kept += [
        field(METADATA_PROPS, field(1, key.encode()) + field(2, value.encode()))
        for key, value in {**entries, KEY_DIGEST: BLANK.decode()}.items()
    ]
    return with_digest(b"".join(kept))


def with_digest(content: bytes) -> bytes:
    """Replace the SHA-256 in the metadata of a file by the correct one.

    Raises:
        WireError: the content is not a model.
        KeyError: the metadata have no digest.
    """
    _, where = metadata(content)[KEY_DIGEST]
    return content[:where] + digest(content, where).encode() + content[where + len(BLANK) :]
