"""Shapes on paper against onnxruntime's own, operator by operator, and the few bytes that ask for too much."""

import math

import numpy as np
import onnxruntime
import pytest

from vaecli.runtime import graph, sizes
from vaecli.runtime.operators import RULES
from vaecli.runtime.wire import WireError

N = sizes.PROBE
F, I8, I4, U1, S1 = np.float32, np.int64, np.int32, np.uint8, np.int8


def zeros(*shape):
    return np.zeros(shape, F)


def ints(*values):
    return np.array(values, I8)


# operator, shape of x (N, ...), constants, attributes, opset
CASES = [
    ("Relu", (3, 4), [], {}, 13),
    ("Sigmoid", (3, 4), [], {}, 13),
    ("Identity", (3, 4), [], {}, 13),
    ("Clip", (3, 4), [np.array(0, F), np.array(1, F)], {}, 13),
    ("Cast", (3, 4), [], {"to": 1}, 13),
    ("Add", (3, 4), [zeros(4)], {}, 13),
    ("Add", (3, 1), [zeros(5, 1, 1, 4)], {}, 13),
    ("Sub", (3, 4), [zeros(3, 1)], {}, 13),
    ("Mul", (3, 4), [zeros(1, 1, 1)], {}, 13),
    ("Div", (3, 4), [np.ones(4, F)], {}, 13),
    ("MatMul", (6,), [zeros(6, 5)], {}, 13),
    ("MatMul", (2, 6), [zeros(6, 5)], {}, 13),
    ("MatMul", (2, 6), [zeros(7, 1, 6, 5)], {}, 13),
    ("Gemm", (6,), [zeros(6, 5), zeros(5)], {}, 13),
    ("Gemm", (6,), [zeros(5, 6)], {"transB": 1}, 13),
    ("Gemm", (6,), [zeros(N, 5)], {"transA": 1}, 13),
    ("Conv", (3, 9, 8), [zeros(5, 3, 3, 3)], {"strides": (2, 2), "pads": (0, 0, 1, 1)}, 13),
    ("Conv", (3, 9, 8), [zeros(5, 3, 2, 4)], {"dilations": (2, 1), "kernel_shape": (2, 4)}, 13),
    ("Conv", (4, 9, 8), [zeros(6, 2, 3, 3)], {"group": 2, "auto_pad": "SAME_UPPER", "strides": (2, 3)}, 13),
    ("Conv", (3, 9, 8), [zeros(5, 3, 3, 3)], {"auto_pad": "VALID"}, 13),
    ("ConvTranspose", (3, 4, 5), [zeros(3, 2, 3, 3)], {"strides": (2, 2), "auto_pad": "SAME_UPPER"}, 13),
    ("ConvTranspose", (3, 4, 5), [zeros(3, 2, 3, 3)], {"strides": (2, 2), "pads": (0, 0, 1, 1)}, 13),
    (
        "ConvTranspose",
        (3, 4, 5),
        [zeros(3, 2, 3, 2)],
        {"strides": (3, 2), "pads": (1, 0, 0, 1), "output_padding": (1, 1), "dilations": (2, 1)},
        13,
    ),
    ("Reshape", (3, 4), [ints(-1, 2, 6)], {}, 13),
    ("Reshape", (3, 4), [ints(0, 12)], {}, 13),
    ("Reshape", (3, 4), [ints(0, 0, 2, -1)], {}, 14),
    ("Flatten", (3, 4), [], {}, 13),
    ("Flatten", (3, 4), [], {"axis": 2}, 13),
    ("Transpose", (3, 4), [], {"perm": (0, 2, 1)}, 13),
    ("Transpose", (3, 4), [], {}, 13),
    ("Slice", (9, 8), [ints(1, 0), ints(7, 9999), ints(1, 2), ints(2, 3)], {}, 13),
    ("Slice", (9, 8), [ints(-3), ints(-1), ints(-1)], {}, 13),
    ("Concat", (3, 4), [zeros(N, 2, 4)], {"axis": 1}, 13),
    ("Concat", (3, 4), [zeros(N, 3, 7)], {"axis": -1}, 13),
    ("Gather", (3, 4), [ints(2, 0, 1, 1)], {"axis": 1}, 13),
    ("Gather", (3, 4), [np.array(3, I8)], {"axis": -1}, 13),
    ("Gather", (3, 4), [np.array([[1, 2]], I8)], {}, 13),
    ("Squeeze", (1, 4, 1), [ints(1)], {}, 13),
    ("Squeeze", (1, 4, 1), [], {}, 13),
    ("Unsqueeze", (3, 4), [ints(0, -1)], {}, 13),
    ("Pad", (3, 4), [ints(0, 1, 2, 0, 3, 4)], {}, 13),
    ("Pad", (3, 4), [ints(1, 4), np.array(0, F), ints(2)], {}, 18),
    ("DepthToSpace", (8, 2, 3), [], {"blocksize": 2}, 13),
    ("QuantizeLinear", (3, 4), [np.array(1, F), np.array(0, U1)], {}, 13),
]


