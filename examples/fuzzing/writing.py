"""ONNX graphs written by hand, whatever is in them: the onnx package would check them."""

from typing import Any

import numpy as np

from fuzzing.mutants import encoded
from vaecli.runtime.wire import BYTES, GRAPH, VARINT

KINDS = {"f4": 1, "u1": 2, "i1": 3, "i4": 6, "i8": 7, "f2": 10}


class Drawn:
    """A graph of `z` (N, D): nodes and constants as bytes, in order; a value is its name."""

    def __init__(self, latent_dim: int) -> None:
        self.latent_dim = latent_dim
        self.nodes: list[bytes] = []
        self.tensors: list[bytes] = []

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """A node of one output, and the output's name."""
        output = output or f"w{len(self.nodes)}"
        content = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, operator)
        for name, value in attributes.items():
            content += encoded(5, BYTES, _attribute(name, value))
        self.nodes.append(content)
        return output

    def constant(self, array: np.ndarray) -> str:
        """A constant, and its name."""
        name = f"c{len(self.tensors)}"
        content = b"".join(encoded(1, VARINT, size) for size in array.shape)
        content += encoded(2, VARINT, KINDS[array.dtype.str[1:]]) + _text(8, name)
        self.tensors.append(content + encoded(9, BYTES, array.tobytes()))
        return name


def model(drawn: Drawn, *, opset: int, image: tuple[int, int, int]) -> bytes:
    """A whole file without metadata: `z` -> `image` and `logits`, both (N, *image)."""
    graph = b"".join(encoded(1, BYTES, node) for node in drawn.nodes) + _text(2, "g")
    graph += b"".join(encoded(5, BYTES, tensor) for tensor in drawn.tensors)
    graph += encoded(11, BYTES, _value("z", (drawn.latent_dim,)))
    graph += b"".join(encoded(12, BYTES, _value(name, image)) for name in ("image", "logits"))
    return encoded(1, VARINT, 7) + encoded(GRAPH, BYTES, graph) + encoded(8, BYTES, encoded(2, VARINT, opset))


def _text(number: int, value: str) -> bytes:
    return encoded(number, BYTES, value.encode())


def _attribute(name: str, value: Any) -> bytes:
    head = _text(1, name)
    if isinstance(value, str):
        return head + _text(4, value) + encoded(20, VARINT, 3)
    if isinstance(value, int):
        return head + encoded(3, VARINT, value % 2**64) + encoded(20, VARINT, 2)
    return head + b"".join(encoded(8, VARINT, item % 2**64) for item in value) + encoded(20, VARINT, 7)


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    axes = [_text(2, "N"), *(encoded(1, VARINT, size) for size in shape)]
    array = encoded(1, VARINT, 1) + encoded(2, BYTES, b"".join(encoded(1, BYTES, axis) for axis in axes))
    return _text(1, name) + encoded(2, BYTES, encoded(1, BYTES, array))
