"""Decoding in bulk: vaecli against its peers on the same weights, taking turns in one run.

    python examples/benchmarks/decode.py -m runs/fashion-mnist-1 [--images 4096] [--batch 256] [--rounds 5]

Peers: onnxruntime's default session of the same file; Keras `predict` and a `tf.function`, from the run's
decoder.keras; OpenVINO on the same file, and PyTorch (eager, channels_last, compile) with the classic network's
weights, where they can be imported. Prints the median images/s of each and vaecli's speed as a multiple of it.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import time

import numpy as np

from vaecli.runtime import modelfile
from vaecli.runtime.location import locate
from vaecli.runtime.model import Model
from vaecli.runtime.plain import PlainSession


def keras_peers(path):
    import keras
    import tensorflow as tf

    decoder = keras.saving.load_model(path, compile=False)
    model = keras.Sequential([decoder, keras.layers.Activation("sigmoid")])
    function = tf.function(lambda z: tf.sigmoid(decoder(z, training=False)), reduce_retracing=True)
    peers = {
        "Keras predict": lambda z: model.predict(z, batch_size=len(z), verbose=0),
        "tf.function": lambda z: function(tf.constant(z)).numpy(),
    }
    return peers, decoder


def torch_peers(decoder):
    """The classic decoder rebuilt layer by layer: Dense, Reshape, Conv2DTranspose three times."""
    import torch

    dense, *convolutions = [layer for layer in decoder.layers if layer.weights]
    shape = next(layer for layer in decoder.layers if type(layer).__name__ == "Reshape").target_shape

    class Decoder(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = torch.nn.Linear(*dense.kernel.shape)
            self.dense.weight.data = torch.tensor(dense.kernel.numpy().T.copy())
            self.dense.bias.data = torch.tensor(dense.bias.numpy())
            self.convolutions = torch.nn.ModuleList()
            for layer in convolutions:
                _, _, c_out, c_in = layer.kernel.shape
                stride = layer.strides[0]
                # Keras's "same" crops the end at stride 2, both ends at stride 1
                made = torch.nn.ConvTranspose2d(c_in, c_out, 3, stride, padding=1 if stride == 1 else 0)
                made.weight.data = torch.tensor(layer.kernel.numpy().transpose(3, 2, 0, 1).copy())
                made.bias.data = torch.tensor(layer.bias.numpy())
                self.convolutions.append(made)

        def forward(self, z):
            x = torch.relu(self.dense(z)).reshape(-1, *shape).permute(0, 3, 1, 2)
            for made in self.convolutions:
                x = made(x)
                if made.stride[0] == 2:
                    x = torch.relu(x[:, :, :-1, :-1])
            return torch.sigmoid(x).permute(0, 2, 3, 1)

    def running(module):
        def run(z):
            with torch.inference_mode():
                return module(torch.from_numpy(z)).numpy()

        return run

    return {
        "torch eager": running(Decoder().eval()),
        "torch channels_last": running(Decoder().eval().to(memory_format=torch.channels_last)),
        "torch compile": running(torch.compile(Decoder().eval().to(memory_format=torch.channels_last))),
    }


def openvino_peer(path):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(
        str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "THROUGHPUT"}
    )
    request = compiled.create_infer_request()
    return {"OpenVINO float32": lambda z: request.infer({"z": z})[compiled.output("image")]}


def contestants(path):
    file, _ = locate(path)
    model = Model.open(path)
    found = {"vaecli": model.decode}
    plain = PlainSession(modelfile.read(file))
    found["onnxruntime, default session"] = lambda z: plain.run(z)["image"]
    if (path / "decoder.keras").exists() and importlib.util.find_spec("tensorflow"):
        peers, decoder = keras_peers(path / "decoder.keras")
        found |= peers
        if importlib.util.find_spec("torch"):
            found |= torch_peers(decoder)
    if importlib.util.find_spec("openvino"):
        found |= openvino_peer(file)
    return found, model.draw


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-m", "--model", type=pathlib.Path, required=True)
    for name, default in (("--images", 4096), ("--batch", 256), ("--rounds", 5)):
        parser.add_argument(name, type=int, default=default)
    options = parser.parse_args()
    runs, draw = contestants(options.model)
    batches = np.split(draw(options.images // options.batch * options.batch), options.images // options.batch)
    expected = runs["vaecli"](batches[0])
    speeds = {name: [] for name in runs}
    for name, run in runs.items():  # warm, and the same pictures
        np.testing.assert_allclose(run(batches[0]), expected, atol=1e-4, err_msg=name)
    for _ in range(options.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            for batch in batches:
                run(batch)
            speeds[name].append(options.images / (time.perf_counter() - start))
    medians = {name: round(statistics.median(values)) for name, values in speeds.items()}
    ratios = {
        name: round(medians["vaecli"] / value, 2) for name, value in medians.items() if name != "vaecli"
    }
    print(json.dumps({"images_per_second": medians, "vaecli_is_faster_by": ratios}, indent=1))


if __name__ == "__main__":
    main()