def model(draw, nodes, constants, x, *, opset=13, outputs=None):
    """A model of x (N, *x) with the constants c0, c1, ..."""
    tensors = [draw.tensor(f"c{i}", array) for i, array in enumerate(constants)]
    return draw.model(
        draw.graph(nodes, tensors, [draw.value("x", (None, *x))], [draw.value("y", outputs)]), opset
    )


def in_truth(content, x):
    """The shape of y as onnxruntime makes it."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": zeros(N, *x)})[0].shape


def declared(draw, nodes, constants, x, expected, *, opset=13):
    """The same model with an output that says its shape, which `graph.read` asks for."""
    shape = tuple(None if size == N else size for size in expected)
    return model(draw, nodes, constants, x, opset=opset, outputs=shape)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_shapes_are_those_of_onnxruntime(draw, case):
    """Each operator's shape on paper is the one that it has, and the cost is not less than the output."""
    operator, x, constants, attributes, opset = case
    names = ["x", *(f"c{i}" for i in range(len(constants)))]
    node = draw.node(operator, names, ["y" if operator != "QuantizeLinear" else "q"], **attributes)
    back = [draw.node("DequantizeLinear", ["q", "c0", "c1"], ["y"])] if operator == "QuantizeLinear" else []
    nodes = [node, *back]
    truth = in_truth(model(draw, nodes, constants, x, opset=opset), x)
    content = declared(draw, nodes, constants, x, truth, opset=opset)
    cost = sizes.measure(graph.read(content), content)  # refuses a shape that is not the declared one
    assert cost.elements * N >= math.prod(truth)
    wrong = declared(draw, nodes, constants, x, (*truth[:-1], truth[-1] + 1), opset=opset)
    with pytest.raises(WireError, match="does not come out in the shape"):
        sizes.measure(graph.read(wrong), wrong)


QUANTISED = [np.array(0.1, F), np.array(0, U1)]


def test_quantised_convolution(draw):
    """QLinearConv: the kernel is its fourth input."""
    x = (3, 6, 5)
    constants = [*QUANTISED, np.ones((4, 3, 2, 2), S1), np.array(0.1, F), np.array(0, S1)]
    inputs = ["q", "c0", "c1", "c2", "c3", "c4", "c0", "c1"]
    nodes = [
        draw.node("QuantizeLinear", ["x", "c0", "c1"], ["q"]),
        draw.node("QLinearConv", inputs, ["p"], pads=(1, 1, 0, 0)),
        draw.node("DequantizeLinear", ["p", "c0", "c1"], ["y"]),
    ]
    truth = in_truth(model(draw, nodes, constants, x), x)
    content = declared(draw, nodes, constants, x, truth)
    assert sizes.measure(graph.read(content), content).products == 6 * 5 * 4 * 3 * 4


def test_split(draw):
    """Several outputs, each with its part of the axis."""
    nodes = [
        draw.node("Split", ["x", "c0"], ["a", "b"], axis=-1),
        draw.node("Concat", ["b", "b"], ["y"], axis=1),
    ]
    constants = [ints(1, 3)]
    truth = in_truth(model(draw, nodes, constants, (2, 4)), (2, 4))
    assert truth == (N, 4, 3)
    content = declared(draw, nodes, constants, (2, 4), truth)
    sizes.measure(graph.read(content), content)


def test_quantised_matrix_products(draw):
    """QLinearMatMul and MatMulInteger."""
    constants = [*QUANTISED, np.ones((6, 5), S1), np.array(0.1, F), np.array(0, S1)]
    nodes = [
        draw.node("QuantizeLinear", ["x", "c0", "c1"], ["q"]),
        draw.node("QLinearMatMul", ["q", "c0", "c1", "c2", "c3", "c4", "c0", "c1"], ["p"]),
        draw.node("DequantizeLinear", ["p", "c0", "c1"], ["a"]),
        draw.node("MatMulInteger", ["q", "c2"], ["i"]),
        draw.node("Cast", ["i"], ["b"], to=1),
        draw.node("Add", ["a", "b"], ["y"]),
    ]
    truth = in_truth(model(draw, nodes, constants, (6,)), (6,))
    assert truth == (N, 5)
    content = declared(draw, nodes, constants, (6,), truth)
    assert sizes.measure(graph.read(content), content).products == 2 * 6 * 5


