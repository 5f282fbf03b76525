"""An exported graph as the bytes of a file: with metadata, golden vectors and digest."""

import onnx

from vaecli.modelfile.golden import KEY_GOLDEN, Golden
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.write import with_metadata


def stamped(model: onnx.ModelProto, info: ModelInfo, golden: Golden) -> bytes:
    """Serialise a model with its metadata and the SHA-256 of the whole.

    Args:
        model: the graph; its own metadata are replaced.
        info: what the file says of itself.
        golden: inputs and expected outputs, for `vaecli verify`.
    """
    model.producer_name, model.producer_version = "vaecli", info.software["vaecli"]
    return with_metadata(model.SerializeToString(), info.to_metadata() | {KEY_GOLDEN: golden.to_text()})
