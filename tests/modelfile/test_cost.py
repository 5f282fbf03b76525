"""Computed shapes equal those of onnxruntime, for each operator and several batch sizes."""

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
    *(
        (operator, (3, 4), [], {}, 13)
        for operator in ("Abs", "Identity", "Reciprocal", "Relu", "Sigmoid", "Tanh")
    ),
    *((operator, (3, 4), [zeros(4)], {}, 13) for operator in ("Div", "Max", "Min", "Mul", "Sub")),
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


def model(builder, nodes, constants, x, *, opset=13, outputs=None):
    """Write a model x (N, *x) -> y with the constants c0, c1, ..."""
    tensors = [builder.tensor(f"c{i}", array) for i, array in enumerate(constants)]
    return builder.model(
        builder.graph(nodes, tensors, [builder.value("x", (None, *x))], [builder.value("y", outputs)]), opset
    )


def run_shape(content, x):
    """Return the shape of y per image in onnxruntime, equal for all batch sizes."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    shapes = {count: session.run(["y"], {"x": np.zeros((count, *x), F)})[0].shape for count in BATCHES}
    assert {shape[0] == count and shape[1:] for count, shape in shapes.items()} == {shapes[1][1:]}
    return shapes[1][1:]


def measured(content):
    return measure.measure(graph.read(content), content)


def require_agreement(builder, nodes, constants, x, *, opset=13):
    """Compare the computed shape with onnxruntime's, check that others are refused, and return the cost."""
    actual = run_shape(model(builder, nodes, constants, x, opset=opset), x)
    cost = measured(model(builder, nodes, constants, x, opset=opset, outputs=(None, *actual)))
    assert cost.elements >= int(np.prod(actual))
    for wrong in ((None, *actual[:-1], actual[-1] + 1), (1, *actual), actual):
        with pytest.raises(WireError, match=r"type and shape that the file declares|shapes"):
            measured(model(builder, nodes, constants, x, opset=opset, outputs=wrong))
    return cost


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_shapes_are_those_of_onnxruntime(builder, case):
    """The computed shape of each operator is the one that onnxruntime gives, for every batch size."""
    operator, x, constants, attributes, opset = case
    names = ["x", *(f"c{i}" for i in range(len(constants)))]
    require_agreement(
        builder, [builder.node(operator, names, ["y"], **attributes)], constants, x, opset=opset
    )


@pytest.mark.parametrize("operator", ["Add", "Div", "Max", "Min", "Mul", "Sub"])
def test_images_combined_with_images(builder, operator):
    """An operator on two values with the batch axis gives their shape; the constant may also come first."""
    nodes = [builder.node("Relu", ["x"], ["r"]), builder.node(operator, ["x", "r"], ["y"])]
    require_agreement(builder, nodes, [], (3, 4))
    require_agreement(builder, [builder.node(operator, ["c0", "x"], ["y"])], [zeros(1, 3, 4)], (3, 4))


def test_concat_of_images(builder):
    """Concat works along any axis but the batch axis, also counted from the end."""
    for axis in (1, -1):
        require_agreement(builder, [builder.node("Concat", ["x", "x", "x"], ["y"], axis=axis)], [], (3, 4))


QUANTISED = [np.array(0.1, F), np.array(0, U1)]


def quantised_convolution(builder, filters=4, **changed):
    """Return nodes and constants of an int8 convolution of x (3, 6, 5) and a product, with some inputs changed."""
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
        builder.node("QuantizeLinear", ["x", "c8", "c9"], ["q"]),
        builder.node("QLinearConv", ["q", *names], ["p"], kernel_shape=(2, 2), pads=(1, 1, 0, 0)),
        builder.node("Transpose", ["p"], ["t"], perm=(0, 2, 3, 1)),
        builder.node("MatMulInteger", ["t", "c10", "c11", "c12"], ["i"]),
        builder.node("Cast", ["i"], ["y"], to=1),
    ]
    matrix = [np.ones((filters, 2), S1), np.array(0, U1), np.array(0, S1)]
    return nodes, [*inputs.values(), *QUANTISED, *matrix]


