"""Exact rewrites of an exported decoder graph that make it faster, for any image size and number of channels.

An upsampling layer (a transposed convolution of stride 2) becomes four plain convolutions, one for each phase
of its output (see `subpixel`), which onnxruntime runs with its blocked kernels. A stride-1 layer after it reads
the phases side by side, as one transposed convolution of stride 2 with a 4x4 kernel, so that the full-size
hidden image is never made. Elsewhere the phases are interleaved by Concat, channels last, which copies whole
pixels; onnxruntime drops most of the Transposes.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from vaecli.export import subpixel

CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


class _Upsampling(NamedTuple):
    """An upsampling layer, its ReLU, and `last`: a stride-1 layer that is the ReLU's only reader, or None."""

    layer: onnx.NodeProto
    relu: onnx.NodeProto
    last: onnx.NodeProto | None


def faster(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a decoder in place: fold a Transpose into the dense layer, split upsampling layers into phases."""
    _fold_transpose(model)
    _to_phases(model)
    used = {name for node in model.graph.node for name in node.input}
    kept = [entry for entry in model.graph.initializer if entry.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    return model


def _fold_transpose(model: onnx.ModelProto) -> None:
    """Remove the Transpose after a dense layer by reordering the layer's columns; other graphs stay as they are.

    MatMul (D, h w c) -> Add -> Relu -> Reshape (N, h, w, c) -> Transpose (N, c, h, w) becomes the same without the
    Transpose.
    """
    graph = model.graph
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    chain = list(graph.node[:5])
    if [node.op_type for node in chain] != ["MatMul", "Add", "Relu", "Reshape", "Transpose"]:
        return
    matmul, add, _, reshape, transpose = chain
    names = [matmul.input[1], add.input[1], reshape.input[1]]
    connected = all(after.input[0] == before.output[0] for before, after in itertools.pairwise(chain))
    inputs = [name for node in graph.node for name in node.input]
    single_readers = all(inputs.count(node.output[0]) == 1 for node in chain[:4])
    order = helper.get_node_attr_value(transpose, "perm")
    if not (connected and single_readers and order == CHANNELS_FIRST and set(names) <= constants.keys()):
        return
    kernel, bias, shape = (constants[name] for name in names)
    columns = np.arange(kernel.shape[1]).reshape(shape[1:]).transpose(2, 0, 1)
    reordered = (kernel[:, columns.ravel()], bias[columns.ravel()], np.array([shape[0], *columns.shape]))
    for node, values in zip((matmul, add, reshape), reordered, strict=True):
        node.input[1] = _constant(graph, f"{node.input[1]}/channels_first", values)
    reshape.output[0] = transpose.output[0]
    graph.node.remove(transpose)


def _to_phases(model: onnx.ModelProto) -> None:
    """Rewrite each upsampling layer that a ReLU follows as four phases; other layers stay as they are."""
    graph = model.graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    sizes = _sizes(model)
    for node in list(graph.node):
        upsampling = _match_upsampling(graph, node, weights)
        if upsampling is None or (upsampling.last is None and node.input[0] not in sizes):
            continue
        nodes, phases = _phase_nodes(graph, upsampling, weights)
        if upsampling.last is not None:
            nodes += _side_by_side(graph, phases, upsampling.last, weights)
        else:
            nodes += _interleave(graph, phases, upsampling.relu.output[0], sizes[node.input[0]])
        _replace(graph, [part for part in upsampling if part is not None], nodes)


def _sizes(model: onnx.ModelProto) -> dict[str, tuple[int, int]]:
    """Return (h, w) of each tensor (N, C, h, w) whose height and width are known, by name."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    sizes = {}
    for value in [*graph.input, *graph.value_info]:
        axes = value.type.tensor_type.shape.dim
        if len(axes) == 4 and axes[2].dim_value and axes[3].dim_value:
            sizes[value.name] = (axes[2].dim_value, axes[3].dim_value)
    return sizes


def _match_upsampling(
    graph: onnx.GraphProto, node: onnx.NodeProto, weights: Mapping[str, np.ndarray]
) -> _Upsampling | None:
    """Return `node` and what follows if it upsamples into a ReLU, else None."""
    if not _is_transposed(node, stride=2, pads=[0, 0, 1, 1]) or not set(node.input[1:]) <= weights.keys():
        return None
    relu = _only_reader(graph, node)
    if relu is None or relu.op_type != "Relu":
        return None
    last = _only_reader(graph, relu)
    if last is None or not _is_transposed(last, stride=1, pads=[1, 1, 1, 1]):
        return _Upsampling(node, relu, None)
    return _Upsampling(node, relu, last if set(last.input[1:]) <= weights.keys() else None)


def _only_reader(graph: onnx.GraphProto, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """Return the only node that reads the output of `node`; None if several do, or if it is a graph output."""
    readers = [reader for reader in graph.node if node.output[0] in reader.input]
    outputs = {output.name for output in graph.output}
    return readers[0] if len(readers) == 1 and node.output[0] not in outputs else None


def _is_transposed(node: onnx.NodeProto, *, stride: int, pads: Sequence[int]) -> bool:
    """Return whether a node is a transposed convolution of kernel size 3 with this stride and padding."""
    attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
    return (
        node.op_type == "ConvTranspose"
        and attributes.get("kernel_shape") == [3, 3]
        and attributes.get("strides", [1, 1]) == [stride, stride]
        and attributes.get("pads") == list(pads)
        and attributes.get("dilations", [1, 1]) == [1, 1]
        and attributes.get("group", 1) == 1
        and not attributes.keys() & {"output_padding", "output_shape"}
        and attributes.get("auto_pad", b"NOTSET") == b"NOTSET"
    )


def _phase_nodes(
    graph: onnx.GraphProto, upsampling: _Upsampling, weights: Mapping[str, np.ndarray]
) -> tuple[list[onnx.NodeProto], list[str]]:
    """Make the nodes that compute the four phases (N, C, h, w) of a layer and its ReLU; return nodes and names."""
    x, kernel, *bias = upsampling.layer.input
    nodes, outputs = [], []
    for number, phase in enumerate(subpixel.phases(weights[kernel].transpose(2, 3, 1, 0))):
        output = f"{upsampling.relu.output[0]}/phase_{number}"
        name = _constant(graph, f"{output}/kernel", phase.kernel.transpose(3, 2, 0, 1))
        shape, pads = list(phase.kernel.shape[:2]), [phase.top, phase.left, 0, 0]
        inputs = [x, name, *bias]
        nodes.append(helper.make_node("Conv", inputs, [f"{output}/sum"], kernel_shape=shape, pads=pads))
        nodes.append(helper.make_node("Relu", [f"{output}/sum"], [output]))
        outputs.append(output)
    return nodes, outputs


def _side_by_side(
    graph: onnx.GraphProto, phases: Sequence[str], last: onnx.NodeProto, weights: Mapping[str, np.ndarray]
) -> list[onnx.NodeProto]:
    """Make the nodes that replace the stride-1 layer `last`, and read its input as four phases side by side."""
    cells = f"{last.output[0]}/phases"
    by_pixel = subpixel.kernel_of_cells(weights[last.input[1]].transpose(2, 3, 1, 0))
    kernel = by_pixel.transpose(0, 1, 2, 5, 3, 4).reshape(-1, by_pixel.shape[5], 4, 4)
    inputs = [cells, _constant(graph, f"{cells}/kernel", kernel), *last.input[2:]]
    attributes = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    return [
        helper.make_node("Concat", phases, [cells], axis=1),
        helper.make_node("ConvTranspose", inputs, list(last.output), name=last.name, **attributes),
    ]


def _interleave(
    graph: onnx.GraphProto, phases: Sequence[str], output: str, size: tuple[int, int]
) -> list[onnx.NodeProto]:
    """Make the nodes that interleave phases (N, C, h, w) to (N, C, 2h, 2w): first columns, then rows."""
    height, width = size
    nodes, rows = [], []
    for phase in phases:
        nodes.append(helper.make_node("Transpose", [phase], [f"{phase}/last"], perm=CHANNELS_LAST))
    row_shape = _constant(graph, f"{output}/row_shape", np.array([0, height, 1, -1], np.int64))
    for row in (0, 1):
        pair = [f"{phase}/last" for phase in phases[2 * row : 2 * row + 2]]
        name = f"{output}/row_{row}"
        nodes.append(helper.make_node("Concat", pair, [f"{name}/pairs"], axis=3))
        nodes.append(helper.make_node("Reshape", [f"{name}/pairs", row_shape], [name]))
        rows.append(name)
    image_shape = np.array([0, 2 * height, 2 * width, -1], np.int64)
    image_shape_name = _constant(graph, f"{output}/image_shape", image_shape)
    nodes.append(helper.make_node("Concat", rows, [f"{output}/rows"], axis=2))
    nodes.append(helper.make_node("Reshape", [f"{output}/rows", image_shape_name], [f"{output}/last"]))
    nodes.append(helper.make_node("Transpose", [f"{output}/last"], [output], perm=CHANNELS_FIRST))
    return nodes


def _constant(graph: onnx.GraphProto, name: str, values: np.ndarray) -> str:
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def _replace(graph: onnx.GraphProto, old: Sequence[onnx.NodeProto], new: Sequence[onnx.NodeProto]) -> None:
    """Replace the nodes `old`; all of `new` stand where the first of `old` stood."""
    position = list(graph.node).index(old[0])
    kept = [node for node in graph.node if node not in old]
    del graph.node[:]
    graph.node.extend([*kept[:position], *new, *kept[position:]])
