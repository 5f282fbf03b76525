"""The int8 graph: close to float32 for every image shape, and its integer sums are exact on this processor."""

import numpy as np
import onnxruntime
import pytest

from vaecli.export.int8 import ranges
from vaecli.export.int8.calibrate import calibrate

pytestmark = pytest.mark.train  # onnx comes with that extra

CASES = [
    ("classic", (28, 28, 1)),
    ("classic", (9, 16, 3)),
    ("classic", (4, 1, 1)),
    ("classic", (13, 30, 3)),
    ("dense", (9, 16, 3)),
    ("conv", (28, 28, 1)),
    ("conv", (9, 13, 3)),
    ("conv", (4, 1, 1)),
]
CONVOLUTIONS = {"classic": 4, "dense": 0, "conv": 5}
PRODUCTS = {"classic": 1, "dense": 3, "conv": 2}


@pytest.fixture(scope="module")
def latents():
    return np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture(scope="module", params=CASES, ids=str)
def models(request, random_decoder, latents):
    """A float32 decoder, the name of its network, and the ONNX graph of its quantised form."""
    from vaecli.export.int8 import graph

    network, shape = request.param
    decoder = random_decoder(shape, channels=64 if shape[0] == 28 else 16, network=network)
    quantised = calibrate(decoder, latents)
    return decoder, network, graph.build(quantised, opset=13)


def run(model, z, names=("image", "logits")):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(names, {"z": z})


def test_logits_are_close_to_float32_for_every_shape(models, latents, logits_from):
    """Grey or colour, cropped or not, the mean error of the logits is below two per cent of their deviation."""
    decoder, _, model = models
    height, width, channels = decoder.image_shape
    image, logits = run(model, latents)
    expected = logits_from(decoder, decoder.activations(latents)[0])[:, :height, :width]
    assert logits.shape == expected.shape == (40, height, width, channels)
    assert np.abs(logits - expected).mean() < 0.02 * expected.std()
    np.testing.assert_allclose(image, 1 / (1 + np.exp(-logits.astype(np.float64))), atol=1e-6)
    assert {entry.domain for entry in model.opset_import} == {""}


@pytest.mark.parametrize("network", PRODUCTS)
def test_opsets_compute_the_quantised_decoder(random_decoder, latents, network):
    """With opset 13 and with 18 the graph gives the logits that numpy gives, except for a few rounded levels."""
    from vaecli.export.int8 import graph

    quantised = calibrate(random_decoder((9, 16, 3), channels=8, network=network), latents)
    expected = quantised.outputs(latents)["logits"]
    for opset in (13, 18):
        _, logits = run(graph.build(quantised, opset=opset), latents)
        gaps = np.abs(logits - expected) / np.abs(expected).max()
        assert (gaps < 1e-5).mean() > 0.97 and gaps.max() < 0.02


def all_values(model, z):
    """Return every value of the graph by name, as onnxruntime computes it."""
    import onnx

    with_outputs = onnx.ModelProto()
    with_outputs.CopyFrom(model)
    names = [name for node in model.graph.node for name in node.output if name not in ("image", "logits")]
    with_outputs.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    constants = {entry.name: onnx.numpy_helper.to_array(entry) for entry in model.graph.initializer}
    return constants | dict(zip(names, run(with_outputs, z, names), strict=True))


def convolved(x, weights, pads):
    """Convolve x (N, C, h, w), padded by (top, left, bottom, right), with weights (O, C, kh, kw) in int64."""
    rows, columns = weights.shape[2:]
    _, _, height, width = x.shape
    padded = np.pad(x.astype(np.int64), ((0, 0), (0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    return sum(
        np.einsum(
            "nchw,oc->nohw", padded[:, :, i : i + height, j : j + width], weights[:, :, i, j].astype(int)
        )
        for i in range(rows)
        for j in range(columns)
    )


def test_integer_sums_are_exact_on_this_processor(models, latents):
    """Each QLinearConv and MatMulInteger equals int64 arithmetic, which a saturating processor would miss."""
    _, network, model = models
    values = all_values(model, latents)
    convolutions = [node for node in model.graph.node if node.op_type == "QLinearConv"]
    assert len(convolutions) == CONVOLUTIONS[network]
    for node in convolutions:
        x, x_scale, _, weights, w_scale, _, y_scale, _, bias = (values[name] for name in node.input)
        pads = next(entry.ints for entry in node.attribute if entry.name == "pads")
        sums = convolved(x, weights, pads) + bias[:, None, None]
        factor = (x_scale * w_scale / y_scale).astype(np.float32)[:, None, None]
        expected = np.clip(np.rint(sums.astype(np.float32) * factor), 0, 255).astype(np.uint8)
        np.testing.assert_array_equal(values[node.output[0]], expected)
    products = [node for node in model.graph.node if node.op_type == "MatMulInteger"]
    assert len(products) == PRODUCTS[network]
    for node in products:
        product = values[node.input[0]].astype(np.int64) @ values[node.input[1]].astype(np.int64)
        np.testing.assert_array_equal(values[node.output[0]], product)


def test_the_graph_keeps_the_pair_limit(models, largest_pair):
    """The int8 constants keep it in the order in which onnxruntime reduces, and channels first."""
    import onnx

    _, network, model = models
    constants = [onnx.numpy_helper.to_array(entry) for entry in model.graph.initializer]
    kernels = [array for array in constants if array.dtype == np.int8 and array.ndim in (2, 4)]
    assert len(kernels) == CONVOLUTIONS[network] + PRODUCTS[network]
    for array in kernels:
        rows = [array] if array.ndim == 2 else ranges.reductions(array.transpose(2, 3, 1, 0))
        assert max(largest_pair(matrix) for matrix in rows) <= 128


def test_the_largest_allowed_pairs_do_not_saturate():
    """Levels of 255 times the pairs (64, 64) and (127, 1), the largest allowed, give exact sums."""
    from onnx import TensorProto, helper, numpy_helper

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
