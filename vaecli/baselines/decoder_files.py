"""A run's decoder in the forms that peers read, in a folder: the tf2onnx file as it comes, and the weights."""

import dataclasses
import pathlib

import numpy as np

PLAIN = "tf2onnx.onnx"  # the file without vaecli's rewrites
WEIGHTS = "weights.npz"


def prepare(decoder_file: pathlib.Path, folder: pathlib.Path) -> None:
    """Write both files from a decoder.keras: needs keras, tensorflow and tf2onnx."""
    import keras

    from vaecli.export import convert
    from vaecli.probability.likelihoods import likelihood

    decoder = keras.saving.load_model(decoder_file, compile=False)
    bernoulli = likelihood("bernoulli")
    plain = convert.to_onnx(
        lambda inputs: {"image": bernoulli.mean(decoder(inputs, training=False), keras.ops)},
        {"z": tuple(decoder.inputs[0].shape[1:])},
        opset=convert.OPSETS[1],
    )
    (folder / PLAIN).write_bytes(plain.SerializeToString())
    grid = next(layer for layer in decoder.layers if type(layer).__name__ == "Reshape").target_shape
    layers = [layer for layer in decoder.layers if layer.weights]
    arrays = {}
    for i, layer in enumerate(layers):
        arrays[f"kernel_{i}"], arrays[f"bias_{i}"] = layer.get_weights()
    strides = [layer.strides[0] for layer in layers[1:]]
    np.savez(folder / WEIGHTS, grid=grid, strides=strides, image=decoder.outputs[0].shape[1:], **arrays)


@dataclasses.dataclass(frozen=True)
class Weights:
    """The decoder's arrays, as Keras keeps them.

    Attributes:
        grid: (h, w, c), the shape that the first layer's output takes.
        image: (H, W, C), after cropping below and right.
        dense: (D, h * w * c), and dense_bias (h * w * c,).
        convolutions: of each transposed convolution the kernel (3, 3, C_out, C_in), the bias and the stride.
    """

    grid: tuple[int, ...]
    image: tuple[int, ...]
    dense: np.ndarray
    dense_bias: np.ndarray
    convolutions: list[tuple[np.ndarray, np.ndarray, int]]


def weights(folder: pathlib.Path) -> Weights:
    """Read what `prepare` wrote."""
    with np.load(folder / WEIGHTS, allow_pickle=False) as file:
        arrays = dict(file)
    strides = arrays["strides"].tolist()
    layers = [(arrays[f"kernel_{i}"], arrays[f"bias_{i}"]) for i in range(1 + len(strides))]
    return Weights(
        tuple(arrays["grid"].tolist()),
        tuple(arrays["image"].tolist()),
        *layers[0],
        [(*layer, stride) for layer, stride in zip(layers[1:], strides, strict=True)],
    )
