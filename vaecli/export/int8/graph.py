"""The int8 decoder: standard ONNX operators, exact integer sums, float32 only at both ends.

    z -> Gemm                         float32 (D is small)
      -> QuantizeLinear               uint8, ReLU by saturation, (N, h, w, c)
      -> 2 QLinearConv, interleaved   uint8, (N, 2h, 2w, c')         once a doubling layer
      -> 2 QLinearConv, side by side  uint8, (N, h, w, 4 c')         the last doubling layer
      -> MatMulInteger, Cast          quarters (N, h, w, 16 C)       the last layer
      -> ConvTranspose                float32 logits, the quarters summed around each corner -> Sigmoid -> image

Tensors are kept channels last. QLinearConv wants channels first, so Transposes stand around it; onnxruntime turns
each such group into its own channels-last kernel and drops them, as fast as its private operator would be. A
QLinearConv makes two phases, even and odd columns side by side: a quarter of its products are with zeros, and yet
it is no slower than two, and faster for one image. The rows are interleaved by Concat, which copies whole ones:
onnxruntime's DepthToSpace and Transpose are slower.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from vaecli.export import subpixel
from vaecli.export.int8.integer_decoder import ONE, BytePhase, ByteStages

IR_VERSION = 7  # of the year of opset 13
CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


class _Graph:
    """Nodes and constants, in order; a value is its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._names: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def add(self, operator: str, *inputs: "str | npt.ArrayLike", **attributes: object) -> str:
        """A node of one output; inputs that are no names are constants."""
        name = f"{operator}_{len(self.nodes)}"
        values = [entry if isinstance(entry, str) else self._constant(entry) for entry in inputs]
        self.nodes.append(helper.make_node(operator, values, [name], name=name, **attributes))
        return name

    def end(self, operator: str, name: str, *inputs: "str | npt.ArrayLike", **attributes: object) -> None:
        """A node whose output is one of the graph's, `name`."""
        self.add(operator, *inputs, **attributes)
        self.nodes[-1].output[0] = name

    def reshape(self, value: str, *shape: int) -> str:
        """(N, ...) -> (N, *shape)."""
        return self.add("Reshape", value, np.array([0, *shape], np.int64))

    def _constant(self, value: npt.ArrayLike) -> str:
        """One for all that are equal: onnxruntime takes a moment for each in every call."""
        array = np.asarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._names:
            self._names[key] = name = f"constant_{len(self._names)}"
            self.initializers.append(numpy_helper.from_array(array, name))
        return self._names[key]


def build(stages: ByteStages, *, opset: int) -> onnx.ModelProto:
    """The int8 graph: `z` (N, D) -> `image` and `logits` (N, H, W, C), float32.

    Args:
        stages: the decoder in bytes.
        opset: of the operators, 13 to 18.
    """
    graph = _Graph()
    x = graph.add("Gemm", "z", stages.dense, stages.dense_bias)
    x = graph.reshape(graph.add("QuantizeLinear", x, ONE, np.uint8(0)), *stages.grid)
    height, width, _ = stages.grid
    for phases in stages.doubling[:-1]:
        rows = graph.add("Concat", *_convolved(graph, x, phases), axis=2)
        height, width = 2 * height, 2 * width
        x = graph.reshape(rows, height, width, len(phases[0].bias) // 2)
    x = graph.add("Concat", *_convolved(graph, x, stages.doubling[-1]), axis=3)
    _last(graph, x, stages, (height, width))
    return _model(graph, stages, opset)


def _convolved(graph: _Graph, x: str, phases: Sequence[BytePhase]) -> list[str]:
    """A doubling layer with its ReLU: uint8 (N, h, w, C_in) -> even and odd rows (N, h, w, 2 C_out)."""
    first = graph.add("Transpose", x, perm=CHANNELS_FIRST)
    found = []
    for phase in phases:
        result = graph.add(
            "QLinearConv",
            first,
            ONE,
            np.uint8(0),
            np.ascontiguousarray(phase.weights.transpose(3, 2, 0, 1)),
            phase.scale,
            np.zeros(len(phase.scale), np.int8),
            ONE,
            np.uint8(0),
            phase.bias,
            kernel_shape=phase.weights.shape[:2],
            pads=[phase.top, phase.left, 0, 0],
        )
        found.append(graph.add("Transpose", result, perm=CHANNELS_LAST))
    return found


def _last(graph: _Graph, x: str, stages: ByteStages, cells: tuple[int, int]) -> None:
    """The last layer on the cells (N, h, w, 4 C_in), see `subpixel.corner_matrix`; it ends in the two outputs."""
    height, width, _ = stages.image_shape
    products = graph.add("MatMulInteger", x, stages.corners, np.uint8(0), np.int8(0))
    quarters = graph.add("Transpose", graph.add("Cast", products, to=TensorProto.FLOAT), perm=CHANNELS_FIRST)
    kernel = subpixel.corner_kernel(stages.corner_scale)
    image = graph.add(
        "ConvTranspose", quarters, kernel, stages.bias, kernel_shape=[4, 4], strides=[2, 2], pads=[1, 1, 1, 1]
    )
    if (height, width) == (2 * cells[0], 2 * cells[1]):
        graph.end("Transpose", "logits", image, perm=CHANNELS_LAST)
    else:
        cut = [np.array(numbers) for numbers in ([0, 0], [height, width], [1, 2])]
        graph.end("Slice", "logits", graph.add("Transpose", image, perm=CHANNELS_LAST), *cut)
    graph.end("Sigmoid", "image", "logits")


def _model(graph: _Graph, stages: ByteStages, opset: int) -> onnx.ModelProto:
    latent = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", len(stages.dense)])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *stages.image_shape])
        for name in ("image", "logits")
    ]
    made = helper.make_graph(graph.nodes, "decoder", [latent], outputs, graph.initializers)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model
