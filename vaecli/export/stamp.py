"""The bytes of a model file: a graph with metadata, facts, golden vectors and digest."""

from collections.abc import Mapping

import onnx

from vaecli.modelfile.golden import KEY_GOLDEN, Golden
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.write import with_metadata


def stamp(
    model: onnx.ModelProto, info: ModelInfo, golden: Golden, facts: Mapping[str, str] | None = None
) -> bytes:
    """Serialise a graph with its metadata and the SHA-256 of the whole file.

    Args:
        model: the graph; existing metadata are replaced.
        info: the description of the model.
        golden: inputs and expected outputs, for `vaecli verify`.
        facts: further entries, key -> text.
    """
    model.producer_name, model.producer_version = "vaecli", info.software["vaecli"]
    entries = info.to_metadata() | {KEY_GOLDEN: golden.to_text()}
    return with_metadata(model.SerializeToString(), entries | dict(facts or {}))
