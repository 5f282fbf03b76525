"""Shapes on paper against onnxruntime's own, operator by operator, for one image and for many."""

import numpy as np
import onnxruntime
import pytest

from vaecli.modelfile import graph
from vaecli.modelfile.cost import measure
from vaecli.modelfile.operators import ATTRIBUTES, RULES, SIGNATURES
from vaecli.modelfile.protobuf import WireError

F, H, I8, I4, U1, S1 = np.float32, np.float16, np.int64, np.int32, np.uint8, np.int8
BATCHES = (1, 2, 37)
WINDOW = {"dilations": (1, 1), "group": 1, "auto_pad": "NOTSET"}


def zeros(*shape):
    return np.zeros(shape, F)


def ints(*values):
    return np.array(values, I8)


# operator, shape of x (N, ...), constants, attributes, opset
CASES = [
    ("Relu", (3, 4), [], {}, 13),
    ("Sigmoid", (3, 4), [], {}, 13),
    ("Identity", (3, 4), [], {}, 13),
    ("Add", (3, 4), [zeros(4)], {}, 13),
    ("Add", (3, 4), [zeros()], {}, 13),
    ("Add", (3, 4), [zeros(1, 1, 1)], {}, 13),
    ("Add", (3, 4), [zeros(1, 3, 4)], {}, 18),
    ("Add", (3, 4), [zeros(3, 1)], {}, 13),
    ("MatMul", (6,), [zeros(6, 5)], {}, 13),
    ("MatMul", (2, 6), [zeros(6, 5)], {}, 13),
    ("Gemm", (6,), [zeros(6, 5), zeros(5)], {}, 13),
    ("Gemm", (6,), [zeros(6, 5)], {}, 13),
    ("Conv", (3, 9, 8), [zeros(5, 3, 3, 3)], {"strides": (2, 2), "pads": (0, 0, 1, 1), **WINDOW}, 13),
    ("Conv", (3, 9, 8), [zeros(5, 3, 2, 4), zeros(5)], {"kernel_shape": (2, 4), "strides": (2, 3)}, 18),
    (
        "ConvTranspose",
        (3, 4, 5),
        [zeros(3, 2, 3, 3)],
        {"strides": (2, 2), "pads": (0, 0, 1, 1), **WINDOW},
        13,
    ),
    (
        "ConvTranspose",
        (3, 4, 5),
        [zeros(3, 2, 4, 2), zeros(2)],
        {"pads": (1, 0, 2, 1), "strides": (2, 5)},
        18,
    ),
    ("Reshape", (3, 4), [ints(-1, 2, 6)], {}, 13),
    ("Reshape", (3, 4), [ints(0, 12)], {}, 13),
    ("Reshape", (3, 4), [ints(0, 0, 2, -1)], {"allowzero": 0}, 14),
    ("Transpose", (3, 4), [], {"perm": (0, 2, 1)}, 13),
    ("Slice", (9, 8), [ints(1, 0), ints(7, 9999), ints(1, 2)], {}, 13),
    ("Slice", (9, 8), [ints(0, -3), ints(2**31 - 1, -1), ints(0, 1)], {}, 13),
    ("Slice", (9, 8), [ints(2), ints(2**40), ints(2), ints(1)], {}, 18),
    ("Squeeze", (1, 4, 1), [ints(1, -1)], {}, 13),
    ("Unsqueeze", (3, 4), [ints(1, -1)], {}, 18),
]


def model(draw, nodes, constants, x, *, opset=13, outputs=None):
    """A model of x (N, *x) with the constants c0, c1, ..."""
    tensors = [draw.tensor(f"c{i}", array) for i, array in enumerate(constants)]
    return draw.model(
        draw.graph(nodes, tensors, [draw.value("x", (None, *x))], [draw.value("y", outputs)]), opset
    )


