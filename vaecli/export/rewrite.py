"""Exact rewrites of an exported graph, in standard operators, for any image size and number of channels.

A stride-2 transposed convolution is four plain convolutions, one for each phase of its output (see `subpixel`),
which onnxruntime runs with its blocked kernels. If a stride-1 layer follows, it takes the phases side by side as
they are, as one transposed convolution of stride 2 with a 4x4 kernel, and the full-size hidden image is never made.
Elsewhere the phases are interleaved by Concat, channels last, which copies whole pixels; onnxruntime drops most of
the Transposes.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from vaecli.export import subpixel

CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


class _Doubling(NamedTuple):
    """A stride-2 layer with its ReLU, and the stride-1 layer that alone reads it, if there is one."""

    layer: onnx.NodeProto
    relu: onnx.NodeProto
    last: onnx.NodeProto | None


def faster(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a decoder in place, where it fits: the dense layer's order, and the doubling layers in phase form."""
    _fold_transpose(model)
    _to_phases(model)
    used = {name for node in model.graph.node for name in node.input}
    kept = [entry for entry in model.graph.initializer if entry.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.checker.check_model(model, full_check=True)
    return model


def _fold_transpose(model: onnx.ModelProto) -> None:
    """Reorder a dense layer's columns in place so that it gives channels first; another graph stays as it is.

    MatMul (D, h w c) -> Add -> Relu -> Reshape (N, h, w, c) -> Transpose (N, c, h, w) becomes the same without
    the Transpose, by another order of the columns of the first two.
    """
    graph = model.graph
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    chain = list(graph.node[:5])
    if [node.op_type for node in chain] != ["MatMul", "Add", "Relu", "Reshape", "Transpose"]:
        return
    matmul, add, _, reshape, transpose = chain
    names = [matmul.input[1], add.input[1], reshape.input[1]]
    following = all(after.input[0] == before.output[0] for before, after in itertools.pairwise(chain))
    readers = [name for node in graph.node for name in node.input]
    alone = all(readers.count(node.output[0]) == 1 for node in chain[:4])
    order = helper.get_node_attr_value(transpose, "perm")
    if not (following and alone and order == [0, 3, 1, 2] and set(names) <= constants.keys()):
        return
    kernel, bias, shape = (constants[name] for name in names)
    columns = np.arange(kernel.shape[1]).reshape(shape[1:]).transpose(2, 0, 1)
    folded = (kernel[:, columns.ravel()], bias[columns.ravel()], np.array([shape[0], *columns.shape]))
    for node, values in zip((matmul, add, reshape), folded, strict=True):
        node.input[1] = f"{node.input[1]}/channels_first"
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), node.input[1]))
    reshape.output[0] = transpose.output[0]
    graph.node.remove(transpose)


def _to_phases(model: onnx.ModelProto) -> None:
    """Put stride-2 transposed 3x3 convolutions with a ReLU in phase form; others stay as they are."""
    graph = model.graph
    weights = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    sizes = _sizes(model)
    for node in list(graph.node):
        found = _doubling(graph, node, weights)
        if found is None or (found.last is None and node.input[0] not in sizes):
            continue
        nodes, parts = _phases(graph, found, weights)
        if found.last is not None:
            nodes += _side_by_side(graph, parts, found.last, weights)
        else:
            nodes += _interleaved(graph, parts, found.relu.output[0], sizes[node.input[0]])
        _replace(graph, [part for part in found if part is not None], nodes)


