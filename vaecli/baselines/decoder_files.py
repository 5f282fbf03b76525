"""The forms of a run's decoder that baselines read: Keras file, plain ONNX file and arrays."""

import dataclasses
import pathlib
from typing import Any

import numpy as np

from vaecli.choices import LikelihoodName
from vaecli.errors import ModelError
from vaecli.export.int8 import layers
from vaecli.export.int8.layers import FloatDecoder, Layer, Shape


@dataclasses.dataclass(frozen=True)
class DecoderFiles:
    """A decoder.keras, and the files that `prepare` makes of it in a folder.

    Attributes:
        keras: the decoder.keras of a run.
        folder: holds the other forms.
        likelihood: the name of the likelihood, whose mean is the picture.
    """

    keras: pathlib.Path
    folder: pathlib.Path
    likelihood: LikelihoodName

    @property
    def plain(self) -> pathlib.Path:
        """The decoder as tf2onnx converts it, without the rewrites of `vaecli export`; output `image` alone."""
        return self.folder / "tf2onnx.onnx"

    @property
    def _arrays(self) -> pathlib.Path:
        return self.folder / "decoder.npz"

    def prepare(self) -> None:
        """Write the plain ONNX file, and the arrays if `layers.read` knows the decoder's layers.

        Needs keras, tensorflow and tf2onnx.
        """
        import keras

        from vaecli.export import convert, opsets
        from vaecli.probability.likelihoods import likelihood

        decoder = keras.saving.load_model(self.keras, compile=False)
        pixels = likelihood(self.likelihood)
        plain = convert.to_onnx(
            lambda inputs: {"image": pixels.mean(decoder(inputs, training=False), keras.ops)},
            {"z": tuple(decoder.inputs[0].shape[1:])},
            opset=opsets.HIGHEST,
        )
        self.plain.write_bytes(plain.SerializeToString())
        try:
            arrays = layers.read(decoder)
        except ModelError:  # the baselines that need the arrays report it
            return
        self._write(arrays)

    def _write(self, decoder: FloatDecoder) -> None:
        arrays: dict[str, Any] = {
            "shapes": decoder.shapes,
            "image_shape": decoder.image_shape,
        }
        for number, layer in enumerate([decoder.first, *decoder.hidden, decoder.last]):
            arrays |= {
                f"kind_{number}": layer.kind,
                f"kernel_{number}": layer.kernel,
                f"bias_{number}": layer.bias,
            }
        np.savez(self._arrays, **arrays)

    def arrays(self) -> FloatDecoder:
        """Read the arrays of a Bernoulli decoder.

        Raises:
            ModelError: another likelihood, or layers that `layers.read` does not know.
        """
        if self.likelihood != "bernoulli":
            raise ModelError(f"the likelihood must be bernoulli, got {self.likelihood}")
        if not self._arrays.exists():
            raise ModelError("the decoder must have the layers of classic, dense or conv")
        with np.load(self._arrays, allow_pickle=False) as file:
            arrays = dict(file)
        count = 1 + len(arrays["shapes"])
        first, *hidden, last = (
            Layer(arrays[f"kind_{i}"].item(), arrays[f"kernel_{i}"], arrays[f"bias_{i}"])
            for i in range(count)
        )
        return FloatDecoder(
            first=first,
            hidden=tuple(hidden),
            last=last,
            shapes=tuple(_shape(shape) for shape in arrays["shapes"]),
            image_shape=_shape(arrays["image_shape"]),
        )


def _shape(sizes: np.ndarray) -> Shape:
    height, width, channels = sizes.tolist()
    return height, width, channels
