"""Read and check one .onnx file, or its bytes, before onnxruntime opens it."""

import dataclasses
import hashlib
import os
import pathlib
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from vaecli import foreign
from vaecli.errors import ModelError
from vaecli.modelfile import graph, protobuf
from vaecli.modelfile.cost import measure
from vaecli.modelfile.cost.values import FreeShape
from vaecli.modelfile.metadata import KEY_DIGEST, ModelInfo, from_metadata

if TYPE_CHECKING:
    from vaecli.modelfile.facts import Facts
    from vaecli.modelfile.golden import Golden
    from vaecli.modelfile.prior_facts import PriorFacts
    from vaecli.modelfile.score_facts import ScoreFacts

MAX_BYTES = 2**31 - 1  # protobuf's own limit
BLANK = b"0" * 64
EXPECTED = "Give a run, a model folder or a decoder.onnx that vaecli made."
UNUSABLE = "Do not use a file that you do not trust. Export it again, or pip install --upgrade vaecli"


@dataclasses.dataclass(frozen=True)
class ModelFile:
    """A file of ours that has been read and checked, before onnxruntime opens it.

    Attributes:
        path: path for messages; a file that was read from bytes need not exist.
        content: bytes of the file.
        info: description of the model, from the metadata.
        graph: operators, constants, inputs and outputs.
        cost: memory and multiplications per image.
        metadata: all entries, key -> text.
    """

    path: pathlib.Path
    content: bytes
    info: ModelInfo
    graph: graph.Graph
    cost: measure.Cost
    metadata: Mapping[str, str]

    def golden(self) -> "Golden":
        """Decode the golden vectors in the file.

        Raises:
            ModelError: the file has no golden vectors, or they are malformed.
        """
        from vaecli.modelfile.golden import KEY_GOLDEN, from_text  # noqa: PLC0415  # verify alone asks

        if KEY_GOLDEN not in self.metadata:
            raise ModelError(f"{self.path} has no golden vectors.", hint="Export it again.")
        return from_text(self.metadata[KEY_GOLDEN], str(self.path))

    def facts(self) -> "Facts":
        """Decode the facts in the file; all are None if it has none.

        Raises:
            ModelError: the facts do not fit the model.
        """
        from vaecli.modelfile.facts import KEY_FACTS, Facts, from_text  # noqa: PLC0415  # few commands ask

        if KEY_FACTS not in self.metadata:
            return Facts()
        sizes = {"latent_dim": self.info.latent_dim, "class_count": len(self.info.class_names)}
        return from_text(self.metadata[KEY_FACTS], str(self.path), **sizes)

    def score_facts(self) -> "ScoreFacts | None":
        """Decode what the score is computed with; None if the file does not have it.

        Raises:
            ModelError: the arrays do not fit the model.
        """
        from vaecli.modelfile.score_facts import KEY_SCORE, from_text  # noqa: PLC0415  # few commands ask

        if KEY_SCORE not in self.metadata:
            return None
        return from_text(self.metadata[KEY_SCORE], str(self.path), latent_dim=self.info.latent_dim)

    def prior_facts(self) -> "PriorFacts":
        """Decode the mixtures of the prior; all arrays are None if the file has none.

        Raises:
            ModelError: the arrays do not fit the model, or the prior is a mixture that the file does not have.
        """
        from vaecli.modelfile.prior_facts import KEY_PRIOR, PriorFacts, from_text  # noqa: PLC0415  # few ask

        facts = PriorFacts()
        if KEY_PRIOR in self.metadata:
            sizes = {"latent_dim": self.info.latent_dim, "class_count": len(self.info.class_names)}
            facts = from_text(self.metadata[KEY_PRIOR], str(self.path), **sizes)
        if self.info.prior["name"] == "mixture" and facts.weights is None:
            raise ModelError(
                f"The prior of {self.path} must be in the file, which has no mixture.",
                hint="Export it again.",
            )
        return facts


def read_file(path: pathlib.Path) -> ModelFile:
    """Read and check one file.

    Raises:
        ModelError: the file cannot be read, or `check_content` refuses its bytes.
    """
    return check_content(content_of(path), path)


