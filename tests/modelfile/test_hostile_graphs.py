"""Graphs that ask for too much or that crash onnxruntime are refused by their shapes alone."""

import numpy as np
import pytest

from vaecli.modelfile import graph
from vaecli.modelfile.cost import measure
from vaecli.modelfile.protobuf import WireError

F, I8, I4, U1, S1 = np.float32, np.int64, np.int32, np.uint8, np.int8


def zeros(*shape):
    return np.zeros(shape, F)


def ints(*values):
    return np.array(values, I8)


@pytest.fixture
def refused(builder):
    """A function that writes a graph x (N, *x) -> y (N, *y) and returns the message of the refusal."""

    def refused(nodes, constants, x=(4,), y=(4,)):
        tensors = [builder.tensor(f"c{i}", array) for i, array in enumerate(constants)]
        written = [builder.node(operator, *names, **attributes) for operator, *names, attributes in nodes]
        inputs, outputs = [builder.value("x", (None, *x))], [builder.value("y", (None, *y))]
        content = builder.model(builder.graph(written, tensors, inputs, outputs))
        with pytest.raises(WireError) as caught:
            measure.measure(graph.read(content), content)
        return str(caught.value)

    return refused


QUANTISE = [
    ("QuantizeLinear", ["x", "c0", "c1"], ["q"], {}),
    ("MatMulInteger", ["q", "c2", "c1", "c3"], ["i"], {}),
]
BYTES = [np.array(1, F), np.array(0, U1), np.ones((4, 4), S1), np.array(0, S1)]
AMPLIFIERS = {
    "doubling": (
        [("Concat", [f"v{i}" if i else "x"] * 2, [f"v{i + 1}"], {"axis": 1}) for i in range(40)],
        [],
    ),
    "strides": (
        [("Reshape", ["x", "c0"], ["v0"], {})]
        + [("ConvTranspose", [f"v{i}", "c1"], [f"v{i + 1}"], {"strides": (16, 16)}) for i in range(40)],
        [ints(-1, 1, 2, 2), zeros(1, 1, 2, 2)],
    ),
    "work": (
        [("MatMul", ["x", "c0"], ["v0"], {})]
        + [("MatMul", [f"v{i}", "c1"], [f"v{i + 1}"], {}) for i in range(900)],
        [zeros(4, 8192), zeros(8192, 8192)],
    ),
    "a little too much": (
        [("Concat", [f"v{i}" if i else "x"] * 2, [f"v{i + 1}"], {"axis": 1}) for i in range(27)],
        [],
    ),
    "narrow images, held in blocks of 16 channels": (
        [("Reshape", ["x", "c0"], ["v"], {}), ("Conv", ["v", "c1"], ["y"], {})],
        [ints(-1, 1, 1, 2**26), zeros(1, 1, 1, 1)],
        (2**26,),
    ),
    "one constant converted many times": (
        [("Cast", ["c0"], [f"v{i}"], {"to": 1}) for i in range(600)],
        [np.zeros(2**20, np.float16)],
    ),
    "one matrix many times, of which onnxruntime 1.18 makes a copy each time": (
        [("MatMul", [f"v{i}" if i else "x", "c0"], [f"v{i + 1}"], {}) for i in range(5)],
        [zeros(2048, 2048)],
        (2048,),
    ),
    "one kernel many times": (
        [("Reshape", ["x", "c0"], ["v0"], {})]
        + [("ConvTranspose", [f"v{i}", "c1"], [f"v{i + 1}"], {}) for i in range(5)],
        [ints(-1, 2048, 1, 1), zeros(2048, 2048, 1, 1)],
        (2048,),
    ),
    "a wide input": ([("Slice", ["x", "c0", "c1", "c1"], ["y"], {})], [ints(0), ints(1)], (2**30,)),
}


@pytest.mark.parametrize("name", AMPLIFIERS)
def test_amplifiers(refused, name):
    """A graph of few bytes that asks for terabytes or hours is refused."""
    assert "more memory or time" in refused(*AMPLIFIERS[name])


CONSTANTS_ALONE = {
    "an outer product": ([("MatMul", ["c0", "c1"], ["y"], {})], [zeros(9000, 1), zeros(1, 9000)]),
    "a sum that spreads": ([("Add", ["c0", "c1"], ["y"], {})], [zeros(9000, 1), zeros(1, 9000)]),
    "indices": ([("Gather", ["c0", "c1"], ["y"], {})], [zeros(1, 9000), np.zeros(9000, I8)]),
    "a product": ([("Mul", ["c0", "c0"], ["y"], {})], [zeros(9)]),
    "a sum of whole numbers": ([("Add", ["c0", "c0"], ["y"], {})], [np.zeros(9, I4)]),
    "a Relu": ([("Relu", ["c0"], ["y"], {})], [zeros(9)]),
    "a Concat of large ones": ([("Concat", ["c0", "c0"], ["y"], {"axis": 0})], [np.zeros(900, I8)]),
}


