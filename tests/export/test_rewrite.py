"""Graph rewrites: the faster form computes the same for any size, and other graphs stay as they are."""

import itertools

import numpy as np
import onnxruntime
import pytest

pytestmark = pytest.mark.train

RNG = np.random.default_rng(0)


def model_of(nodes, shapes, x, y):
    """Make a graph x -> y, both (name, shape), with random weights of these shapes."""
    import onnx

    weights = [
        onnx.numpy_helper.from_array(RNG.standard_normal(shape).astype(np.float32), name)
        if isinstance(shape, tuple)
        else onnx.numpy_helper.from_array(np.array(shape, np.int64), name)
        for name, shape in shapes.items()
    ]
    value, floats = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "chain", [value(x[0], floats, x[1])], [value(y[0], floats, y[1])], weights
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=7)


def chain(channels, height, width, *, strides):
    """Make a graph of transposed convolutions with biases on x (N, C, h, w), a ReLU between each two."""
    from onnx.helper import make_node as make

    nodes, shapes, name = [], {}, "x"
    for i, (stride, (c_in, c_out)) in enumerate(zip(strides, itertools.pairwise(channels), strict=True)):
        pads = [0, 0, 1, 1] if stride == 2 else [1] * 4
        shapes |= {f"k{i}": (c_in, c_out, 3, 3), f"b{i}": (c_out,)}
        attributes = {"kernel_shape": [3, 3], "strides": [stride] * 2, "pads": pads}
        nodes.append(make("ConvTranspose", [name, f"k{i}", f"b{i}"], [f"a{i}"], **attributes))
        nodes.append(make("Relu", [f"a{i}"], [name := f"r{i}"]))
    nodes.pop()
    scale = int(np.prod(strides))
    output = ["N", channels[-1], scale * height, scale * width]
    return model_of(nodes, shapes, ("x", ["N", channels[0], height, width]), (nodes[-1].output[0], output))


def run(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


@pytest.mark.parametrize(
    ("channels", "strides", "size"),
    [
        ((64, 32, 1), (2, 1), (14, 14)),
        ((3, 5, 3), (2, 1), (4, 7)),
        ((1, 1, 1), (2, 1), (1, 1)),
        ((32, 16, 8, 3), (2, 2, 1), (3, 2)),
        ((5, 4, 3, 2, 1), (2, 2, 2, 1), (2, 3)),
    ],
)
def test_phases_compute_the_same(channels, strides, size):
    """Square or not, one channel or three, odd counts, several layers: only rounding differs."""
    from vaecli.export.rewrite import faster

    model = chain(channels, *size, strides=strides)
    x = RNG.standard_normal((3, channels[0], *size)).astype(np.float32)
    expected = run(model, x)
    operators = [node.op_type for node in faster(model).graph.node]
    assert (operators.count("Conv"), operators.count("ConvTranspose")) == (4 * strides.count(2), 1)
    np.testing.assert_allclose(run(model, x), expected, atol=1e-5 * np.abs(expected).max())


def test_another_stride_is_left_alone():
    """A graph without upsampling layers stays byte for byte."""
    from vaecli.export.rewrite import faster

    model = chain((4, 4, 1), 5, 5, strides=(1, 1))
    before = model.SerializeToString()
    assert faster(model).SerializeToString() == before


def test_the_dense_layer_gives_channels_first():
    """The Transpose after the Reshape is removed, and the outputs are equal."""
    from onnx.helper import make_node as make

    from vaecli.export.rewrite import faster

    nodes = [
        make("MatMul", ["z", "k"], ["a"]),
        make("Add", ["a", "b"], ["s"]),
        make("Relu", ["s"], ["r"]),
        make("Reshape", ["r", "shape"], ["g"]),
        make("Transpose", ["g"], ["y"], perm=[0, 3, 1, 2]),
    ]
    shapes = {"k": (2, 30), "b": (30,), "shape": [-1, 2, 3, 5]}
    model = model_of(nodes, shapes, ("z", ["N", 2]), ("y", ["N", 5, 2, 3]))
    z = RNG.standard_normal((4, 2)).astype(np.float32)
    expected = run(model, z)
    assert "Transpose" not in [node.op_type for node in faster(model).graph.node]
    np.testing.assert_array_equal(run(model, z), expected)
