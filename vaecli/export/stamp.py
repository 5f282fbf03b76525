"""Metadata and digest of an exported file."""

import onnx

from vaecli.runtime import modelfile, wire
from vaecli.runtime.golden import KEY_GOLDEN, Golden
from vaecli.runtime.info import KEY_DIGEST, ModelInfo


def stamped(model: onnx.ModelProto, info: ModelInfo, golden: Golden) -> bytes:
    """The bytes of the file: the model with its metadata, and the SHA-256 of the whole in its own entry.

    Args:
        model: the graph; its own metadata are replaced.
        info: what the file says of itself.
        golden: inputs and outputs for `vaecli verify`.
    """
    model.producer_name, model.producer_version = "vaecli", info.software["vaecli"]
    del model.metadata_props[:]
    entries = info.to_metadata() | {KEY_GOLDEN: golden.to_text(), KEY_DIGEST: modelfile.BLANK.decode()}
    for key, value in entries.items():
        model.metadata_props.add(key=key, value=value)
    content = model.SerializeToString()
    _, where = wire.metadata(content)[KEY_DIGEST]
    digest = modelfile.digest(content, where).encode()
    return bytes(content[:where] + digest + content[where + 64 :])