@pytest.mark.parametrize("name", CONSTANTS_ALONE)
def test_operators_on_constants_only(refused, name):
    """An operator without a batched input, whose result could grow from constants alone, is refused."""
    assert "do not fit" in refused(*CONSTANTS_ALONE[name])


def misfit(operator, inputs, constants, **attributes):
    return operator, inputs, constants, attributes


@pytest.mark.parametrize(
    ("operator", "inputs", "constants", "attributes"),
    [
        misfit("Relu", ["nowhere"], []),
        misfit("Relu", [], []),
        misfit("Relu", ["x", "x"], []),
        misfit("Relu", [""], []),
        misfit("Relu", ["x"], [], axis=1),
        misfit("Add", ["x", "c0"], [zeros(3)]),
        misfit("Add", ["x", "c0"], [zeros(37, 4)]),
        misfit("Add", ["x", "c0"], [zeros(5, 1, 4)]),
        misfit("Add", ["x", "c0"], [zeros(1, 1, 4)]),
        misfit("Add", ["x", "c0"], [ints(1, 2, 3, 4)]),
        misfit("Add", ["c0", "x"], [zeros(3)]),
        misfit("Mul", ["c0", "x"], [zeros(5, 1, 4)]),
        misfit("Div", ["x", "c0"], [ints(1, 2, 3, 4)]),
        misfit("Max", ["x", "x", "x"], []),
        misfit("Min", ["x"], []),
        misfit("MatMul", ["x", "c0"], [zeros(3, 3)]),
        misfit("MatMul", ["x", "c0"], [zeros(4)]),
        misfit("MatMul", ["x", "c0"], [zeros(5, 4, 4)]),
        misfit("Gemm", ["x", "c0"], [zeros(3, 3)]),
        misfit("Gemm", ["x", "c0", "c1"], [zeros(4, 4), zeros(1)]),
        misfit("Gemm", ["x", "c0", "c1"], [zeros(4, 4), zeros(1, 4)]),
        misfit("Gemm", ["x", "c0"], [zeros(4, 4)], transA=1),
        misfit("Gemm", ["x", "c0"], [zeros(4, 4)], alpha=2.0),
        misfit("Concat", ["c0", "c0"], [ints(1, 2)], axis=1),
        misfit("Slice", ["c0", "c1", "c2", "c2"], [ints(1, 2), ints(0), ints(1)]),
        misfit("Reshape", ["x", "c0"], [ints(7, 7)]),
        misfit("Reshape", ["x", "c0"], [ints(37, 4)]),
        misfit("Reshape", ["x", "c0"], [ints(4, -1)]),
        misfit("Reshape", ["x", "c0"], [ints(-1, -1)]),
        misfit("Reshape", ["x", "c0"], [ints(0, -1, -1)]),
        misfit("Reshape", ["x", "c0"], [ints(0, -4)]),
        misfit("Reshape", ["x", "c0"], [ints(0, -2, -2)]),
        misfit("Reshape", ["x", "c0"], [ints(0, 4, 0)]),
        misfit("Reshape", ["x", "c0"], [ints(0, 3, -1)]),
        misfit("Reshape", ["x", "c0"], [ints(-1)]),
        misfit("Reshape", ["x", "c0"], [np.array([[-1, 4]], I8)]),
        misfit("Reshape", ["x", "c0"], [np.array(-1, I8)]),
        misfit("Reshape", ["x", "c0"], [np.array([-1, 4], I4)]),
        misfit("Reshape", ["x", "c0"], [ints(-1, 4)], allowzero=1),
        misfit("Reshape", ["x", "x"], []),
        misfit("Transpose", ["x"], []),
        misfit("Transpose", ["x"], [], perm=(1, 0)),
        misfit("Transpose", ["x"], [], perm=(0, 0)),
        misfit("Transpose", ["x"], [], perm=(0, 5)),
        misfit("Transpose", ["x"], [], perm=(0, -1)),
        misfit("Transpose", ["x"], [], perm=0),
        misfit("Slice", ["x", "c0", "c1"], [ints(0), ints(1)]),
        misfit("Slice", ["x", "c0", "c1", "c0"], [ints(0), ints(1)]),
        misfit("Slice", ["x", "c0", "c1", "c1", "c1"], [ints(0), ints(-1)]),
        misfit("Slice", ["x", "c0", "c1", "c0", "c1"], [ints(1), ints(2)]),
        misfit("Slice", ["x", "c0", "c1", "c0", "c2"], [ints(1), ints(2), ints(0)]),
        misfit("Slice", ["x", "c0", "c0", "c0"], [ints(1)]),
        misfit("Slice", ["x", "c0", "c1", "c1"], [ints(0, 0), ints(1, 1)]),
        misfit("Slice", ["x", "c0", "c1", "c2"], [ints(0), ints(2), ints(2)]),
        misfit("Slice", ["x", "c0", "c1", "c2"], [ints(0, 0), ints(2), ints(1)]),
        misfit("Concat", ["x", "x"], [], axis=0),
        misfit("Concat", ["x", "x"], [], axis=-2),
        misfit("Concat", ["x", "c0"], [zeros(37, 4)], axis=1),
        misfit("Concat", ["x"], [], axis=9),
        misfit("Concat", ["x"], [], axis=(1,)),
        misfit("Concat", ["x"], []),
        misfit("Concat", [], [], axis=1),
        misfit("Gather", ["c0", "c1"], [ints(1, 2), ints(9)]),
        misfit("Gather", ["c0", "c1"], [ints(1, 2), ints(-3)]),
        misfit("Gather", ["c0", "c1"], [ints(1, 2), ints(0)], axis=1),
        misfit("Gather", ["x", "c0"], [ints(0)], axis=1),
        misfit("Squeeze", ["x"], []),
        misfit("Squeeze", ["x", "c0"], [ints(1)]),
        misfit("Squeeze", ["x", "c0"], [ints(0)]),
        misfit("Unsqueeze", ["x"], []),
        misfit("Unsqueeze", ["x", "c0"], [ints(0)]),
        misfit("Unsqueeze", ["x", "c0"], [ints(1, 1)]),
        misfit("Unsqueeze", ["x", "c0"], [ints(9)]),
        misfit("Shape", ["x"], [], start=1),
        misfit("Cast", ["x"], [], to=8),
        misfit("Cast", ["x"], [], to=11),
        misfit("Cast", ["x"], [], to=1),
        misfit("Cast", ["x"], [], to=1.0),
        misfit("Cast", ["c0"], [ints(2**40)], to=6),
        misfit("Cast", ["c0"], [ints(1)]),
        misfit("QuantizeLinear", ["x", "c0", "c1"], [zeros(4), np.zeros(4, U1)], axis=1),
        misfit("QuantizeLinear", ["x", "c0", "c1"], [zeros(1), np.zeros(1, U1)]),
        misfit("QuantizeLinear", ["x", "c0", "c1"], [zeros(), np.array(0, S1)]),
        misfit("QuantizeLinear", ["x", "c0"], [zeros()]),
    ],
)
def test_inputs_that_do_not_fit(refused, operator, inputs, constants, attributes):
    """Unknown names, shapes that do not fit for every batch size, and attributes that vaecli does not write."""
    assert "do not fit" in refused([(operator, inputs, ["y"], attributes)], constants)


