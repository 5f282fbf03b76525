"""The int8 decoder: standard ONNX operators, exact integer sums, float32 only at both ends.

    z -> Gemm                         float32 (D is small)
      -> QuantizeLinear               uint8, ReLU by saturation, (N, h, w, c)
      -> 4 QLinearConv, interleaved   uint8, (N, 2h, 2w, c')         once a doubling layer
      -> 4 QLinearConv, side by side  uint8, (N, h, w, 4 c')         the last doubling layer
      -> MatMulInteger, quarters      int32, summed around corners   the last layer
      -> Cast, Mul, Add               float32 logits -> Sigmoid -> image

Tensors are kept channels last. QLinearConv wants channels first, so Transposes stand around it; onnxruntime turns
each such group into its own channels-last kernel and drops them, as fast as its private operator would be. The
phases are interleaved by Concat, which copies whole rows: onnxruntime's DepthToSpace and Transpose are slower.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from vaecli.export.byte_stages import ONE, BytePhase, ByteStages

IR_VERSION = 7  # of the year of opset 13
CHANNELS_FIRST, CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]


class _Graph:
    """Nodes and constants, in order; a value is its name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: "str | npt.ArrayLike", **attributes: object) -> str:
        """A node of one output; inputs that are no names are constants."""
        return self.split(operator, *inputs, outputs=1, **attributes)[0]

    def split(
        self, operator: str, *inputs: "str | npt.ArrayLike", outputs: int, **attributes: object
    ) -> list[str]:
        """A node of several outputs."""
        number = len(self.nodes)
        names = [f"{operator}_{number}{f'_{i}' if outputs > 1 else ''}" for i in range(outputs)]
        values = [entry if isinstance(entry, str) else self._constant(entry) for entry in inputs]
        self.nodes.append(
            helper.make_node(operator, values, names, name=f"{operator}_{number}", **attributes)
        )
        return names

    def end(self, operator: str, name: str, *inputs: "str | npt.ArrayLike") -> None:
        """A node whose output is one of the graph's, `name`."""
        self.add(operator, *inputs)
        self.nodes[-1].output[0] = name

    def reshape(self, value: str, *shape: int) -> str:
        """(N, ...) -> (N, *shape)."""
        return self.add("Reshape", value, np.array([0, *shape], np.int64))

    def _constant(self, value: npt.ArrayLike) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers[name] = numpy_helper.from_array(np.asarray(value), name)
        return name


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
        x = _interleaved(graph, _convolved(graph, x, phases), height, width, len(phases[0].bias))
        height, width = 2 * height, 2 * width
    x = graph.add("Concat", *_convolved(graph, x, stages.doubling[-1]), axis=3)
    _last(graph, x, stages, (height, width))
    return _model(graph, stages, opset)


def _convolved(graph: _Graph, x: str, phases: Sequence[BytePhase]) -> list[str]:
    """A doubling layer with its ReLU: uint8 (N, h, w, C_in) -> four phases (N, h, w, C_out)."""
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


def _interleaved(graph: _Graph, parts: Sequence[str], height: int, width: int, channels: int) -> str:
    """Four phases (N, h, w, C) as (N, 2h, 2w, C): columns side by side, then rows one below the other."""
    rows = [graph.add("Concat", *pair, axis=3) for pair in (parts[:2], parts[2:])]
    rows = [graph.reshape(row, height, 2 * width * channels) for row in rows]
    return graph.reshape(graph.add("Concat", *rows, axis=2), 2 * height, 2 * width, channels)


def _last(graph: _Graph, x: str, stages: ByteStages, cells: tuple[int, int]) -> None:
    """The last layer on the cells (N, h, w, 4 C_in), see `subpixel.corner_matrix`; it ends in the two outputs."""
    (height, width), (rows, columns, channels) = cells, stages.image_shape
    products = graph.add("MatMulInteger", x, stages.corners, np.uint8(0), np.int8(0))
    quarters = graph.split("Split", products, np.full(4, 4 * channels, np.int64), axis=3, outputs=4)
    placed = []
    for quarter, value in enumerate(quarters):
        below, right = divmod(quarter, 2)
        placed.append(graph.add("Pad", value, np.array([0, below, right, 0, 0, 1 - below, 1 - right, 0])))
    corners = graph.add("Add", graph.add("Add", *placed[:2]), graph.add("Add", *placed[2:]))
    # onnxruntime is slow where a constant of few numbers is spread: the two are whole rows
    scale, bias = (np.tile(value, (width + 1, 1)) for value in (stages.corner_scale, stages.corner_bias))
    scaled = graph.add("Add", graph.add("Mul", graph.add("Cast", corners, to=TensorProto.FLOAT), scale), bias)
    blocks = graph.reshape(scaled, height + 1, width + 1, 2, 2 * channels)
    pixels = graph.reshape(
        graph.add("Transpose", blocks, perm=[0, 1, 3, 2, 4]), 2 * height + 2, 2 * width + 2, channels
    )
    cut = [np.array(numbers) for numbers in ([1, 1], [1 + rows, 1 + columns], [1, 2])]
    graph.end("Slice", "logits", pixels, *cut)
    graph.end("Sigmoid", "image", "logits")


def _model(graph: _Graph, stages: ByteStages, opset: int) -> onnx.ModelProto:
    latent = helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", len(stages.dense)])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *stages.image_shape])
        for name in ("image", "logits")
    ]
    made = helper.make_graph(graph.nodes, "decoder", [latent], outputs, list(graph.initializers.values()))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model
