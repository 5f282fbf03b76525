"""Decoders that an earlier export left in a folder: whether vaecli wrote them, and whether they are outdated."""

import pathlib
from collections.abc import Callable

from vaecli.errors import ModelError
from vaecli.modelfile import protobuf
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.metadata import KEY_INFO, ModelInfo
from vaecli.modelfile.read import read_file


def is_ours(path: pathlib.Path) -> bool:
    """Return whether a file is an ONNX file that vaecli wrote; it may have been damaged since."""
    try:
        return path.is_file() and KEY_INFO in protobuf.metadata(path.read_bytes())
    except (OSError, protobuf.WireError):
        return False


def outdated_decoders(info: ModelInfo) -> Callable[[pathlib.Path], bool]:
    """Return a function that recognises decoders of other weights, or of another state of the training.

    It never names a file that vaecli did not write.
    """

    def is_outdated(path: pathlib.Path) -> bool:
        if path.name not in DECODERS.values() or not is_ours(path):
            return False
        try:
            decoder = read_file(path).info
        except ModelError:
            return True
        return (decoder.model_id, decoder.training) != (info.model_id, info.training)

    return is_outdated