def test_quantised_products(builder):
    """QLinearConv and MatMulInteger agree, with one scale per channel or one for all."""
    scalar = {"scale": np.array(0.1, F), "zero": np.array(0, S1)}
    for changed in ({}, scalar):
        nodes, constants = quantised_convolution(builder, **changed)
        assert (
            require_agreement(builder, nodes, constants, (3, 6, 5)).macs == 6 * 5 * 4 * 3 * 4 + 6 * 5 * 4 * 2
        )


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
def test_scales_and_biases_of_other_shapes(builder, name, wrong):
    """A bias, scale or zero point that is too short, which onnxruntime 1.18 reads beyond its end, is refused."""
    nodes, constants = quantised_convolution(builder, **{name: wrong})
    with pytest.raises(WireError, match="do not fit"):
        measured(model(builder, nodes, constants, (3, 6, 5), outputs=(None, 6, 5, 2)))


def test_integer_product_of_concatenated_values(builder):
    """The last layer of an int8 file: Reshape, Concat and MatMulInteger."""
    nodes = [
        builder.node("QuantizeLinear", ["x", "c0", "c1"], ["flat"]),
        builder.node("Reshape", ["flat", "c2"], ["q"]),
        builder.node("Concat", ["q", "q"], ["qq"], axis=2),
        builder.node("MatMulInteger", ["qq", "c3", "c1", "c4"], ["i"]),
        builder.node("Cast", ["i"], ["y"], to=1),
    ]
    constants = [*QUANTISED, ints(0, 2, 3), np.ones((6, 4), S1), np.array(0, S1)]
    for opset in (13, 18):
        require_agreement(builder, nodes, constants, (6,), opset=opset)


def test_float16_weights(builder):
    """A float16 constant that becomes float32 is held once, and does not count per image."""
    nodes = [builder.node("Cast", ["c0"], ["w"], to=1), builder.node("MatMul", ["x", "w"], ["y"])]
    assert require_agreement(builder, nodes, [np.ones((6, 5), H)], (6,)).elements == 6 + 5


def test_a_shape_that_the_graph_computes(builder):
    """The integers of a shape are followed through the operators with which tf2onnx writes a Flatten."""
    constants = [np.array([0], I8), ints(1), ints(0, 2, 1), np.array([12], I4)]
    nodes = [
        builder.node("Shape", ["x"], ["s"]),
        builder.node("Gather", ["s", "c2"], ["g"]),
        builder.node("Cast", ["g"], ["s4"], to=6),
        builder.node("Slice", ["s4", "c0", "c1", "c0"], ["n"]),
        builder.node("Squeeze", ["n", "c0"], ["n0"]),
        builder.node("Unsqueeze", ["n0", "c0"], ["n1"]),
        builder.node("Concat", ["n1", "c3"], ["t4"], axis=0),
        builder.node("Cast", ["t4"], ["t"], to=7),
        builder.node("Reshape", ["x", "t"], ["y"]),
    ]
    require_agreement(builder, nodes, constants, (3, 4))


def test_sizes_that_depend_on_the_batch_size(builder):
    """A size or index that depends on N is refused, even if it fits one batch size."""
    for end in (
        [builder.node("Concat", ["c0", "s"], ["t"], axis=0), builder.node("Reshape", ["x", "t"], ["y"])],
        [builder.node("Slice", ["x", "c2", "s", "c1"], ["y"])],
    ):
        nodes = [builder.node("Shape", ["x"], ["all"]), builder.node("Gather", ["all", "c2"], ["s"]), *end]
        content = model(builder, nodes, [ints(-1), ints(1), ints(0)], (37,), outputs=(None, 37))
        with pytest.raises(WireError, match="do not fit"):
            measured(content)


def test_every_operator_has_a_case():
    """Each operator has a rule, a signature and a case in this file."""
    tested = {case[0] for case in CASES} | {"Concat", "QuantizeLinear", "QLinearConv", "MatMulInteger"}
    assert set(RULES) == set(SIGNATURES) == tested | {"Cast", "Gather", "Shape"}
    assert set(ATTRIBUTES) <= set(RULES)