def test_a_shape_that_the_graph_computes(draw):
    """Shape, Gather, Cast, Slice, Concat, Squeeze: the numbers are followed, as tf2onnx writes a Flatten."""
    constants = [np.array([0], I8), ints(1), ints(0), np.array([12], I4)]
    nodes = [
        draw.node("Shape", ["x"], ["s"]),
        draw.node("Cast", ["s"], ["s4"], to=6),
        draw.node("Slice", ["s4", "c2", "c1", "c2"], ["n"]),
        draw.node("Squeeze", ["n"], ["n0"]),
        draw.node("Unsqueeze", ["n0", "c2"], ["n1"]),
        draw.node("Concat", ["n1", "c3"], ["t4"], axis=0),
        draw.node("Cast", ["t4"], ["t"], to=7),
        draw.node("Reshape", ["x", "t"], ["y"]),
    ]
    truth = in_truth(model(draw, nodes, constants, (3, 4)), (3, 4))
    content = declared(draw, nodes, constants, (3, 4), truth)
    assert truth == (N, 12)
    sizes.measure(graph.read(content), content)


BIG = 2**40
AMPLIFIERS = {
    "padding": (
        [("Pad", ["x", "c0"], ["y"], {})],
        [ints(0, 0, 0, BIG)],
    ),
    "an outer product": (
        [("MatMul", ["c0", "c1"], ["w"], {}), ("MatMul", ["x", "w"], ["y"], {})],
        [zeros(200_000, 1), zeros(1, 200_000)],
    ),
    "doubling": (
        [("Concat", [f"v{i}" if i else "x"] * 2, [f"v{i + 1}"], {"axis": 1}) for i in range(40)],
        [],
    ),
    "broadcasting": (
        [("Add", ["c0", "c1"], ["y"], {})],
        [zeros(200_000, 1), zeros(1, 200_000)],
    ),
    "indices": (
        [("Gather", ["c0", "c1"], ["y"], {"axis": 0})],
        [zeros(1, 200_000), np.zeros(200_000, I8)],
    ),
    "a convolution's padding": (
        [("Reshape", ["x", "c0"], ["r"], {}), ("Conv", ["r", "c1"], ["y"], {"pads": (0, 0, BIG, BIG)})],
        [ints(-1, 1, 2, 2), zeros(1, 1, 1, 1)],
    ),
    "a stride": (
        [("Reshape", ["x", "c0"], ["r"], {}), ("ConvTranspose", ["r", "c1"], ["y"], {"strides": (BIG, 1)})],
        [ints(-1, 1, 2, 2), zeros(1, 1, 1, 1)],
    ),
    "output padding": (
        [
            ("Reshape", ["x", "c0"], ["r"], {}),
            ("ConvTranspose", ["r", "c1"], ["y"], {"strides": (BIG, 1), "output_padding": (BIG - 1, 0)}),
        ],
        [ints(-1, 1, 2, 2), zeros(1, 1, 1, 1)],
    ),
    "work": (
        [("MatMul", ["c0", "c0"], ["v0"], {})]
        + [("MatMul", [f"v{i}", "c0"], [f"v{i + 1}"], {}) for i in range(400)],
        [zeros(2048, 2048)],
    ),
    "numbers that grow": (
        [("Concat", [f"v{i}" if i else "c0"] * 64, [f"v{i + 1}"], {"axis": 0}) for i in range(20)],
        [ints(1, 2)],
    ),
}


@pytest.mark.parametrize("name", AMPLIFIERS)
def test_amplifiers_are_refused(draw, name):
    """Few bytes that ask for terabytes or hours: refused on paper, at once, whatever comes of them."""
    described, constants = AMPLIFIERS[name]
    nodes = [
        draw.node(operator, inputs, outputs, **attributes)
        for operator, inputs, outputs, attributes in described
    ]
    content = model(draw, nodes, constants, (4,), outputs=(None, 4))
    with pytest.raises(WireError, match="more memory or time"):
        sizes.measure(graph.read(content), content)


def misfit(operator, inputs, constants, **attributes):
    return operator, inputs, constants, attributes