def check_content(content: bytes, path: pathlib.Path) -> ModelFile:
    """Check the bytes of a file; `path` is for messages.

    Raises:
        ModelError: not an ONNX file, not made by vaecli, of another format, damaged, or with a graph that vaecli
            does not write.
    """
    texts = metadata_texts(content, path)
    info = from_metadata(texts, str(path))
    require_digest(content, path)
    structure, cost = structure_of(content, path, *graph.interface(info))
    return ModelFile(path, content, info, structure, cost, texts)


def metadata_texts(content: bytes, path: pathlib.Path) -> dict[str, str]:
    """Return the metadata entries of a file, key -> text.

    Raises:
        ModelError: not an ONNX file, or malformed metadata.
    """
    try:
        return {key: value for key, (value, _) in protobuf.metadata(content).items()}
    except protobuf.MetadataError as error:
        raise ModelError(f"The metadata of {path} do not fit: {error}.", hint=UNUSABLE) from error
    except protobuf.WireError as error:
        raise _not_onnx(content, path, error) from error


def require_digest(content: bytes, path: pathlib.Path) -> None:
    """Refuse a file whose content does not match the SHA-256 in its metadata, which are well-formed.

    Raises:
        ModelError: it does not match, or there is none.
    """
    value, where = protobuf.metadata(content).get(KEY_DIGEST, ("", 0))
    if digest(content, where) != value:
        raise ModelError(
            f"{path} is damaged: its content does not match the SHA-256 in its metadata.",
            hint="Copy it again from where it was exported.",
        )


def structure_of(
    content: bytes, path: pathlib.Path, inputs: Mapping[str, FreeShape], outputs: Mapping[str, FreeShape]
) -> tuple[graph.Graph, measure.Cost]:
    """Read the graph of a file that must have these inputs and outputs, and add up its cost.

    Raises:
        ModelError: a graph that vaecli does not write.
    """
    try:
        structure = graph.read(content)
        graph.require_interface(structure, inputs, outputs)
        return structure, measure.measure(structure, content)
    except protobuf.WireError as error:
        raise ModelError(
            f"The graph of {path} is not one that vaecli writes: {error}.",
            hint=UNUSABLE,
        ) from error


def _not_onnx(content: bytes, path: pathlib.Path, error: protobuf.WireError) -> ModelError:
    kind = foreign.identify(content[: foreign.START], path)
    if kind and kind.kind != foreign.ONNX:
        return ModelError(f"{path} must be an ONNX file, got {kind.kind}.", hint=kind.hint or EXPECTED)
    return ModelError(f"{path} is not a complete ONNX file: {error}.", hint=EXPECTED)


def digest(content: bytes, where: int) -> str:
    """Compute the SHA-256 of a file with its own digest, the 64 digits at `where`, taken as zeros."""
    with memoryview(content) as view:  # a slice of bytes would copy nearly the whole file
        hasher = hashlib.sha256(view[:where])
        hasher.update(BLANK)
        hasher.update(view[where + 64 :])
    return hasher.hexdigest()


def content_of(path: pathlib.Path) -> bytes:
    """Read a regular file or the target of a link; a pipe or a device may have no end.

    Raises:
        ModelError: the file cannot be read, is empty, or has 2 GiB or more.
    """
    try:
        _require_regular(path, path.stat())  # before the open, which alone triggers some devices
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            _require_regular(path, status)
            # Python reserves all that a read asks for; 2 GiB fail where a process may have less (`ulimit -v`).
            content = file.read(max(status.st_size, foreign.START) + 1)
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror or error}.", hint=EXPECTED) from error
    if not content:
        raise ModelError(f"{path} is empty.", hint=EXPECTED)
    if len(content) > MAX_BYTES:
        raise _too_large(path)
    return content


def _require_regular(path: pathlib.Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
        raise ModelError(f"{path} must be a regular file, got {kind}.", hint=EXPECTED)
    if status.st_size > MAX_BYTES:
        raise _too_large(path)


def _too_large(path: pathlib.Path) -> ModelError:
    return ModelError(f"{path} must have at most {MAX_BYTES:,} bytes, got more.", hint=EXPECTED)


def _without_waiting(path: str, flags: int) -> int:
    """Open without blocking, in case the file was swapped for a named pipe; Windows has no such flag."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
