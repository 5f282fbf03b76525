"""A writer of arbitrary ONNX graphs as bytes. The onnx package would refuse to write invalid ones."""

from typing import Any

import numpy as np

from vaecli.modelfile.protobuf import GRAPH, VARINT, field

KINDS = {"f4": 1, "u1": 2, "i1": 3, "i4": 6, "i8": 7, "f2": 10}


class GraphBuilder:
    """Nodes and constants of a graph with the input `z` (N, D), as bytes and in order; values are named."""

    def __init__(self, latent_dim: int) -> None:
        self.latent_dim = latent_dim
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        output = output or f"w{len(self.nodes)}"
        content = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operator)
        for name, value in attributes.items():
            content += field(5, _attribute(name, value))
        self.nodes.append(content)
        return output

    def constant(self, array: np.ndarray) -> str:
        """Add a constant; return its name."""
        name = f"c{len(self.tensors)}"
        content = b"".join(field(1, size, VARINT) for size in array.shape)
        content += field(2, KINDS[array.dtype.str[1:]], VARINT) + _text(8, name)
        self.tensors.append(content + field(9, array.tobytes()))
        return name


def model(builder: GraphBuilder, *, opset: int, image: tuple[int, int, int]) -> bytes:
    """Return a model file without metadata: `z` -> `image` and `logits`, both (N, *image)."""
    graph = b"".join(field(1, node) for node in builder.nodes) + _text(2, "g")
    graph += b"".join(field(5, tensor) for tensor in builder.tensors)
    graph += field(11, _value("z", (builder.latent_dim,)))
    graph += b"".join(field(12, _value(name, image)) for name in ("image", "logits"))
    return field(1, 7, VARINT) + field(GRAPH, graph) + field(8, field(2, opset, VARINT))


def _text(number: int, value: str) -> bytes:
    return field(number, value.encode())


def _attribute(name: str, value: Any) -> bytes:
    head = _text(1, name)
    if isinstance(value, str):
        return head + _text(4, value) + field(20, 3, VARINT)
    if isinstance(value, int):
        return head + field(3, value % 2**64, VARINT) + field(20, 2, VARINT)
    return head + b"".join(field(8, item % 2**64, VARINT) for item in value) + field(20, 7, VARINT)


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    axes = [_text(2, "N"), *(field(1, size, VARINT) for size in shape)]
    array = field(1, 1, VARINT) + field(2, b"".join(field(1, axis) for axis in axes))
    return _text(1, name) + field(2, field(1, array))