@pytest.mark.parametrize(
    ("operator", "inputs", "constants", "attributes"),
    [
        misfit("Concat", ["x", "r"], [], axis=-1),
        misfit("Concat", ["r", "s"], [], axis=1),
        misfit("Gemm", ["r", "c2"], [zeros(2, 2)]),
        misfit("Add", ["r", "c2"], [zeros(4)]),
        misfit("Add", ["r", "s"], []),
        misfit("Add", ["s", "x"], []),
        misfit("Mul", ["r", "s"], []),
    ],
)
def test_batches_of_more_axes_that_do_not_fit(refused, operator, inputs, constants, attributes):
    """The same for values with two axes per image, r (N, 2, 2) and s (N, 4, 1)."""
    nodes = [("Reshape", ["x", "c0"], ["r"], {}), ("Reshape", ["x", "c1"], ["s"], {})]
    shapes = [ints(-1, 2, 2), ints(-1, 4, 1)]
    assert "do not fit" in refused([*nodes, (operator, inputs, ["y"], attributes)], [*shapes, *constants])


@pytest.mark.parametrize(
    ("operator", "inputs", "constants", "attributes"),
    [
        misfit("Add", ["i", "c4"], [np.zeros(4, I4)]),
        misfit("Add", ["i", "i"], []),
        misfit("Cast", ["i"], [], to=7),
        misfit("MatMulInteger", ["q", "c2"], []),
        misfit("MatMulInteger", ["q", "c4", "c1", "c3"], [np.ones((4, 4), U1)]),
        misfit("MatMulInteger", ["q", "c2", "c1", "c4"], [np.zeros(1, S1)]),
        misfit("MatMulInteger", ["q", "c2", "c4", "c3"], [np.zeros(4, U1)]),
        misfit("Relu", ["q"], []),
        misfit("Add", ["q", "q"], []),
    ],
)
def test_quantised_inputs_that_do_not_fit(refused, operator, inputs, constants, attributes):
    """The same for uint8 values q (N, 4) and int32 sums i (N, 4)."""
    nodes = [*QUANTISE, (operator, inputs, ["y"], attributes)]
    assert "do not fit" in refused(nodes, [*BYTES, *constants])


