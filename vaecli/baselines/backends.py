"""Baselines by package: functions from latents z (N, D) to pictures (N, H, W, C), both float32."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vaecli.baselines.decoder_files import DecoderFiles
from vaecli.export.int8.layers import FloatDecoder, Layer, Shape
from vaecli.probability.likelihoods import likelihood

Decode = Callable[[np.ndarray], np.ndarray]


def with_keras(files: DecoderFiles) -> dict[str, Decode]:
    """Decode with Keras: `predict`, as most people call it, and a traced function, the fastest in TensorFlow."""
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(False)  # TF32 decodes to other pictures
    decoder = keras.saving.load_model(files.keras, compile=False)
    pixels = likelihood(files.likelihood)
    z = keras.Input(decoder.inputs[0].shape[1:], name="z")
    model = keras.Model({"z": z}, pixels.mean(decoder({"z": z}), keras.ops))
    function = tf.function(
        lambda z: pixels.mean(decoder({"z": z}, training=False), keras.ops), reduce_retracing=True
    )

    def traced(z: np.ndarray) -> np.ndarray:
        image: np.ndarray = function(tf.constant(z)).numpy()
        return image

    return {
        "Keras predict": lambda z: model.predict({"z": z}, batch_size=min(len(z), 256), verbose=0),
        "tf.function": traced,
    }


def with_torch(files: DecoderFiles) -> dict[str, Decode]:
    """Decode with PyTorch: eager, channels last, compiled, and in bfloat16.

    Raises:
        ModelError: a decoder of another likelihood or with other layers.
    """
    import torch

    decoder = files.arrays()
    height, width, _ = decoder.image_shape

    def decode_with(
        dtype: Any = torch.float32, layout: Any = torch.channels_last, *, compiled: bool = False
    ) -> Decode:
        module = _mirrored_module(decoder).eval().to(dtype).to(memory_format=layout)
        run = torch.compile(module, dynamic=False) if compiled else module

        def decode(z: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                mirrored: np.ndarray = run(torch.from_numpy(z).to(dtype)).float().numpy()
            return mirrored[:, ::-1, ::-1][:, :height, :width]

        return decode

    return {
        "torch eager": decode_with(layout=torch.contiguous_format),
        "torch channels_last": decode_with(),
        "torch compile": decode_with(compiled=True),
        "torch bf16": decode_with(torch.bfloat16),
        "torch compile bf16": decode_with(torch.bfloat16, compiled=True),
    }


def _mirrored_module(decoder: FloatDecoder) -> Any:
    """Build the decoder as a torch module that gives mirrored pictures, both axes reversed, before cropping.

    With stride 2, Keras' padding "same" crops the end of a transposed convolution, while PyTorch's padding crops
    the beginning, for which PyTorch has fast kernels. So everything is mirrored: the pixels that a dense layer
    makes, the kernels and the picture.
    """
    import torch

    chain = [decoder.first, *decoder.hidden, decoder.last]
    shapes = [*decoder.shapes, decoder.image_shape]

    def mirrored(values: np.ndarray, shape: Shape) -> Any:
        return torch.tensor(values.reshape(-1, *shape)[:, ::-1, ::-1].reshape(values.shape).copy())

    def linear(layer: Layer, shape: Shape) -> Any:
        module = torch.nn.Linear(*layer.kernel.shape)
        module.weight.data = mirrored(layer.kernel, shape).T.contiguous()
        module.bias.data = mirrored(layer.bias, shape)
        return module

    def convolution(layer: Layer) -> Any:
        kernel = torch.tensor(layer.kernel[::-1, ::-1].transpose(3, 2, 0, 1).copy())
        stride = 2 if layer.kind == "upsampling" else 1
        module = torch.nn.ConvTranspose2d(*kernel.shape[:2], 3, stride, padding=1, output_padding=stride - 1)
        module.weight.data, module.bias.data = kernel, torch.tensor(layer.bias)
        return module

    count = sum(layer.kind == "dense" for layer in chain)
    pixels = shapes[count - 1]  # what the last dense layer makes

    class Decoder(torch.nn.Module):  # type: ignore[misc]  # torch need not be installed
        def __init__(self) -> None:
            super().__init__()
            self.dense = torch.nn.ModuleList(map(linear, chain[:count], shapes[:count]))
            self.convolutions = torch.nn.ModuleList(map(convolution, chain[count:]))

        def forward(self, z: Any) -> Any:
            layers = [*self.dense, *self.convolutions]
            x = z
            for number, layer in enumerate(layers):
                x = layer(x)
                if number == count - 1:
                    x = x.reshape(-1, *pixels).permute(0, 3, 1, 2)
                if number < len(layers) - 1:
                    x = torch.relu(x)
            return torch.sigmoid(x).permute(0, 2, 3, 1)

    return Decoder()


def with_openvino(files: DecoderFiles) -> dict[str, Decode]:
    """Decode the plain ONNX file with OpenVINO, in float32 and in bfloat16."""
    import openvino

    def decode_with(precision: str) -> Decode:
        options = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(str(files.plain), "CPU", options)
        request, image = compiled.create_infer_request(), compiled.output("image")

        def decode(z: np.ndarray) -> np.ndarray:
            pictures: np.ndarray = request.infer({"z": z})[image]
            return pictures

        return decode

    return {"OpenVINO": decode_with("f32"), "OpenVINO bf16": decode_with("bf16")}


BACKENDS: Mapping[str, Callable[[DecoderFiles], dict[str, Decode]]] = {
    "tensorflow": with_keras,
    "torch": with_torch,
    "openvino": with_openvino,
}
