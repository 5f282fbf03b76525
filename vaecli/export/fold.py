"""A dense layer that gives its image channels first: one Transpose less in the graph, the same numbers.

    MatMul (D, h w c) -> Add -> Relu -> Reshape (N, h, w, c) -> Transpose (N, c, h, w)

becomes the same without the Transpose, by another order of the columns of the first two.
"""

import itertools

import numpy as np
import onnx
from onnx import helper, numpy_helper


def fold_transpose(model: onnx.ModelProto) -> None:
    """Fold it in place where the graph begins like this; another graph stays as it is."""
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