def in_truth(content, x):
    """The shape of y as onnxruntime makes it, whatever the number of images."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    shapes = {count: session.run(["y"], {"x": np.zeros((count, *x), F)})[0].shape for count in BATCHES}
    assert {shape[0] == count and shape[1:] for count, shape in shapes.items()} == {shapes[1][1:]}
    return shapes[1][1:]


def measured(content):
    return measure.measure(graph.read(content), content)


def agrees(draw, nodes, constants, x, *, opset=13):
    """The cost of a graph whose shape on paper is the one that it has, and no other."""
    truth = in_truth(model(draw, nodes, constants, x, opset=opset), x)
    cost = measured(model(draw, nodes, constants, x, opset=opset, outputs=(None, *truth)))
    assert cost.elements >= int(np.prod(truth))
    for wrong in ((None, *truth[:-1], truth[-1] + 1), (1, *truth), truth):
        with pytest.raises(WireError, match=r"does not come out in the shape|shapes"):
            measured(model(draw, nodes, constants, x, opset=opset, outputs=wrong))
    return cost


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_shapes_are_those_of_onnxruntime(draw, case):
    """Each operator's shape on paper is the one that it has, for every number of images."""
    operator, x, constants, attributes, opset = case
    names = ["x", *(f"c{i}" for i in range(len(constants)))]
    agrees(draw, [draw.node(operator, names, ["y"], **attributes)], constants, x, opset=opset)


def test_concat_of_images(draw):
    """Along any axis but the first, which may be counted from the end."""
    for axis in (1, -1):
        agrees(draw, [draw.node("Concat", ["x", "x", "x"], ["y"], axis=axis)], [], (3, 4))


QUANTISED = [np.array(0.1, F), np.array(0, U1)]


def quantised_convolution(draw, filters=4, **changed):
    """An int8 convolution of x (3, 6, 5) that ends in float32 by way of a product; some of its inputs changed."""
    inputs = {
        "x_scale": np.array(0.1, F),
        "x_zero": np.array(0, U1),
        "kernel": np.ones((filters, 3, 2, 2), S1),
        "scale": np.full(filters, 0.1, F),
        "zero": np.zeros(filters, S1),
        "y_scale": np.array(0.1, F),
        "y_zero": np.array(0, U1),
        "bias": np.zeros(filters, I4),
    } | changed
    names = [f"c{i}" for i in range(8)]
    nodes = [
        draw.node("QuantizeLinear", ["x", "c8", "c9"], ["q"]),
        draw.node("QLinearConv", ["q", *names], ["p"], kernel_shape=(2, 2), pads=(1, 1, 0, 0)),
        draw.node("Transpose", ["p"], ["t"], perm=(0, 2, 3, 1)),
        draw.node("MatMulInteger", ["t", "c10", "c11", "c12"], ["i"]),
        draw.node("Cast", ["i"], ["y"], to=1),
    ]
    matrix = [np.ones((filters, 2), S1), np.array(0, U1), np.array(0, S1)]
    return nodes, [*inputs.values(), *QUANTISED, *matrix]


def test_quantised_products(draw):
    """QLinearConv and MatMulInteger, with one scale a channel or one for all."""
    scalar = {"scale": np.array(0.1, F), "zero": np.array(0, S1)}
    for changed in ({}, scalar):
        nodes, constants = quantised_convolution(draw, **changed)
        assert agrees(draw, nodes, constants, (3, 6, 5)).products == 6 * 5 * 4 * 3 * 4 + 6 * 5 * 4 * 2


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("x_scale", zeros(3)),
        ("x_scale", np.array(1, H)),
        ("x_zero", np.zeros(3, U1)),
        ("x_zero", np.array(0, S1)),
        ("scale", zeros(1)),
        ("scale", zeros(3)),
        ("zero", np.zeros(1, S1)),
        ("zero", np.zeros(4, U1)),
        ("y_scale", zeros(4)),
        ("y_zero", np.zeros((1, 1), U1)),
        ("bias", np.zeros(1, I4)),
        ("bias", np.zeros((4, 1), I4)),
        ("bias", np.zeros(4, I8)),
        ("bias", zeros(4)),
        ("kernel", np.ones((4, 3, 2, 2), U1)),
        ("kernel", np.ones((4, 1, 2, 2), S1)),
        ("kernel", np.ones((4, 3, 2, 2, 1), S1)),
    ],
)
def test_what_lies_beside_a_quantised_convolution(draw, name, wrong):
    """A bias, a scale or a zero point that is too short is read beyond its end by onnxruntime 1.18."""
    nodes, constants = quantised_convolution(draw, **{name: wrong})
    with pytest.raises(WireError, match="do not fit"):
        measured(model(draw, nodes, constants, (3, 6, 5), outputs=(None, 6, 5, 2)))


