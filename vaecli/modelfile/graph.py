"""What a file would have onnxruntime do, read and judged beforehand: operators, constants, inputs, outputs.

A file from a stranger may carry a right digest. What is checked here is what `export` writes and no more: operators
from a list, no subgraphs or functions, constants that lie in the file and fill the bytes they claim.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from vaecli.modelfile import onnx_schema
from vaecli.modelfile.cost.values import ELEMENT_TYPES, FreeShape
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.operators import ALLOWED
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.versions import FIRST_ONNXRUNTIME

FLOAT32, INT64 = 1, 7
IR_VERSIONS = (7, 8)  # those that come with the opsets 13 to 18
N = "N"  # what the batch axis is called
ATTRIBUTE_TYPES = {"f": 1, "i": 2, "s": 3, "ints": 7}  # AttributeProto: the field -> its type


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
    model = onnx_schema.parse(content)
    if "graph" not in model:
        raise WireError("no graph in it")
    graph = model["graph"]
    return Graph(
        ir_version=_ir_version(model),
        opsets=_opsets(model),
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


def _ir_version(model: onnx_schema.Message) -> int:
    version: int = model.get("ir_version", 0)
    if version not in IR_VERSIONS:
        raise WireError(f"it has IR version {version}; {' or '.join(map(str, IR_VERSIONS))} was expected")
    return version


def _opsets(model: onnx_schema.Message) -> dict[str, int]:
    """One set of operators, ONNX's own: what an operator means depends on the version."""
    found = [(entry.get("domain", ""), entry.get("version", 0)) for entry in model["opset_import"]]
    if len(found) != 1 or found[0][0] or found[0][1] not in FIRST_ONNXRUNTIME:
        shown = ", ".join(f"{domain[:40]} {version}".strip() for domain, version in found) or "none"
        known = f"{min(FIRST_ONNXRUNTIME)} to {max(FIRST_ONNXRUNTIME)}"
        raise WireError(f"its operators are of the version {shown}; one from {known} was expected")
    return dict(found)


def _node(node: onnx_schema.Message) -> Node:
    domain, operator = node.get("domain", ""), node.get("op_type", "")
    if operator not in ALLOWED.get(domain, ()):
        raise WireError(
            f"it has an operator that is not allowed, {f'{domain}.{operator}'.lstrip('.')[:80]!r}"
        )
    attributes = _by_name((entry, _attribute(entry)) for entry in node["attribute"])
    return Node(operator, tuple(node["input"]), tuple(node["output"]), attributes)


def _attribute(entry: onnx_schema.Message) -> Any:
    """Its value, from the one field that its type names: onnxruntime reads that and passes over others."""
    given = [name for name in ("f", "i", "s") if name in entry] + ["ints"] * bool(entry["ints"])
    if len(given) != 1 or entry.get("type") != ATTRIBUTE_TYPES[given[0]]:
        raise WireError(f"its attribute {entry.get('name', '')[:80]!r} is not of one type")
    return tuple(entry["ints"]) if given == ["ints"] else entry[given[0]]


def _tensor(entry: onnx_schema.Message) -> Tensor:
    name, shape, kind = entry.get("name", ""), tuple(entry["dims"]), entry.get("data_type", 0)
    first, last = entry.get("raw_data", (0, 0))
    if kind not in ELEMENT_TYPES:
        raise WireError(f"its constant {name[:80]!r} is of type {kind}")
    if min(shape, default=1) < 1 or math.prod(shape) * ELEMENT_TYPES[kind][1] != last - first:
        raise WireError(
            f"its constant {name[:80]!r} claims the shape {shape} and fills {last - first:,} bytes"
        )
    return Tensor(shape, kind, (first, last))


def _shape(entry: onnx_schema.Message) -> FreeShape:
    array = entry.get("type", {}).get("tensor_type", {})
    if array.get("elem_type") != FLOAT32 or "shape" not in array:
        raise WireError(f"its {entry.get('name', '')[:80]!r} is no float32 array of a known shape")
    return tuple(_axis(axis) for axis in array["shape"]["dim"])


def _axis(axis: onnx_schema.Message) -> int | None:
    if list(axis) not in (["dim_value"], ["dim_param"]) or axis.get("dim_param", N) != N:
        raise WireError("an axis that is neither N nor a number")
    size: int | None = axis.get("dim_value")
    return size


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