def _sizes(model: onnx.ModelProto) -> dict[str, tuple[int, int]]:
    """(h, w) of the values (N, C, h, w) that have known ones."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    found = {}
    for value in [*graph.input, *graph.value_info]:
        axes = value.type.tensor_type.shape.dim
        if len(axes) == 4 and axes[2].dim_value and axes[3].dim_value:
            found[value.name] = (axes[2].dim_value, axes[3].dim_value)
    return found


def _doubling(
    graph: onnx.GraphProto, node: onnx.NodeProto, weights: dict[str, np.ndarray]
) -> _Doubling | None:
    """What starts at a node, if it is a stride-2 layer with a ReLU."""
    if not _is_transposed(node, stride=2, pads=[0, 0, 1, 1]) or not set(node.input[1:]) <= weights.keys():
        return None
    relu = _only_reader(graph, node)
    if relu is None or relu.op_type != "Relu":
        return None
    last = _only_reader(graph, relu)
    if last is None or not _is_transposed(last, stride=1, pads=[1, 1, 1, 1]):
        return _Doubling(node, relu, None)
    return _Doubling(node, relu, last if set(last.input[1:]) <= weights.keys() else None)


def _only_reader(graph: onnx.GraphProto, node: onnx.NodeProto) -> onnx.NodeProto | None:
    """The node that alone reads the output of another, which the graph does not give."""
    readers = [other for other in graph.node if node.output[0] in other.input]
    given = {output.name for output in graph.output}
    return readers[0] if len(readers) == 1 and node.output[0] not in given else None


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


def _phases(
    graph: onnx.GraphProto, found: _Doubling, weights: dict[str, np.ndarray]
) -> tuple[list[onnx.NodeProto], list[str]]:
    """The four phases (N, C, h, w) of a layer with its ReLU: nodes, and the names of their outputs."""
    x, kernel, *bias = found.layer.input
    nodes, parts = [], []
    for number, phase in enumerate(subpixel.phases(weights[kernel].transpose(2, 3, 1, 0))):
        part = f"{found.relu.output[0]}/phase_{number}"
        name = _constant(graph, f"{part}/kernel", phase.kernel.transpose(3, 2, 0, 1))
        shape, pads = list(phase.kernel.shape[:2]), [phase.top, phase.left, 0, 0]
        inputs = [x, name, *bias]
        nodes.append(helper.make_node("Conv", inputs, [f"{part}/sum"], kernel_shape=shape, pads=pads))
        nodes.append(helper.make_node("Relu", [f"{part}/sum"], [part]))
        parts.append(part)
    return nodes, parts


def _side_by_side(
    graph: onnx.GraphProto, parts: Sequence[str], last: onnx.NodeProto, weights: dict[str, np.ndarray]
) -> list[onnx.NodeProto]:
    """The stride-1 layer on the phases of its input."""
    together = f"{last.output[0]}/phases"
    spread = subpixel.on_phases(weights[last.input[1]].transpose(2, 3, 1, 0))  # (2, 2, C_in, 4, 4, C_out)
    kernel = spread.transpose(0, 1, 2, 5, 3, 4).reshape(-1, spread.shape[5], 4, 4)
    inputs = [together, _constant(graph, f"{together}/kernel", kernel), *last.input[2:]]
    options = {"kernel_shape": [4, 4], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    return [
        helper.make_node("Concat", parts, [together], axis=1),
        helper.make_node("ConvTranspose", inputs, list(last.output), name=last.name, **options),
    ]


def _interleaved(
    graph: onnx.GraphProto, parts: Sequence[str], output: str, size: tuple[int, int]
) -> list[onnx.NodeProto]:
    """Phases (N, C, h, w) as one image (N, C, 2h, 2w): columns side by side, then rows one below the other."""
    height, width = size
    nodes, rows = [], []
    for part in parts:
        nodes.append(helper.make_node("Transpose", [part], [f"{part}/last"], perm=CHANNELS_LAST))
    line = _constant(graph, f"{output}/line", np.array([0, height, 1, -1], np.int64))
    for row in (0, 1):
        pair = [f"{part}/last" for part in parts[2 * row : 2 * row + 2]]
        name = f"{output}/row_{row}"
        nodes.append(helper.make_node("Concat", pair, [f"{name}/pairs"], axis=3))
        nodes.append(helper.make_node("Reshape", [f"{name}/pairs", line], [name]))
        rows.append(name)
    whole = _constant(graph, f"{output}/whole", np.array([0, 2 * height, 2 * width, -1], np.int64))
    nodes.append(helper.make_node("Concat", rows, [f"{output}/rows"], axis=2))
    nodes.append(helper.make_node("Reshape", [f"{output}/rows", whole], [f"{output}/last"]))
    nodes.append(helper.make_node("Transpose", [f"{output}/last"], [output], perm=CHANNELS_FIRST))
    return nodes


def _constant(graph: onnx.GraphProto, name: str, values: np.ndarray) -> str:
    graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def _replace(graph: onnx.GraphProto, old: Sequence[onnx.NodeProto], new: Sequence[onnx.NodeProto]) -> None:
    place = list(graph.node).index(old[0])
    others = [node for node in graph.node if node not in old]
    del graph.node[:]
    graph.node.extend([*others[:place], *new, *others[place:]])