def test_sums_of_whole_numbers(draw):
    """As the last layer of an int8 file has them."""
    nodes = [
        draw.node("QuantizeLinear", ["x", "c0", "c1"], ["flat"]),
        draw.node("Reshape", ["flat", "c2"], ["q"]),
        draw.node("Concat", ["q", "q"], ["qq"], axis=2),
        draw.node("MatMulInteger", ["qq", "c3", "c1", "c4"], ["i"]),
        draw.node("Cast", ["i"], ["y"], to=1),
    ]
    constants = [*QUANTISED, ints(0, 2, 3), np.ones((6, 4), S1), np.array(0, S1)]
    for opset in (13, 18):
        agrees(draw, nodes, constants, (6,), opset=opset)


def test_weights_in_half_the_bytes(draw):
    """A float16 constant becomes float32: that is held while the model is open, and is nothing of an image."""
    nodes = [draw.node("Cast", ["c0"], ["w"], to=1), draw.node("MatMul", ["x", "w"], ["y"])]
    assert agrees(draw, nodes, [np.ones((6, 5), H)], (6,)).elements == 6 + 5


def test_a_shape_that_the_graph_computes(draw):
    """Shape, Gather, Cast, Slice, Concat, Squeeze: the numbers are followed, as tf2onnx writes a Flatten."""
    constants = [np.array([0], I8), ints(1), ints(0, 2, 1), np.array([12], I4)]
    nodes = [
        draw.node("Shape", ["x"], ["s"]),
        draw.node("Gather", ["s", "c2"], ["g"]),
        draw.node("Cast", ["g"], ["s4"], to=6),
        draw.node("Slice", ["s4", "c0", "c1", "c0"], ["n"]),
        draw.node("Squeeze", ["n", "c0"], ["n0"]),
        draw.node("Unsqueeze", ["n0", "c0"], ["n1"]),
        draw.node("Concat", ["n1", "c3"], ["t4"], axis=0),
        draw.node("Cast", ["t4"], ["t"], to=7),
        draw.node("Reshape", ["x", "t"], ["y"]),
    ]
    agrees(draw, nodes, constants, (3, 4))


def test_numbers_that_depend_on_n_fit_for_every_n(draw):
    """N twice in a shape fits where N happens to be an axis, and nowhere else; N as an axis is refused, too."""
    for last in (
        [draw.node("Concat", ["c0", "s"], ["t"], axis=0), draw.node("Reshape", ["x", "t"], ["y"])],
        [draw.node("Slice", ["x", "c2", "s", "c1"], ["y"])],
    ):
        nodes = [draw.node("Shape", ["x"], ["all"]), draw.node("Gather", ["all", "c2"], ["s"]), *last]
        content = model(draw, nodes, [ints(-1), ints(1), ints(0)], (37,), outputs=(None, 37))
        with pytest.raises(WireError, match="do not fit"):
            measured(content)


def test_every_operator_is_tested():
    """A rule that is new has to be given its case above, and each has a line of types."""
    tested = {case[0] for case in CASES} | {"Concat", "QuantizeLinear", "QLinearConv", "MatMulInteger"}
    assert set(RULES) == set(SIGNATURES) == tested | {"Cast", "Gather", "Shape"}
    assert set(ATTRIBUTES) <= set(RULES)
