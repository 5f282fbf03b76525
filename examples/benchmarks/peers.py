"""All that can decode the same weights: a function each, latents z (N, D) to images (N, H, W, C), float32.

Each family lives in a process of its own, as it would for a user: in one, they slow each other down.
"""

import importlib.util
import os
import pathlib
import time

import numpy as np

OURS = ("vaecli float32", "vaecli int8")
PLAIN = "tf2onnx, default session"
BFLOAT16 = ("torch bfloat16", "torch compile bfloat16", "OpenVINO bfloat16")
TOLERANCE = {"vaecli int8": 1 / 255} | dict.fromkeys(BFLOAT16, 0.1)  # others: 1e-4
FILE, WEIGHTS = "tf2onnx.onnx", "weights.npz"


def prepare(run, folder):
    """What tf2onnx makes of a run's decoder as it is, and its weights for PyTorch, in a folder."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    from vaecli.export import convert

    decoder = keras.saving.load_model(run / "decoder.keras", compile=False)
    model = convert.to_onnx(
        lambda z: {"image": convert.decoder_outputs(decoder, z)["image"]},
        "z",
        decoder.input_shape[1:],
        opset=convert.OPSETS[1],
    )
    (folder / FILE).write_bytes(model.SerializeToString())
    layers = [layer for layer in decoder.layers if layer.weights]
    grid = next(layer for layer in decoder.layers if type(layer).__name__ == "Reshape").target_shape
    arrays = {}
    for i, layer in enumerate(layers):
        arrays[f"{i}w"], arrays[f"{i}b"] = layer.get_weights()
    np.savez(folder / WEIGHTS, grid=grid, strides=[layer.strides[0] for layer in layers[1:]], **arrays)


def vaecli(run, _folder):
    from vaecli.runtime.location import DECODERS
    from vaecli.runtime.model import Model

    model = Model.open(run)
    found = {OURS[0]: model.decode}
    if (model.path.parent / DECODERS["int8"]).exists():
        found[OURS[1]] = Model.open(run, precision="int8").decode
    return found


def onnxruntime(_run, folder):
    import onnxruntime

    session = onnxruntime.InferenceSession((folder / FILE).read_bytes(), providers=["CPUExecutionProvider"])
    return {PLAIN: lambda z: session.run(["image"], {"z": z})[0]}


def keras(run, _folder):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras
    import tensorflow as tf

    decoder = keras.saving.load_model(run / "decoder.keras", compile=False)
    model = keras.Sequential([decoder, keras.layers.Activation("sigmoid")])
    function = tf.function(lambda z: tf.sigmoid(decoder(z, training=False)), reduce_retracing=True)
    return {
        "Keras predict": lambda z: model.predict(z, batch_size=min(len(z), 256), verbose=0),
        "tf.function": lambda z: function(tf.constant(z)).numpy(),
    }


def torch(_run, folder):
    """The classic decoder layer by layer: Dense, Reshape, Conv2DTranspose three times.

    At stride 2, Keras' "same" crops the end of a transposed convolution and PyTorch's padding crops its beginning,
    which PyTorch has fast kernels for. So everything is mirrored: the Dense layer's grid, the kernels, the image.
    """
    import torch

    with np.load(folder / WEIGHTS) as entries:
        arrays = dict(entries)
    grid, strides = (arrays[name].tolist() for name in ("grid", "strides"))  # for torch.compile

    def mirrored(values):
        return values.reshape(-1, *grid)[:, ::-1, ::-1].reshape(values.shape)

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = torch.nn.Linear(*arrays["0w"].shape)
            self.dense.weight.data = torch.tensor(mirrored(arrays["0w"]).T.copy())
            self.dense.bias.data = torch.tensor(mirrored(arrays["0b"]).copy())
            self.convolutions = torch.nn.ModuleList()
            for i, stride in enumerate(strides, start=1):
                kernel = arrays[f"{i}w"][::-1, ::-1].transpose(3, 2, 0, 1)
                made = torch.nn.ConvTranspose2d(
                    *kernel.shape[:2], 3, stride, padding=1, output_padding=stride - 1
                )
                made.weight.data, made.bias.data = torch.tensor(kernel.copy()), torch.tensor(arrays[f"{i}b"])
                self.convolutions.append(made)

        def forward(self, z):
            x = torch.relu(self.dense(z)).reshape(-1, *grid).permute(0, 3, 1, 2)
            for made in self.convolutions:
                x = torch.relu(made(x)) if made.stride[0] == 2 else made(x)
            return torch.sigmoid(x).permute(0, 2, 3, 1)

    def made(kind=torch.float32, layout=torch.channels_last, compiled=False):
        module = Decoder().eval().to(kind).to(memory_format=layout)
        run = torch.compile(module, dynamic=False) if compiled else module

        def decode(z):
            with torch.inference_mode():
                return run(torch.from_numpy(z).to(kind)).float().numpy()[:, ::-1, ::-1]

        return decode

    return {
        "torch eager": made(layout=torch.contiguous_format),
        "torch channels_last": made(),
        "torch compile": made(compiled=True),
        "torch bfloat16": made(torch.bfloat16),
        "torch compile bfloat16": made(torch.bfloat16, compiled=True),
    }


def openvino(_run, folder):
    import openvino

    def made(hint):
        options = {"INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"}
        compiled = openvino.Core().compile_model(str(folder / FILE), "CPU", options)
        request, image = compiled.create_infer_request(), compiled.output("image")
        return lambda z: request.infer({"z": z})[image]

    return {"OpenVINO float32": made("f32"), "OpenVINO bfloat16": made("bf16")}


FAMILIES = {family.__name__: family for family in (vaecli, onnxruntime, keras, torch, openvino)}


def installed():
    """The families whose package is here."""
    needs = {"keras": "tensorflow"}
    return [name for name in FAMILIES if importlib.util.find_spec(needs.get(name, name))]


def serve(family, run, folder, pipe):
    """In a process of its own: tell the names, then answer (name, z, seconds) with (images, images/s)."""
    runs = FAMILIES[family](pathlib.Path(run), pathlib.Path(folder))
    pipe.send(list(runs))
    while (order := pipe.recv()) is not None:
        name, z, seconds = order
        image = np.array(runs[name](z))  # warm
        calls, start = 0, time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            runs[name](z)
            calls += 1
        pipe.send((image, calls * len(z) / spent if calls else 0.0))
