"""export.rewrite: the phase form computes the same, for any size, and touches nothing else."""

import numpy as np
import onnxruntime
import pytest

pytestmark = pytest.mark.train


def chain(c_in, c_mid, c_out, height, width, *, stride=2):
    """x (N, C_in, h, w) through a transposed convolution, ReLU and another one, with biases."""
    import onnx

    rng = np.random.default_rng(0)
    shapes = {"k1": (c_in, c_mid, 3, 3), "b1": (c_mid,), "k2": (c_mid, c_out, 3, 3), "b2": (c_out,)}
    weights = [
        onnx.numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32), name)
        for name, shape in shapes.items()
    ]
    pads = [0, 0, 1, 1] if stride == 2 else [1, 1, 1, 1]
    make, value = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    nodes = [
        make("ConvTranspose", ["x", "k1", "b1"], ["a"], kernel_shape=[3, 3], strides=[stride] * 2, pads=pads),
        make("Relu", ["a"], ["r"]),
        make("ConvTranspose", ["r", "k2", "b2"], ["y"], kernel_shape=[3, 3], strides=[1, 1], pads=[1] * 4),
    ]
    floats = onnx.TensorProto.FLOAT
    inputs = [value("x", floats, ["N", c_in, height, width])]
    outputs = [value("y", floats, ["N", c_out, stride * height, stride * width])]
    graph = onnx.helper.make_graph(nodes, "chain", inputs, outputs, weights)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=7)


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("sizes", [(64, 32, 1, 14, 14), (3, 5, 3, 4, 7), (1, 1, 1, 1, 1), (16, 8, 3, 9, 2)])
def test_phases_compute_the_same(sizes):
    """Square or not, one channel or three, odd channel counts: equal but for the order of the sums."""
    from vaecli.export.rewrite import rewrite

    model = chain(*sizes)
    x = np.random.default_rng(1).standard_normal((3, sizes[0], *sizes[3:])).astype(np.float32)
    expected = run(model, x)
    rewritten = rewrite(model)
    assert [node.op_type for node in rewritten.graph.node].count("Conv") == 4
    np.testing.assert_allclose(run(rewritten, x), expected, atol=1e-5 * np.abs(expected).max())


def test_another_stride_stays():
    """A chain that does not fit is left as it is."""
    from vaecli.export.rewrite import rewrite

    model = chain(4, 4, 1, 5, 5, stride=1)
    before = model.SerializeToString()
    assert rewrite(model).SerializeToString() == before