@pytest.mark.parametrize(
    "operator",
    [
        "Mod",
        "Exp",
        "Pad",
        "Split",
        "Clip",
        "Flatten",
        "DepthToSpace",
        "DequantizeLinear",
        "QLinearMatMul",
    ],
)
def test_operators_that_export_does_not_write(refused, operator):
    """Among them integer division by zero and of the smallest integer by -1, which kill the process."""
    assert f"an operator that is not allowed, {operator!r}" in refused(
        [(operator, ["c0", "c1"], ["y"], {})], []
    )


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": (0, 1)},
        {"strides": (-1, 1)},
        {"strides": (10_000, 10_000)},
        {"strides": 2},
        {"strides": (1,)},
        {"dilations": (1, 0)},
        {"dilations": (2, 1)},
        {"pads": (0, 0, 0, -1)},
        {"pads": (0, 0, 0, 3)},
        {"pads": (0, 0)},
        {"kernel_shape": (9, 9)},
        {"kernel_shape": (3,)},
        {"kernel_shape": (17, 17)},
        {"group": 2},
        {"group": 0},
        {"group": 1.0},
        {"auto_pad": 1},
        {"auto_pad": "VALID"},
        {"auto_pad": "SAME_UPPER"},
        {"output_padding": (1, 1)},
        {"output_shape": (4, 4)},
    ],
)
@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
def test_convolutions_with_odd_attributes(refused, operator, attributes):
    """Zero strides, negative padding and numbers in place of lists are refused without a division by zero."""
    nodes = [("Reshape", ["x", "c0"], ["r"], {}), (operator, ["r", "c1", "c2"], ["y"], attributes)]
    constants = [ints(-1, 2, 4, 4), zeros(2, 2, 3, 3), zeros(2)]
    assert "do not fit" in refused(nodes, constants, (32,), (2, 2, 2))


@pytest.mark.parametrize(
    ("operator", "kernel", "bias"),
    [
        (operator, kernel, bias)
        for operator in ("Conv", "ConvTranspose")
        for kernel, bias in (
            (zeros(2, 2, 3, 3), zeros(1)),
            (zeros(2, 2, 3, 3), zeros(1, 2)),
            (zeros(2, 2, 3, 3), zeros(3)),
            (zeros(2, 2, 3, 3), ints(0, 0)),
            (zeros(2, 2, 3), zeros(2)),
            (zeros(2, 2, 3, 3, 1), zeros(2)),
        )
    ]
    + [
        ("Conv", zeros(2, 3, 3, 3), zeros(2)),
        ("ConvTranspose", zeros(2, 2, 17, 1), zeros(2)),
        ("Conv", zeros(2, 1, 3, 3), zeros(2)),
        ("Conv", zeros(2, 2, 5, 5), zeros(2)),
        ("ConvTranspose", zeros(3, 2, 3, 3), zeros(2)),
    ],
)
def test_convolutions_with_odd_kernels(refused, operator, kernel, bias):
    """Kernels and biases of other shapes are refused: onnxruntime 1.18 reads beyond the end of a short bias."""
    nodes = [("Reshape", ["x", "c0"], ["r"], {}), (operator, ["r", "c1", "c2"], ["y"], {})]
    assert "do not fit" in refused(nodes, [ints(-1, 2, 4, 4), kernel, bias], (32,), (2, 2, 2))


def test_a_result_with_a_name_that_is_taken(refused):
    """Two values of one name, or an empty name, could be understood in two ways: refused."""
    relu = ("Relu", ["x"], ["y"], {})
    assert "must have a name of its own, got 'y'" in refused([relu, relu], [])
    assert "must have a name of its own, got 'x'" in refused([("Relu", ["x"], ["x"], {})], [])
    assert "must have a name of its own, got 'c0'" in refused([("Relu", ["x"], ["c0"], {})], [zeros(4)])
    assert "must have a name of its own, got ''" in refused([("Relu", ["x"], [""], {})], [])
    assert "do not fit" in refused([("Relu", ["x"], ["y", "z"], {})], [])


def test_a_constant_without_a_name(builder):
    """An empty name means an omitted input, so a constant must not have it."""
    tensor, node = builder.tensor("", zeros(4)), builder.node("Add", ["x", ""], ["y"])
    content = builder.model(
        builder.graph([node], [tensor], [builder.value("x", (None, 4))], [builder.value("y", (None, 4))])
    )
    with pytest.raises(WireError, match="must have a name of its own, got ''"):
        measure.measure(graph.read(content), content)