@pytest.mark.parametrize(
    ("operator", "inputs", "constants", "attributes"),
    [
        misfit("Relu", ["nowhere"], []),
        misfit("Relu", [], []),
        misfit("Add", ["x", "c0"], [zeros(3)]),
        misfit("MatMul", ["x", "c0"], [zeros(3, 3)]),
        misfit("Gemm", ["x", "c0"], [zeros(3, 3)]),
        misfit("Reshape", ["x", "c0"], [ints(7, 7)]),
        misfit("Reshape", ["x", "c0"], [ints(-1, -1)]),
        misfit("Reshape", ["x", "c0"], [ints(0, -4)]),
        misfit("Reshape", ["x", "x"], []),
        misfit("Transpose", ["x"], [], perm=(0, 0)),
        misfit("Transpose", ["x"], [], perm=(0, 5)),
        misfit("Slice", ["x", "c0", "c0", "c0", "c1"], [ints(0), ints(-1)]),
        misfit("Slice", ["x", "c0", "c0", "c0", "c0"], [ints(0)]),
        misfit("Concat", ["x", "c0"], [zeros(3, 3, 3)], axis=0),
        misfit("Concat", ["x"], [], axis=9),
        misfit("Concat", ["x"], []),
        misfit("Gather", ["c0", "c1"], [ints(1, 2), ints(9)]),
        misfit("Squeeze", ["x", "c0"], [ints(1)]),
        misfit("Unsqueeze", ["x"], []),
        misfit("Pad", ["x", "c0"], [ints(0, -1, 0, 0)]),
        misfit("Pad", ["x", "c0"], [ints(0, 1)]),
        misfit("Split", ["x"], [], axis=1),
        misfit("Split", ["x", "c0"], [ints(1, 2)], axis=1),
        misfit("Split", ["x", "c0"], [ints(-1, 5)], axis=1),
        misfit("DepthToSpace", ["x"], [], blocksize=2),
        misfit("Conv", ["x", "c0"], [zeros(1, 1, 1, 1)]),
        misfit("ConvTranspose", ["x", "c0"], [zeros(1, 1, 1, 1)]),
        misfit("Cast", ["c0"], [ints(1)]),
    ],
)
def test_what_does_not_fit_is_refused(draw, operator, inputs, constants, attributes):
    """Names that lead nowhere, shapes that do not fit, attributes out of range: one kind of error."""
    content = model(
        draw, [draw.node(operator, inputs, ["y"], **attributes)], constants, (4,), outputs=(None, 4)
    )
    with pytest.raises(WireError, match="do not fit"):
        sizes.measure(graph.read(content), content)


@pytest.mark.parametrize(
    "attributes",
    [
        {"strides": (0, 1)},
        {"strides": (-1, 1)},
        {"dilations": (1, 0)},
        {"pads": (0, 0, 0, -1)},
        {"pads": (0, 0)},
        {"strides": 2},
        {"strides": (1,)},
        {"kernel_shape": (9, 9)},
        {"group": 2},
        {"auto_pad": 1},
    ],
)
@pytest.mark.parametrize("operator", ["Conv", "ConvTranspose"])
def test_convolutions_with_odd_attributes(draw, operator, attributes):
    """Strides of nothing, negative padding, numbers for lists: refused, no division by zero gets out."""
    nodes = [
        draw.node("Reshape", ["x", "c0"], ["r"]),
        draw.node(operator, ["r", "c1"], ["y"], **attributes),
    ]
    content = model(draw, nodes, [ints(-1, 1, 4, 4), zeros(1, 1, 3, 3)], (16,), outputs=(None, 1, 2, 2))
    with pytest.raises(WireError, match="do not fit"):
        sizes.measure(graph.read(content), content)


def test_numbers_do_not_survive_what_changes_them(draw):
    """A shape that went through a cast to bytes or a Clip is not known: 256 would be taken for 0."""
    for change in (draw.node("Cast", ["c0"], ["n"], to=2), draw.node("Clip", ["c0", "c1"], ["n"])):
        nodes = [change, draw.node("Cast", ["n"], ["p"], to=7), draw.node("Pad", ["x", "p"], ["y"])]
        constants = [ints(0, 0, 0, 0), np.array(2**40, I8)]
        content = model(draw, nodes, constants, (4,), outputs=(None, 4))
        with pytest.raises(WireError, match="not known beforehand"):
            sizes.measure(graph.read(content), content)


def test_every_operator_is_tested():
    """A rule that is new has to be given its case above."""
    tested = {case[0] for case in CASES} | {
        "DequantizeLinear",
        "QLinearConv",
        "QLinearMatMul",
        "MatMulInteger",
    }
    assert set(RULES) == tested | {"Shape", "Split"}
