"""What a file would have onnxruntime do, read and judged beforehand: operators, constants, inputs, outputs.

A file from a stranger may carry a right digest. What is checked here is what `export` writes and no more: operators
from a list, no subgraphs or functions, constants that lie in the file and fill the bytes they claim.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from vaecli.runtime import messages
from vaecli.runtime.info import ModelInfo
from vaecli.runtime.operators import ALLOWED
from vaecli.runtime.wire import WireError

FreeShape = tuple[int | None, ...]  # None is the batch axis, N

FLOAT32, INT64 = 1, 7
ITEM_BYTES = {1: 4, 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 10: 2}  # float32, uint8, int8, int32, int64, bool, float16


class Node(NamedTuple):
    """One operator: what it is, and the names of what goes in and comes out."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


class Tensor(NamedTuple):
    """One constant: its shape, and where its bytes start and end in the file."""

    shape: tuple[int, ...]
    element_type: int
    span: tuple[int, int]

    @property
    def size(self) -> int:
        """How many elements."""
        return math.prod(self.shape)

    @property
    def says_shape(self) -> bool:
        """Whether it holds indices or sizes, not parameters: int64."""
        return self.element_type == INT64


class Graph(NamedTuple):
    """The structure of one file.

    Attributes:
        ir_version: of the file format.
        opsets: operator domain -> version.
        nodes: in their order.
        tensors: the constants by name.
        inputs: name -> shape, None for the free axis.
        outputs: likewise.
    """

    ir_version: int
    opsets: Mapping[str, int]
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: Mapping[str, FreeShape]
    outputs: Mapping[str, FreeShape]


def read(content: bytes) -> Graph:
    """Read the structure of a file.

    Raises:
        WireError: it is not a model, or holds what vaecli does not write.
    """
    model = messages.parse(content)
    if "graph" not in model:
        raise WireError("no graph in it")
    graph = model["graph"]
    opsets = {entry.get("domain", ""): entry.get("version", 0) for entry in model["opset_import"]}
    return Graph(
        ir_version=model.get("ir_version", 0),
        opsets=opsets,
        nodes=tuple(_node(node) for node in graph["node"]),
        tensors=_by_name((entry, _tensor(entry)) for entry in graph["initializer"]),
        inputs=_by_name((entry, _shape(entry)) for entry in graph["input"]),
        outputs=_by_name((entry, _shape(entry)) for entry in graph["output"]),
    )


def require_interface(graph: Graph, info: ModelInfo) -> None:
    """Refuse a graph that does not take and give what its metadata say.

    Raises:
        WireError: naming what was expected and what is there.
    """
    image: FreeShape = (None, *info.image_shape)
    latent: FreeShape = (None, info.latent_dim)
    if info.part == "encoder":
        inputs, outputs = {"image": image}, {"z_mean": latent, "z_log_var": latent}
    else:
        inputs, outputs = {"z": latent}, dict.fromkeys(["image", *info.likelihood["outputs"]], image)
    for what, expected, found in (("takes", inputs, graph.inputs), ("gives", outputs, graph.outputs)):
        if dict(found) != expected:
            raise WireError(f"it {what} {_shown(found)}, and by its metadata it would be {_shown(expected)}")


def _node(node: messages.Message) -> Node:
    domain, operator = node.get("domain", ""), node.get("op_type", "")
    if operator not in ALLOWED.get(domain, ()):
        raise WireError(
            f"it has an operator that is not allowed, {f'{domain}.{operator}'.lstrip('.')[:80]!r}"
        )
    attributes = _by_name((entry, _attribute(entry)) for entry in node["attribute"])
    return Node(operator, tuple(node["input"]), tuple(node["output"]), attributes)


def _attribute(entry: messages.Message) -> Any:
    return next((entry[name] for name in ("i", "f", "s") if name in entry), tuple(entry["ints"]))


def _tensor(entry: messages.Message) -> Tensor:
    name, shape, kind = entry.get("name", ""), tuple(entry["dims"]), entry.get("data_type", 0)
    first, last = entry.get("raw_data", (0, 0))
    if kind not in ITEM_BYTES:
        raise WireError(f"its constant {name[:80]!r} is of type {kind}")
    if min(shape, default=0) < 0 or math.prod(shape) * ITEM_BYTES[kind] != last - first:
        raise WireError(
            f"its constant {name[:80]!r} claims the shape {shape} and fills {last - first:,} bytes"
        )
    return Tensor(shape, kind, (first, last))


def _shape(entry: messages.Message) -> FreeShape:
    array = entry.get("type", {}).get("tensor_type", {})
    if array.get("elem_type") != FLOAT32 or "shape" not in array:
        raise WireError(f"its {entry.get('name', '')[:80]!r} is no float32 array of a known shape")
    return tuple(axis.get("dim_value") for axis in array["shape"]["dim"])


def _by_name(pairs: Any) -> dict[str, Any]:
    """Named entries as a dict; a name that comes twice is refused."""
    found: dict[str, Any] = {}
    for entry, value in pairs:
        name = entry.get("name", "")
        if name in found:
            raise WireError(f"two things in it are called {name[:80]!r}")
        found[name] = value
    return found


def _shown(values: Mapping[str, FreeShape]) -> str:
    return ", ".join(
        f"{name[:40]} ({', '.join('N' if axis is None else str(axis) for axis in shape)})"
        for name, shape in list(values.items())[:8]
    )
