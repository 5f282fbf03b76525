"""The peers, by package: functions from latents z (N, D) to images (N, H, W, C), float32."""

import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from vaecli.baselines import decoder_files

Decode = Callable[[np.ndarray], np.ndarray]


def with_keras(decoder_file: pathlib.Path, _folder: pathlib.Path) -> dict[str, Decode]:
    """Keras as people call it, and the fastest that TensorFlow has: a traced function."""
    import keras
    import tensorflow as tf

    decoder = keras.saving.load_model(decoder_file, compile=False)
    z = keras.Input(decoder.inputs[0].shape[1:], name="z")
    model = keras.Model({"z": z}, keras.ops.sigmoid(decoder({"z": z})["logits"]))
    function = tf.function(
        lambda z: tf.sigmoid(decoder({"z": z}, training=False)["logits"]), reduce_retracing=True
    )

    def traced(z: np.ndarray) -> np.ndarray:
        image: np.ndarray = function(tf.constant(z)).numpy()
        return image

    return {
        "Keras predict": lambda z: model.predict({"z": z}, batch_size=min(len(z), 256), verbose=0),
        "tf.function": traced,
    }


def with_torch(_decoder_file: pathlib.Path, folder: pathlib.Path) -> dict[str, Decode]:
    """PyTorch: as it comes, channels last, compiled, in bfloat16.

    At stride 2, Keras' "same" crops the end of a transposed convolution and PyTorch's padding crops its beginning,
    which PyTorch has fast kernels for. So everything is mirrored: the dense layer's grid, the kernels, the image.
    """
    import torch

    found = decoder_files.weights(folder)
    grid = list(found.grid)
    height, width, _ = found.image

    def mirrored(values: np.ndarray) -> Any:
        return torch.tensor(values.reshape(-1, *grid)[:, ::-1, ::-1].reshape(values.shape).copy())

    class Decoder(torch.nn.Module):  # type: ignore[misc]  # PyTorch need not be here
        def __init__(self) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(*found.dense.shape)
            self.dense.weight.data = mirrored(found.dense).T.contiguous()
            self.dense.bias.data = mirrored(found.dense_bias)
            self.convolutions = torch.nn.ModuleList()
            for kernel, bias, stride in found.convolutions:
                turned = torch.tensor(kernel[::-1, ::-1].transpose(3, 2, 0, 1).copy())
                layer = torch.nn.ConvTranspose2d(
                    *turned.shape[:2], 3, stride, padding=1, output_padding=stride - 1
                )
                layer.weight.data, layer.bias.data = turned, torch.tensor(bias)
                self.convolutions.append(layer)

        def forward(self, z: Any) -> Any:
            x = torch.relu(self.dense(z)).reshape(-1, *grid).permute(0, 3, 1, 2)
            for layer in self.convolutions:
                x = torch.relu(layer(x)) if layer.stride[0] == 2 else layer(x)
            return torch.sigmoid(x).permute(0, 2, 3, 1)

    def made(
        kind: Any = torch.float32, layout: Any = torch.channels_last, *, compiled: bool = False
    ) -> Decode:
        module = Decoder().eval().to(kind).to(memory_format=layout)
        run = torch.compile(module, dynamic=False) if compiled else module

        def decode(z: np.ndarray) -> np.ndarray:
            with torch.inference_mode():
                image: np.ndarray = run(torch.from_numpy(z).to(kind)).float().numpy()
            return image[:, ::-1, ::-1][:, :height, :width]

        return decode

    return {
        "torch eager": made(layout=torch.contiguous_format),
        "torch channels_last": made(),
        "torch compile": made(compiled=True),
        "torch bf16": made(torch.bfloat16),
        "torch compile bf16": made(torch.bfloat16, compiled=True),
    }


def with_openvino(_decoder_file: pathlib.Path, folder: pathlib.Path) -> dict[str, Decode]:
    """OpenVINO on the tf2onnx file."""
    import openvino

    def made(hint: str) -> Decode:
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(str(folder / decoder_files.PLAIN), "CPU", options)
        request, image = compiled.create_infer_request(), compiled.output("image")

        def decode(z: np.ndarray) -> np.ndarray:
            found: np.ndarray = request.infer({"z": z})[image]
            return found

        return decode

    return {"OpenVINO": made("f32"), "OpenVINO bf16": made("bf16")}


FAMILIES: Mapping[str, Callable[[pathlib.Path, pathlib.Path], dict[str, Decode]]] = {
    "tensorflow": with_keras,
    "torch": with_torch,
    "openvino": with_openvino,
}
