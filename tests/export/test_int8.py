"""The int8 graph: exact integers on this processor, near to float32, for every image shape."""

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from vaecli.export import int8, quantise
from vaecli.export.stages import Layer, Stages


def stages(shape, dim=3):
    rng = np.random.default_rng(1)
    grid = (-(-shape[0] // 4), -(-shape[1] // 4), 64)

    def layer(out, channels):
        kernel = rng.normal(scale=np.sqrt(0.9 / channels), size=(3, 3, out, channels))
        return Layer(kernel.astype(np.float32), rng.normal(scale=0.1, size=out).astype(np.float32))

    size = grid[0] * grid[1] * grid[2]
    dense = rng.normal(size=(dim, size)).astype(np.float32)
    bias = rng.normal(size=size).astype(np.float32)
    return Stages(dense, bias, grid, (layer(64, 64), layer(32, 64)), layer(shape[2], 32), shape)


def built(parts, opset=13):
    z = np.random.default_rng(2).normal(size=(40, len(parts.dense))).astype(np.float32)
    scales = [quantise.activation_scale(values) for values in parts.activations(z)]
    return int8.build(parts, scales, opset=opset), z


def logits(parts, z):
    """The float32 decoder by its definition."""
    x = parts.activations(z)[-1]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    _, height, width, _ = x.shape
    out = sum(
        padded[:, 2 - i : 2 - i + height, 2 - j : 2 - j + width] @ parts.last.kernel[i, j].T
        for i in range(3)
        for j in range(3)
    )
    return (out + parts.last.bias)[:, : parts.image_shape[0], : parts.image_shape[1]]


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 16, 3), (4, 1, 1), (13, 30, 3)])
def test_near_to_float32_for_every_shape(shape, opset):
    """Grey or colour, cropped or not: the logits are those of the float32 decoder within a few per cent."""
    parts = stages(shape)
    model, z = built(parts, opset)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    image, got = session.run(["image", "logits"], {"z": z})
    expected = logits(parts, z)
    assert got.shape == expected.shape == (40, *shape)
    assert np.abs(got - expected).mean() < 0.03 * expected.std()
    np.testing.assert_allclose(image, 1 / (1 + np.exp(-got.astype(np.float64))), atol=1e-6)
    assert {entry.domain for entry in model.opset_import} == {""}


def traced(model, z):
    """Every value of the graph, by name, as onnxruntime computes it."""
    traced = onnx.ModelProto()
    traced.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name not in ("image", "logits")]
    traced.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(traced.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(names, {"z": z}), strict=True))


def convolved(x, weights, pads):
    """int64: x (N, C, h, w), weights (O, C, kh, kw), padded above and left."""
    rows, columns = weights.shape[2:]
    _, _, height, width = x.shape
    padded = np.pad(x.astype(np.int64), ((0, 0), (0, 0), (pads[0], 0), (pads[1], 0)))
    return sum(
        np.einsum(
            "nchw,oc->nohw", padded[:, :, i : i + height, j : j + width], weights[:, :, i, j].astype(int)
        )
        for i in range(rows)
        for j in range(columns)
    )


def test_integers_are_exact_here():
    """Each QLinearConv and the last product give what exact integers give; a saturating processor would not."""
    model, z = built(stages((28, 28, 1)))
    constants = {entry.name: numpy_helper.to_array(entry) for entry in model.graph.initializer}
    values = {**constants, **traced(model, z)}
    convolutions = [node for node in model.graph.node if node.op_type == "QLinearConv"]
    assert len(convolutions) == 8
    for node in convolutions:
        x, x_scale, _, weights, w_scale, _, y_scale, _, bias = (values[name] for name in node.input)
        pads = next(entry.ints for entry in node.attribute if entry.name == "pads")
        sums = convolved(x, weights, pads) + bias[:, None, None]
        factor = (x_scale * w_scale / y_scale).astype(np.float32)[:, None, None]
        expected = np.clip(np.rint(sums.astype(np.float32) * factor), 0, 255).astype(np.uint8)
        np.testing.assert_array_equal(values[node.output[0]], expected)
    (last,) = (node for node in model.graph.node if node.op_type == "MatMulInteger")
    product = values[last.input[0]].astype(np.int64) @ values[last.input[1]].astype(np.int64)
    np.testing.assert_array_equal(values[last.output[0]], product)


def test_pairs_are_kept_in_the_written_file():
    """The constraint holds for the int8 constants of the graph, in the order that onnxruntime reduces in."""
    model, _ = built(stages((9, 16, 3)))
    found = [numpy_helper.to_array(entry) for entry in model.graph.initializer]
    kernels = [array for array in found if array.dtype == np.int8 and array.ndim in (2, 4)]
    assert len(kernels) == 9
    for array in kernels:
        rows = [array] if array.ndim == 2 else quantise.reductions(array.transpose(2, 3, 1, 0))
        assert max(quantise.largest_pairs(matrix).max() for matrix in rows) <= 128


def test_saturation_at_its_worst_is_kept_away():
    """Bytes of 255 against pairs of (64, 64) and (127, 1), the largest that are allowed: the sums are exact."""
    weights = np.tile(np.array([[64], [64], [127], [1]], np.int8), (64, 16))
    x = np.full((5, 256), 255, np.uint8)
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [5, 256])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [5, 16])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": x})
    np.testing.assert_array_equal(y, x.astype(np.int64) @ weights.astype(np.int64))
