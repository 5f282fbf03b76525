"""ONNX graphs written by hand, for tests that run where the onnx package is not installed."""

import struct

import numpy as np
import pytest

KINDS = {"f4": 1, "u1": 2, "i1": 3, "i4": 6, "i8": 7, "f2": 10, "f8": 11}


class GraphBuilder:
    """A writer of parts of an ONNX graph as bytes; `forge` writes the fields."""

    def __init__(self, forge):
        self.forge = forge

    def text(self, number, value):
        return self.forge.field(number, value.encode())

    def number(self, number, value):
        return self.forge.varint(number << 3) + self.forge.varint(value % 2**64)

    def attribute(self, name, value):
        head = self.text(1, name)
        if isinstance(value, str):
            return head + self.text(4, value) + self.number(20, 3)
        if isinstance(value, int):
            return head + self.number(3, value) + self.number(20, 2)
        if isinstance(value, float):
            return head + b"\x15" + struct.pack("<f", value) + self.number(20, 1)
        return head + b"".join(self.number(8, item) for item in value) + self.number(20, 7)

    def node(self, operator, inputs, outputs, domain="", extra=b"", **attributes):
        content = b"".join(self.text(1, name) for name in inputs)
        content += b"".join(self.text(2, name) for name in outputs)
        content += self.text(4, operator)
        for name, value in attributes.items():
            content += self.forge.field(5, self.attribute(name, value))
        return content + (self.text(7, domain) if domain else b"") + extra

    def tensor(self, name, array, extra=b""):
        array = np.asarray(array)
        content = b"".join(self.number(1, size) for size in array.shape)
        content += self.number(2, KINDS[array.dtype.str[1:]]) + self.text(8, name)
        return content + self.forge.field(9, array.tobytes()) + extra

    def value(self, name, shape=None, kind=1):
        array = self.number(1, kind)
        if shape is not None:
            axes = [self.text(2, "N") if size is None else self.number(1, size) for size in shape]
            array += self.forge.field(2, b"".join(self.forge.field(1, axis) for axis in axes))
        return self.text(1, name) + self.forge.field(2, self.forge.field(1, array))

    def graph(self, nodes, tensors=(), inputs=(), outputs=(), extra=b""):
        content = b"".join(self.forge.field(1, node) for node in nodes) + self.text(2, "g")
        for number, parts in ((5, tensors), (11, inputs), (12, outputs)):
            content += b"".join(self.forge.field(number, part) for part in parts)
        return content + extra

    def model(self, graph, opset=13, extra=b""):
        """Write a file around a graph, without metadata."""
        operators = self.forge.field(8, self.number(2, opset))
        return self.number(1, 7) + self.forge.field(7, graph) + operators + extra


@pytest.fixture(scope="session")
def builder(forge):
    """The writer of parts of ONNX graphs."""
    return GraphBuilder(forge)
