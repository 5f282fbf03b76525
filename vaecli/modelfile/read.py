"""One .onnx file: read, its digest compared, its metadata understood, before onnxruntime sees a byte."""

import dataclasses
import hashlib
import os
import pathlib
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vaecli.errors import ModelError
from vaecli.modelfile import graph, protobuf
from vaecli.modelfile.cost import measure
from vaecli.modelfile.metadata import KEY_DIGEST, ModelInfo, from_metadata

if TYPE_CHECKING:
    from vaecli.modelfile.golden import Golden

MAX_BYTES = 2**31 - 1  # protobuf's own limit
BLANK = b"0" * 64
WANTED = "Give a run, a model folder or a decoder.onnx that vaecli made."
UNUSABLE = "Do not use it, unless another vaecli made it: export it again, or pip install --upgrade vaecli"


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """The bytes of a file that has passed its checks, what it says of itself, its structure, and what it takes."""

    path: pathlib.Path
    content: bytes
    info: ModelInfo
    graph: graph.Graph
    cost: measure.Cost
    metadata: Mapping[str, str]

    def golden(self) -> "Golden":
        """The golden vectors that it carries.

        Raises:
            ModelError: it has none, or they do not fit.
        """
        from vaecli.modelfile.golden import KEY_GOLDEN, from_text  # noqa: PLC0415  # verify alone asks

        if KEY_GOLDEN not in self.metadata:
            raise ModelError(f"{self.path} carries no golden vectors.", hint="Export it again.")
        return from_text(self.metadata[KEY_GOLDEN], str(self.path))


def read_file(path: pathlib.Path) -> ModelFile:
    """Read and check one file.

    Raises:
        ModelError: it cannot be read, is no ONNX file, is not ours, of a later format, damaged, or holds what
            vaecli does not write.
    """
    content = _content(path)
    try:
        entries = protobuf.metadata(content)
    except protobuf.MetadataError as error:
        raise ModelError(f"The metadata of {path} do not fit: {error}.", hint=UNUSABLE) from error
    except protobuf.WireError as error:
        raise ModelError(f"{path} is not a whole ONNX file: {error}.", hint=WANTED) from error
    texts = {key: value for key, (value, _) in entries.items()}
    info = from_metadata(texts, str(path))
    value, where = entries.get(KEY_DIGEST, ("", 0))
    if digest(content, where) != value:
        raise ModelError(
            f"{path} is damaged: its content does not match the SHA-256 that it carries.",
            hint="Copy it again from where it was exported.",
        )
    try:
        structure = graph.read(content)
        graph.require_interface(structure, info)
        cost = measure.measure(structure, content)
    except protobuf.WireError as error:
        raise ModelError(
            f"{path} is not as vaecli writes a file, and is not opened: {error}.",
            hint=UNUSABLE,
        ) from error
    return ModelFile(path, content, info, structure, cost, texts)


def digest(content: bytes, where: int) -> str:
    """SHA-256 of a file with the 64 digits at `where`, its own digest, taken as zeros."""
    with memoryview(content) as view:  # a slice of bytes would be a copy of nearly the whole file
        hasher = hashlib.sha256(view[:where])
        hasher.update(BLANK)
        hasher.update(view[where + 64 :])
    return hasher.hexdigest()


def _content(path: pathlib.Path) -> bytes:
    """The bytes of a regular file, which its name may link to; a pipe or a device may have no end."""
    try:
        _require_regular(path, path.stat())  # before it is opened: that alone makes some devices act
        with open(path, "rb", opener=_without_waiting) as file:
            _require_regular(path, os.fstat(file.fileno()))
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.", hint=WANTED) from error
    if not content:
        raise ModelError(f"{path} is empty.", hint=WANTED)
    if len(content) > MAX_BYTES:
        raise ModelError(f"{path} is larger than an ONNX file can be.", hint=WANTED)
    return content


def _require_regular(path: pathlib.Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise ModelError(f"{path} is no regular file.", hint=WANTED)
    if found.st_size > MAX_BYTES:
        raise ModelError(f"{path} is larger than an ONNX file can be.", hint=WANTED)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that took its place meanwhile does not wait for a writer. Windows has no such flag."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
