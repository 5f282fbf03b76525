"""An exported model in numpy: encode, decode, sample, interpolate."""

import operator
import os
import pathlib
import threading
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from vaecli import paths as user_paths
from vaecli.choices import PRECISIONS, PathKind, Precision
from vaecli.errors import ModelError, OptionError
from vaecli.latent import draws, paths
from vaecli.latent.priors import Prior, prior
from vaecli.modelfile.find import DECODERS, export_again, locate
from vaecli.modelfile.metadata import ModelInfo
from vaecli.modelfile.read import ModelFile, check_content, read_file
from vaecli.probability.likelihoods import Likelihood, likelihood
from vaecli.runtime import forks
from vaecli.runtime.arrays import image_batch, latent_batch
from vaecli.runtime.session import Session

Float32 = npt.NDArray[np.float32]


class Model:
    """A trained variational autoencoder. Open it with `Model.open`.

    Threads may share it, forked processes may go on with it, and it can be pickled: the pickle holds its files.
    """

    def __init__(self, decoder: ModelFile, encoder: ModelFile | pathlib.Path, *, threads: int | None) -> None:
        self.info: ModelInfo = decoder.info
        self.path = decoder.path
        self._files: tuple[ModelFile, ModelFile | pathlib.Path] = decoder, encoder
        self._threads = threads
        self._decoder = Session(decoder, thread_count=threads)
        self._encoder: Session | None = None
        self._lock = threading.Lock()
        forks.register(self)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        precision: Precision = "float32",
        threads: int | None = None,
    ) -> "Model":
        """Open a run folder, a model folder or a decoder file; encoder.onnx beside it is opened at its first use.

        Args:
            path: the folder or file.
            precision: `int8` opens decoder.int8.onnx in place of decoder.onnx: faster, nearly the same pictures;
                `fp16` opens decoder.fp16.onnx: a smaller file, as fast.
            threads: number of threads to use; all that the process may use if left out.

        Raises:
            ModelError: nothing there, or a file that is damaged or not one of ours.
            OptionError: an empty path, an unknown precision, or fewer than 1 thread.
        """
        if precision not in PRECISIONS:
            raise OptionError(
                f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r:.80}.",
                option="--precision",
            )
        if threads is not None and whole_number(threads, "--threads") < 1:
            raise OptionError(f"threads must be at least 1, got {threads}.", option="--threads")
        place = user_paths.user_path(path, option="--model", error=ModelError)
        try:
            decoder_path, encoder_path = locate(place, precision)
        except OSError as error:
            raise ModelError(f"Cannot read {place}: {error.strerror or error}.") from error
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
    def prior(self) -> Prior:
        """p(z), as the decoder file names it."""
        return prior(self.info.prior["name"])

    @property
    def threads(self) -> int:
        """Number of threads that encode and decode."""
        return self._decoder.thread_count

    @property
    def has_encoder(self) -> bool:
        """Whether the encoder's file is there; without it a model can only sample and decode."""
        encoder = self._files[1]
        return isinstance(encoder, ModelFile) or encoder.exists()

    def encode(self, images: npt.ArrayLike) -> tuple[Float32, Float32]:
        """Compute the posterior of each image: `z_mean` and `z_log_var`, both (N, D).

        Args:
            images: (N, H, W, C), floats in [0, 1], or uint8, which is divided by 255.

        Raises:
            ModelError: the encoder is missing, damaged, or belongs to another model.
            OptionError: another shape, type or range, NaN or infinity.
        """
        outputs = self._encoder_session().run({"image": image_batch(images, self.image_shape)})
        return outputs["z_mean"], outputs["z_log_var"]

    def outputs(self, z: npt.ArrayLike) -> Mapping[str, Float32]:
        """Compute all decoder outputs for z (N, D): `image` (N, H, W, C) in [0, 1] and the likelihood's own."""
        return self._decoder.run({"z": latent_batch(z, self.latent_dim)})

    def decode(self, z: npt.ArrayLike) -> Float32:
        """Compute the mean image of each latent (N, D): (N, H, W, C) in [0, 1].

        Raises:
            OptionError: another shape or type, NaN or infinity.
        """
        image: Float32 = self._decoder.run({"z": latent_batch(z, self.latent_dim)}, ("image",))["image"]
        return image

    def draw(self, n: int, *, seed: int = 0, first: int = 0, temperature: float = 1.0) -> Float32:
        """Draw latents `first` to `first + n - 1` of the endless series of a seed from the prior, (n, D).

        Args:
            n: number of latents.
            seed: latent i of a seed depends on (seed, i) alone.
            first: number of the first latent.
            temperature: factor on the standard deviation.

        Raises:
            OptionError: a number out of its range.
        """
        factor = require_temperature(temperature)
        rows = draws.rows(whole_number(first, "--first"), whole_number(n, "-n"), self.latent_dim, seed=seed)
        normals = rows.normals if factor == 1.0 else rows.normals * np.float32(factor)
        return self.prior.sample(normals, rows.words)

    def sample(self, n: int, *, seed: int = 0, first: int = 0, temperature: float = 1.0) -> Float32:
        """Decode latents `first` to `first + n - 1` of the series of a seed: (n, H, W, C) in [0, 1]."""
        return self.decode(self.draw(n, seed=seed, first=first, temperature=temperature))

    def interpolate(
        self, a: npt.ArrayLike, b: npt.ArrayLike, *, steps: int = 11, path: PathKind = "linear"
    ) -> Float32:
        """Decode a path from image a to image b (H, W, C), both ends reconstructed: (steps, H, W, C).

        Args:
            a: uint8, or floats in [0, 1]; each image is scaled by its own type.
            b: likewise.
            steps: number of pictures, both ends counted, at least 2.
            path: `linear`, or `spherical`, which keeps away from the middle of the latent space.

        Raises:
            OptionError: an array or a value that does not fit.
        """
        if path not in get_args(PathKind):
            raise OptionError(
                f"path must be one of {', '.join(get_args(PathKind))}, got {path!r:.80}.", option="--path"
            )
        ends = [self.encode(np.asarray(image)[np.newaxis])[0] for image in (a, b)]
        return self.decode(paths.through(np.concatenate(ends), whole_number(steps, "--steps"), path))

    def forget(self) -> None:
        """Renew the lock in a forked process, where its copy may be held for ever."""
        self._lock = threading.Lock()

    def _encoder_session(self) -> Session:
        with self._lock:
            if self._encoder is None:
                self._encoder = Session(self._encoder_file(), thread_count=self._threads)
        return self._encoder

    def _encoder_file(self) -> ModelFile:
        encoder = self._files[1]
        if isinstance(encoder, ModelFile):
            return encoder
        if not encoder.exists():
            raise ModelError(
                f"There is no {encoder}, and this needs an encoder.",
                hint="Copy it from where the model was exported; decoder.onnx alone can only sample.",
            )
        file = _read_part(encoder, "encoder")
        if file.info.model_id != self.info.model_id:
            raise ModelError(
                f"{encoder} and {self.path.name} belong to two models.", hint="Copy both from one export."
            )
        return file

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes of the files, so that another process or machine needs no folder."""
        decoder, encoder = self._files
        encoder_file = self._encoder_file() if self.has_encoder else encoder
        parts = [(file.content if isinstance(file, ModelFile) else None) for file in (decoder, encoder_file)]
        names = [str(file.path if isinstance(file, ModelFile) else file) for file in (decoder, encoder_file)]
        return _unpickle, (parts, names, self._threads)


def whole_number(value: Any, option: str) -> int:
    """Return a whole number of any integer type as int.

    Raises:
        OptionError: another type, such as 2.5 or "3".
    """
    try:
        return operator.index(value)
    except TypeError as error:
        raise OptionError(f"{option} must be a whole number, got {value!r:.80}.", option=option) from error


def require_temperature(temperature: float) -> float:
    """Return a temperature that is a finite number of at least 0.

    Raises:
        OptionError: another value.
    """
    try:
        factor = float(temperature)
    except (TypeError, ValueError):
        factor = np.nan
    if not 0 <= factor < np.inf:
        raise OptionError(
            f"--temperature must be a finite number of at least 0, got {temperature!r:.80}.",
            option="--temperature",
        )
    return factor


def _unpickle(parts: list[bytes | None], names: list[str], threads: int | None) -> Model:
    decoder_path, encoder_path = map(pathlib.Path, names)
    decoder = check_content(parts[0] or b"", decoder_path)
    encoder = encoder_path if parts[1] is None else check_content(parts[1], encoder_path)
    return Model(decoder, encoder, threads=threads)


def _read_part(path: pathlib.Path, part: str) -> ModelFile:
    file = read_file(path)
    if file.info.part != part:
        raise ModelError(
            f"{path} must be the {part} of a model, got its {file.info.part}.", hint=f"Name the {part}.onnx."
        )
    return file


def _require_precision(decoder: ModelFile, precision: Precision) -> None:
    if decoder.info.precision != precision:
        raise ModelError(
            f"{decoder.path} must be an {precision} file, got {decoder.info.precision}.",
            hint=f"Name the folder or the {DECODERS[precision]}.",
        )
    exact = decoder.path.with_name(DECODERS["float32"])
    if exact.exists() and read_file(exact).info.model_id != decoder.info.model_id:
        raise ModelError(
            f"{decoder.path} and {exact.name} belong to two models.",
            hint=f"Make both again: {export_again(decoder.path.parent, precision)}",
        )
