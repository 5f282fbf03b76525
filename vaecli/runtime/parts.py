"""All files of a model, read and checked, none opened: what needs no onnxruntime."""

import pathlib

from vaecli.errors import ModelError
from vaecli.runtime import modelfile
from vaecli.runtime.location import DECODERS, locate


def read_all(path: pathlib.Path) -> list[modelfile.ModelFile]:
    """The decoder that a path leads to, and the encoder and other decoders that lie beside it.

    Args:
        path: a run, a model folder or a decoder file.

    Raises:
        ModelError: there is no decoder, or a file is damaged or belongs to another model.
    """
    try:
        decoder, encoder = locate(path)
        beside = [encoder, *(decoder.with_name(name) for name in DECODERS.values())]
        found = [other for other in beside if other != decoder and other.exists()]
    except OSError as error:  # a name too long, a folder that may not be entered
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
    files = [modelfile.read(decoder), *(modelfile.read(other) for other in found)]
    if files[0].info.part != "decoder":
        raise ModelError(f"{decoder} is an encoder; a decoder was expected.", hint="Name the decoder.onnx.")
    for file in files[1:]:
        if file.info.model_id != files[0].info.model_id:
            raise ModelError(
                f"{file.path} and {decoder.name} belong to two models.", hint="Copy both from one export."
            )
    return files
