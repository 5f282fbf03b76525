"""Writing the metadata and the digest of a file without the onnx package."""

from collections.abc import Mapping

from vaecli.modelfile.metadata import KEY_DIGEST, ModelInfo
from vaecli.modelfile.prior_facts import KEY_PRIOR, StoredPrior
from vaecli.modelfile.protobuf import BYTES, METADATA_PROPS, field, fields, metadata, varint_bytes
from vaecli.modelfile.read import BLANK, ModelFile, digest


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


def with_prior(file: ModelFile, info: ModelInfo, stored: StoredPrior) -> bytes:
    """Return the content of a file of a model with another prior.

    Args:
        file: an encoder or a decoder; its golden vectors and facts stay.
        info: its new description; its `prior` is replaced.
        stored: the prior. A decoder gets the mixtures.
    """
    entries = {key: text for key, text in file.metadata.items() if key not in (KEY_DIGEST, KEY_PRIOR)}
    entries |= info.replace(prior=stored.description).to_metadata()
    return with_metadata(file.content, entries | (stored.entries() if info.part == "decoder" else {}))


def with_digest(content: bytes) -> bytes:
    """Replace the SHA-256 in the metadata of a file by the correct one.

    Raises:
        WireError: the content is not a model.
        KeyError: the metadata have no digest.
    """
    _, where = metadata(content)[KEY_DIGEST]
    return content[:where] + digest(content, where).encode() + content[where + len(BLANK) :]
