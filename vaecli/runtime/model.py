"""An exported model in numpy: encode, decode, sample, interpolate."""

import pathlib
import threading
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from vaecli.choices import PRECISIONS, Precision
from vaecli.errors import ModelError, OptionError
from vaecli.latent import draws, paths
from vaecli.modelfile.find import DECODERS, export_again, locate
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.read import ModelFile, read_file
from vaecli.probability.likelihoods import Likelihood, likelihood
from vaecli.runtime.session import Session

Float = npt.NDArray[np.float32]


class Model:
    """A trained variational autoencoder. Open it with `Model.open`; threads may share it."""

    def __init__(self, decoder: ModelFile, encoder: pathlib.Path, *, threads: int | None) -> None:
        self.info: ModelInfo = decoder.info
        self.path = decoder.path
        self._decoder = Session(decoder, "z", thread_count=threads)
        self._encoder_path, self._threads = encoder, threads
        self._encoder: Session | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(
        cls, path: str | pathlib.Path, *, precision: Precision = "float32", threads: int | None = None
    ) -> "Model":
        """Open a run folder, a model folder or a decoder.onnx; the encoder.onnx beside it waits for its first use.

        Args:
            path: the folder or file.
            precision: `int8` takes decoder.int8.onnx in place of decoder.onnx: faster, nearly the same; `fp16`
                decoder.fp16.onnx: smaller, as fast.
            threads: how many to use; all that the process may use if left out.

        Raises:
            ModelError: nothing there, or a file that is damaged or not ours.
            OptionError: fewer than 1 thread, or an unknown precision.
        """
        if precision not in PRECISIONS:
            raise OptionError(
                f"precision has to be one of {', '.join(PRECISIONS)}; {precision!r} came.",
                option="--precision",
            )
        if threads is not None and threads < 1:
            raise OptionError(f"threads has to be at least 1; {threads} came.", option="--threads")
        try:
            decoder_path, encoder_path = locate(pathlib.Path(path), precision)
        except OSError as error:  # a name too long, a folder that may not be entered
            raise ModelError(f"Cannot read {path}: {error.strerror or error}.") from error
        decoder = _read_part(decoder_path, "decoder")
        if precision != "float32":
            _require_precision(decoder, precision)
        return cls(decoder, encoder_path, threads=threads)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        return self.info.image_shape

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.info.latent_dim

    @property
    def likelihood(self) -> Likelihood:
        """p(x given the decoder's outputs)."""
        return likelihood(self.info.likelihood["name"])

    @property
    def threads(self) -> int:
        """How many threads decode, and encode."""
        return self._decoder.thread_count

    def encode(self, images: npt.ArrayLike) -> tuple[Float, Float]:
        """The posterior of each image: `z_mean`, `z_log_var`, both (N, D).

        Args:
            images: (N, H, W, C), float in [0, 1], or uint8, which is divided by 255.

        Raises:
            ModelError: the encoder is not there, is damaged, or belongs to another model.
            OptionError: another shape or type.
        """
        with self._lock:
            if self._encoder is None:
                self._encoder = self._open_encoder()
        pixels = np.asarray(images)
        if pixels.dtype == np.uint8:
            pixels = pixels.astype(np.float32) / np.float32(255)
        elif pixels.dtype.kind not in "fb":  # whole numbers of another range, whose white nobody knows
            raise OptionError(f"images have to be uint8, or floats in [0, 1]; {pixels.dtype} came.")
        outputs = self._encoder.run(_batch(pixels, self.image_shape, "images (N, H, W, C)"))
        return outputs["z_mean"], outputs["z_log_var"]

    def _open_encoder(self) -> Session:
        path = self._encoder_path
        if not path.exists():
            raise ModelError(
                f"There is no {path}, and this needs an encoder.",
                hint="Copy it from where the model was exported; decoder.onnx alone can only sample.",
            )
        file = _read_part(path, "encoder")
        if file.info.model_id != self.info.model_id:
            raise ModelError(
                f"{path} and {self.path.name} belong to two models.", hint="Copy both from one export."
            )
        return Session(file, "image", thread_count=self._threads)

    def outputs(self, z: npt.ArrayLike) -> Mapping[str, Float]:
        """All outputs of the decoder for z (N, D): `image` (N, H, W, C) in [0, 1] and the likelihood's own."""
        return self._outputs(z)

    def decode(self, z: npt.ArrayLike) -> Float:
        """The mean image of each latent (N, D): (N, H, W, C) in [0, 1]."""
        return self._outputs(z, "image")["image"]

    def _outputs(self, z: npt.ArrayLike, *names: str) -> Mapping[str, Float]:
        return self._decoder.run(_batch(z, (self.latent_dim,), "z (N, D)"), names)

    def draw(self, n: int, *, seed: int = 0, first: int = 0, temperature: float = 1.0) -> Float:
        """Latents `first` to `first + n - 1` of the endless series of a seed, (n, D), from the prior.

        `temperature` is the factor on the standard deviation.
        """
        z = draws.standard_normal(first, n, self.latent_dim, seed=seed)
        return z if temperature == 1.0 else z * np.float32(temperature)

    def sample(self, n: int, *, seed: int = 0, first: int = 0, temperature: float = 1.0) -> Float:
        """Pictures `first` to `first + n - 1` of the endless series of a seed, (n, H, W, C) in [0, 1]."""
        return self.decode(self.draw(n, seed=seed, first=first, temperature=temperature))

    def interpolate(
        self,
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        *,
        steps: int = 11,
        path: Literal["linear", "spherical"] = "linear",
    ) -> Float:
        """Pictures on the way from image a to image b (H, W, C), both ends reconstructed: (steps, H, W, C)."""
        z_mean, _ = self.encode(np.stack([np.asarray(a), np.asarray(b)]))
        return self.decode(paths.through(z_mean, steps, path))


def _read_part(path: pathlib.Path, part: str) -> ModelFile:
    file = read_file(path)
    if file.info.part != part:
        raise ModelError(
            f"{path} is the {file.info.part} of a model; its {part} was expected.",
            hint=f"Name the {part}.onnx.",
        )
    return file


def _require_precision(decoder: ModelFile, precision: Precision) -> None:
    if decoder.info.precision != precision:
        raise ModelError(
            f"{decoder.path} is a {decoder.info.precision} file; {precision} was expected.",
            hint=f"Name the folder or the {DECODERS[precision]}.",
        )
    exact = decoder.path.with_name(DECODERS["float32"])
    if exact.exists() and read_file(exact).info.model_id != decoder.info.model_id:
        raise ModelError(
            f"{decoder.path} and {exact.name} belong to two models.",
            hint=f"Make both anew: {export_again(decoder.path.parent, precision)}",
        )


def _batch(values: npt.ArrayLike, shape: tuple[int, ...], what: str) -> Float:
    array = np.asarray(values)
    if array.shape[1:] != shape or array.ndim != len(shape) + 1:
        raise OptionError(
            f"{what} has to have the shape (N, {', '.join(map(str, shape))}); {array.shape} came."
        )
    return np.ascontiguousarray(array, dtype=np.float32)
