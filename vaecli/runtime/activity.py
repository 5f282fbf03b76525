"""The units of a network that never change: dead ones, which cost time and do nothing.

A unit is a channel of a convolution or a number of a dense layer, behind its activation: Relu, or SiLU, which is
stored as a product with a Sigmoid. It is dead if it has the same value for all images, at all places.
"""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from vaecli.modelfile.cost.measure import Cost
from vaecli.modelfile.graph import Graph, Node
from vaecli.modelfile.protobuf import BYTES, GRAPH, field, fields, varint_bytes
from vaecli.runtime.graph_file import DescribedGraph, GraphFile
from vaecli.runtime.session import Session

GRAPH_OUTPUT, NAME = 12, 1  # fields of GraphProto and ValueInfoProto
SLACK = 1e-6  # of the largest value: smaller changes are rounding errors


class Units(NamedTuple):
    """Units of a network: those that are dead, and all."""

    dead: int
    all: int


@dataclasses.dataclass(frozen=True)
class _Tapped:
    """A file whose graph also gives the values behind its activations."""

    content: bytes
    graph: Graph
    info: DescribedGraph
    path: pathlib.Path
    cost: Cost


def dead_in(
    file: GraphFile, batches: Iterable[Mapping[str, np.ndarray]], *, threads: int | None = None
) -> Units:
    """Count the units of a network that have one value for all inputs.

    Args:
        file: checked file in float32.
        batches: inputs (n, ...) float32 by name, n at least 2.
        threads: number of threads.

    Raises:
        ModelError: onnxruntime fails.
    """
    taps = _activations(file.graph)
    if not taps:
        return Units(0, 0)
    session = Session(_tapped(file, taps), thread_count=threads)
    lowest: dict[str, np.ndarray] = {}
    highest: dict[str, np.ndarray] = {}
    for batch in batches:
        for name, values in session.run(batch, taps).items():
            places = tuple(axis for axis in range(values.ndim) if axis != 1)
            low, high = values.min(axis=places), values.max(axis=places)
            lowest[name] = np.minimum(lowest.get(name, low), low)
            highest[name] = np.maximum(highest.get(name, high), high)
    return _counted(lowest, highest)


def _counted(lowest: Mapping[str, np.ndarray], highest: Mapping[str, np.ndarray]) -> Units:
    dead, total = 0, 0
    for name, high in highest.items():
        change = high - lowest[name]
        largest = max(float(np.abs(high).max()), float(np.abs(lowest[name]).max()))
        dead += int((change <= SLACK * largest).sum())
        total += len(change)
    return Units(dead, total)


def _activations(graph: Graph) -> list[str]:
    """Return the names of the values behind activations."""
    gates = {node.outputs[0]: node.inputs[0] for node in graph.nodes if node.operator == "Sigmoid"}
    return [node.outputs[0] for node in graph.nodes if node.operator == "Relu" or _is_silu(node, gates)]


def _is_silu(node: Node, gates: Mapping[str, str]) -> bool:
    """Return whether a node multiplies a value with its own Sigmoid."""
    return node.operator == "Mul" and any(gates.get(name) in node.inputs for name in node.inputs)


def _tapped(file: GraphFile, taps: list[str]) -> _Tapped:
    """Return the file with further outputs; onnxruntime finds out their types by itself."""
    more = b"".join(field(GRAPH_OUTPUT, field(NAME, name.encode())) for name in taps)
    pieces = []
    for number, kind, first, last in fields(file.content, 0, len(file.content)):
        payload = file.content[first:last] + (more if number == GRAPH else b"")
        length = varint_bytes(len(payload)) if kind == BYTES else b""
        pieces.append(varint_bytes(number << 3 | kind) + length + payload)
    outputs = dict(file.graph.outputs) | dict.fromkeys(taps, (None,))
    return _Tapped(b"".join(pieces), file.graph._replace(outputs=outputs), file.info, file.path, file.cost)
