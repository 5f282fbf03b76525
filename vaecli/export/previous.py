"""Files that an earlier export left in a folder: whether vaecli wrote them, and whether they are outdated."""

import pathlib
from collections.abc import Callable

from vaecli.errors import ModelError
from vaecli.modelfile import protobuf
from vaecli.modelfile.find import FILES
from vaecli.modelfile.metadata import KEY_INFO, ModelInfo
from vaecli.modelfile.read import read_file


def is_ours(path: pathlib.Path) -> bool:
    """Return whether vaecli wrote this ONNX file: its metadata have vaecli's key. The digest is not checked."""
    try:
        return path.is_file() and KEY_INFO in protobuf.metadata(path.read_bytes())
    except (OSError, protobuf.WireError):
        return False


def outdated_files(info: ModelInfo) -> Callable[[pathlib.Path], bool]:
    """Return a function that tells whether a file belongs to another model or training state than `info`.

    It returns false for any file that vaecli did not write, and true for a damaged one that vaecli wrote.
    """

    def is_outdated(path: pathlib.Path) -> bool:
        if path.name not in FILES or not is_ours(path):
            return False
        try:
            other = read_file(path).info
        except ModelError:
            return True
        return (other.model_id, other.training) != (info.model_id, info.training)

    return is_outdated
