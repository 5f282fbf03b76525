"""Exact rewrites of an exported graph, in standard operators, for any image size and number of channels.

A stride-2 transposed convolution is four plain convolutions, one for each phase (row parity, column parity) of its
output (arXiv:1609.07009), with the taps that each phase sees. The stride-1 transposed convolution after it takes
the four phases side by side as they are: one transposed convolution of stride 2 with a 4x4 kernel. So the full-size
hidden image is never interleaved nor scattered into; onnxruntime runs the four with its blocked kernels.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

_TAPS = ([2, 0], [1])  # kernel rows that an even and an odd output row see, the upper input row first


def rewrite(model: onnx.ModelProto) -> onnx.ModelProto:
    """Put stride-2, ReLU, stride-1 transposed 3x3 convolutions in phase form, in place; others stay as they are."""
    graph = model.graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for first in list(graph.node):
        chain = _followers(graph, first, 2)
        if len(chain) < 2 or not _is_transposed(first, stride=2, pads=[0, 0, 1, 1]):
            continue
        relu, last = chain
        fits = relu.op_type == "Relu" and _is_transposed(last, stride=1, pads=[1, 1, 1, 1])
        if fits and {*first.input[1:], *last.input[1:]} <= weights.keys():
            _replace(graph, first, relu, last, weights)
    used = {name for node in graph.node for name in node.input}
    kept = [entry for entry in graph.initializer if entry.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    return model


def _followers(graph: onnx.GraphProto, node: onnx.NodeProto, count: int) -> list[onnx.NodeProto]:
    """The next nodes, each the only reader of the one before, whose output the graph does not give."""
    found: list[onnx.NodeProto] = []
    given = {output.name for output in graph.output}
    while len(found) < count:
        readers = [other for other in graph.node if node.output[0] in other.input]
        if len(readers) != 1 or node.output[0] in given:
            break
        node = readers[0]
        found.append(node)
    return found


def _is_transposed(node: onnx.NodeProto, *, stride: int, pads: Sequence[int]) -> bool:
    facts = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    return (
        node.op_type == "ConvTranspose"
        and facts.get("kernel_shape") == [3, 3]
        and facts.get("strides", [1, 1]) == [stride, stride]
        and facts.get("pads") == list(pads)
        and facts.get("dilations", [1, 1]) == [1, 1]
        and facts.get("group", 1) == 1
        and not facts.keys() & {"output_padding", "output_shape"}
        and facts.get("auto_pad", b"NOTSET") == b"NOTSET"
    )


def _replace(
    graph: onnx.GraphProto,
    first: onnx.NodeProto,
    relu: onnx.NodeProto,
    last: onnx.NodeProto,
    weights: dict[str, np.ndarray],
) -> None:
    kernel, name = weights[first.input[1]], relu.output[0]
    nodes, parts = [], []
    for row, rows in enumerate(_TAPS):
        for column, columns in enumerate(_TAPS):
            part = f"{name}/phase_{row}{column}"
            tensor = kernel[:, :, rows][:, :, :, columns].transpose(1, 0, 2, 3)  # (C_out, C_in, 1-2, 1-2)
            graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(tensor), f"{part}/kernel"))
            pads = [len(rows) - 1, len(columns) - 1, 0, 0]
            inputs = [first.input[0], f"{part}/kernel", *first.input[2:]]
            shape = list(tensor.shape[2:])
            nodes.append(helper.make_node("Conv", inputs, [f"{part}/sum"], kernel_shape=shape, pads=pads))
            nodes.append(helper.make_node("Relu", [f"{part}/sum"], [part]))
            parts.append(part)
    nodes.append(helper.make_node("Concat", parts, [f"{name}/phases"], axis=1))
    shifted = numpy_helper.from_array(_on_phases(weights[last.input[1]]), f"{name}/phases/kernel")
    graph.initializer.append(shifted)
    inputs = [f"{name}/phases", shifted.name, *last.input[2:]]
    options = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    nodes.append(helper.make_node("ConvTranspose", inputs, list(last.output), name=last.name, **options))
    place = list(graph.node).index(first)
    others = [node for node in graph.node if node not in (first, relu, last)]
    del graph.node[:]
    graph.node.extend([*others[:place], *nodes, *others[place:]])


def _on_phases(kernel: np.ndarray) -> np.ndarray:
    """A stride-1 kernel (C_in, C_out, 3, 3) for the phases of its input: (4 C_in, C_out, 4, 4), stride 2."""
    c_in, c_out = kernel.shape[:2]
    shifted = np.zeros((2, 2, c_in, c_out, 4, 4), np.float32)
    for row in (0, 1):
        for column in (0, 1):
            shifted[row, column, :, :, row : row + 3, column : column + 3] = kernel
    return shifted.reshape(4 * c_in, c_out, 4, 4)
