"""The graph of a file, read and checked before onnxruntime sees it: operators, constants, inputs, outputs.

A stranger's file may carry a correct digest. The checks admit what `export` writes and nothing else: operators
from a list, no subgraphs or functions, and constants whose bytes lie in the file and fill their shape.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from vaecli.modelfile import onnx_schema
from vaecli.modelfile.cost.values import ELEMENT_TYPES, FreeShape
from vaecli.modelfile.metadata import LABEL, ModelInfo
from vaecli.modelfile.operators import ALLOWED
from vaecli.modelfile.protobuf import WireError
from vaecli.modelfile.versions import FIRST_ONNXRUNTIME

FLOAT32, INT64 = 1, 7
IR_VERSIONS = (7, 8)  # those that belong to opsets 13 to 18
N = "N"  # the name of the batch axis
ATTRIBUTE_TYPES = {"f": 1, "i": 2, "s": 3, "ints": 7}  # AttributeProto: field -> type


class Node(NamedTuple):
    """One operator, the names of its inputs and outputs, and its attributes."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


class Tensor(NamedTuple):
    """One constant: its shape and element type, and the start and end of its bytes in the file."""

    shape: tuple[int, ...]
    element_type: int
    span: tuple[int, int]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_index(self) -> bool:
        """Whether the constant holds indices or sizes (int64), not parameters."""
        return self.element_type == INT64


class Graph(NamedTuple):
    """The structure of one file.

    Attributes:
        ir_version: version of the file format.
        opsets: operator domain -> version.
        nodes: operators in the order of the file.
        tensors: constants by name.
        inputs: name -> shape, None for the batch axis.
        outputs: name -> shape, None for the batch axis.
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
        WireError: the file is not a model, or holds what vaecli does not write.
    """
    model = onnx_schema.parse(content)
    if "graph" not in model:
        raise WireError("the model must have a graph")
    graph = model["graph"]
    return Graph(
        ir_version=_ir_version(model),
        opsets=_opsets(model),
        nodes=tuple(_node(node) for node in graph["node"]),
        tensors=_by_name("initializers", [(entry, _tensor(entry)) for entry in graph["initializer"]]),
        inputs=_by_name("inputs", [(entry, _shape(entry)) for entry in graph["input"]]),
        outputs=_by_name("outputs", [(entry, _shape(entry)) for entry in graph["output"]]),
    )


def interface(info: ModelInfo) -> tuple[dict[str, FreeShape], dict[str, FreeShape]]:
    """Return the inputs and the outputs of a part of a model by its metadata, name -> shape."""
    image: FreeShape = (None, *info.image_shape)
    latent: FreeShape = (None, info.latent_dim)
    if info.part == "encoder":
        inputs = {"image": image}
        outputs = {"z_mean": latent, "z_log_var": latent}
    else:
        inputs = {"z": latent}
        outputs = dict.fromkeys(["image", *info.likelihood["outputs"]], image)
    if info.is_conditional:
        inputs[LABEL] = (None, len(info.class_names))
    return inputs, outputs


def require_interface(
    graph: Graph, inputs: Mapping[str, FreeShape], outputs: Mapping[str, FreeShape]
) -> None:
    """Refuse a graph whose inputs and outputs are not those that its metadata name.

    Raises:
        WireError: names or shapes differ; the message gives the expected and the actual ones.
    """
    for kind, expected, actual in (("inputs", inputs, graph.inputs), ("outputs", outputs, graph.outputs)):
        if dict(actual) != expected:
            raise WireError(f"its {kind} must be {_shown(expected)} by its metadata, got {_shown(actual)}")


def _ir_version(model: onnx_schema.Message) -> int:
    version: int = model.get("ir_version", 0)
    if version not in IR_VERSIONS:
        raise WireError(f"its IR version must be {' or '.join(map(str, IR_VERSIONS))}, got {version}")
    return version


def _opsets(model: onnx_schema.Message) -> dict[str, int]:
    """Return the one operator set, ONNX's own; the meaning of an operator depends on its version."""
    opsets = [(entry.get("domain", ""), entry.get("version", 0)) for entry in model["opset_import"]]
    if len(opsets) != 1 or opsets[0][0] or opsets[0][1] not in FIRST_ONNXRUNTIME:
        shown = ", ".join(f"{domain[:40]} {version}".strip() for domain, version in opsets) or "none"
        known = f"{min(FIRST_ONNXRUNTIME)} to {max(FIRST_ONNXRUNTIME)}"
        raise WireError(f"its opset must be one of {known}, got {shown}")
    return dict(opsets)


def _node(node: onnx_schema.Message) -> Node:
    domain, operator = node.get("domain", ""), node.get("op_type", "")
    if operator not in ALLOWED.get(domain, ()):
        raise WireError(
            f"it has an operator that is not allowed, {f'{domain}.{operator}'.lstrip('.')[:80]!r}"
        )
    attributes = _by_name("attributes", [(entry, _attribute(entry)) for entry in node["attribute"]])
    return Node(operator, tuple(node["input"]), tuple(node["output"]), attributes)


def _attribute(entry: onnx_schema.Message) -> Any:
    """Return the value of the one field that the type names: onnxruntime reads that field and ignores others."""
    filled = [name for name in ("f", "i", "s") if name in entry] + ["ints"] * bool(entry["ints"])
    if len(filled) != 1 or entry.get("type") != ATTRIBUTE_TYPES[filled[0]]:
        raise WireError(f"its attribute {entry.get('name', '')[:80]!r} must have one value, of its type")
    return tuple(entry["ints"]) if filled == ["ints"] else entry[filled[0]]


def _tensor(entry: onnx_schema.Message) -> Tensor:
    name, shape, kind = entry.get("name", ""), tuple(entry["dims"]), entry.get("data_type", 0)
    first, last = entry.get("raw_data", (0, 0))
    if kind not in ELEMENT_TYPES:
        known = ", ".join(map(str, ELEMENT_TYPES))
        raise WireError(f"its constant {name[:80]!r} must have one of the element types {known}, got {kind}")
    if min(shape, default=1) < 1 or math.prod(shape) * ELEMENT_TYPES[kind][1] != last - first:
        raise WireError(f"its constant {name[:80]!r} must fill the shape {shape}, got {last - first:,} bytes")
    return Tensor(shape, kind, (first, last))


def _shape(entry: onnx_schema.Message) -> FreeShape:
    array = entry.get("type", {}).get("tensor_type", {})
    if array.get("elem_type") != FLOAT32 or "shape" not in array:
        raise WireError(f"its {entry.get('name', '')[:80]!r} must be a float32 array of a known shape")
    return tuple(_axis(axis) for axis in array["shape"]["dim"])


def _axis(axis: onnx_schema.Message) -> int | None:
    if list(axis) not in (["dim_value"], ["dim_param"]) or axis.get("dim_param", N) != N:
        raise WireError("each axis must be N or a number")
    size: int | None = axis.get("dim_value")
    return size


def _by_name(kind: str, pairs: Iterable[tuple[onnx_schema.Message, Any]]) -> dict[str, Any]:
    """Return (entry, value) pairs as a dict by the entry's name; refuse two of a kind with the same name."""
    values: dict[str, Any] = {}
    for entry, value in pairs:
        name = entry.get("name", "")
        if name in values:
            raise WireError(f"the names of {kind} must differ, got {name[:80]!r} twice")
        values[name] = value
    return values


def _shown(values: Mapping[str, FreeShape]) -> str:
    return ", ".join(
        f"{name[:40]} ({', '.join('N' if axis is None else str(axis) for axis in shape)})"
        for name, shape in list(values.items())[:8]
    )
