"""One .onnx file: read, its digest compared, its metadata understood, before onnxruntime sees a byte."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vaecli.errors import ModelError
from vaecli.runtime import graph, sizes, wire
from vaecli.runtime.info import KEY_DIGEST, ModelInfo, from_metadata

if TYPE_CHECKING:
    from vaecli.runtime.golden import Golden

MAX_BYTES = 2**31 - 1  # protobuf's own limit
BLANK = b"0" * 64


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """The bytes of a file that has passed its checks, what it says of itself, its structure, and what it takes."""

    path: pathlib.Path
    content: bytes
    info: ModelInfo
    graph: graph.Graph
    cost: sizes.Cost
    metadata: Mapping[str, str]

    def golden(self) -> "Golden":
        """The golden vectors that it carries.

        Raises:
            ModelError: it has none, or they do not fit.
        """
        from vaecli.runtime.golden import KEY_GOLDEN, from_text  # noqa: PLC0415  # verify alone asks

        if KEY_GOLDEN not in self.metadata:
            raise ModelError(f"{self.path} carries no golden vectors.", hint="Export it again.")
        return from_text(self.metadata[KEY_GOLDEN], str(self.path))


def read(path: pathlib.Path) -> ModelFile:
    """Read and check one file.

    Raises:
        ModelError: it cannot be read, is no ONNX file, is not ours, of a later format, damaged, or holds what
            vaecli does not write.
    """
    hint = "Give a run, a model folder or a decoder.onnx that vaecli made."
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path} is larger than an ONNX file can be.", hint=hint)
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.", hint=hint) from error
    if not content:
        raise ModelError(f"{path} is empty.", hint=hint)
    try:
        entries = wire.metadata(content)
    except wire.WireError as error:
        raise ModelError(f"{path} is not a whole ONNX file: {error}.", hint=hint) from error
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
        cost = sizes.measure(structure, content)
    except wire.WireError as error:
        raise ModelError(
            f"{path} is not as vaecli writes a file, and is not opened: {error}.",
            hint="Do not use it, unless a later vaecli made it: pip install --upgrade vaecli",
        ) from error
    return ModelFile(path, content, info, structure, cost, texts)


def digest(content: bytes, where: int) -> str:
    """SHA-256 of a file with the 64 digits at `where`, its own digest, taken as zeros."""
    hasher = hashlib.sha256(content[:where])
    hasher.update(BLANK)
    hasher.update(content[where + 64 :])
    return hasher.hexdigest()
