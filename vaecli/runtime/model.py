"""An exported model in numpy: encode, decode, reconstruct, sample, interpolate, score."""

import functools
import os
import pathlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from vaecli import checks
from vaecli.choices import PRECISIONS, PathKind, Precision
from vaecli.modelfile.metadata import KEY_DIGEST, ModelInfo
from vaecli.modelfile.read import ModelFile
from vaecli.pixels import chunk_length
from vaecli.probability.likelihoods import Likelihood, from_metadata
from vaecli.runtime import forks, track
from vaecli.runtime.arrays import image_batch, single_image
from vaecli.runtime.labels import Labels, decoder_inputs, encoder_inputs
from vaecli.runtime.parts import read_decoder, read_encoder
from vaecli.runtime.pickled import unpickle
from vaecli.runtime.sampling import Sampling
from vaecli.runtime.session import Session

if TYPE_CHECKING:
    from vaecli.latent.nearest import Nearest
    from vaecli.metrics.score import Scorer, Scores
    from vaecli.modelfile.facts import Facts

Float32 = npt.NDArray[np.float32]

MAX_THREADS = 4096
MAX_STEPS = 2**20  # pictures of a path, which are all in memory
_EVEN_CHUNK = 256  # pictures decoded at a time while an even path is measured


class Model(Sampling):
    """A trained variational autoencoder. Open it with `Model.open`.

    Threads may share a model, forked processes may use it, and it can be pickled: the pickle holds its files.
    """

    def __init__(self, decoder: ModelFile, encoder: ModelFile | pathlib.Path, *, threads: int | None) -> None:
        self.info: ModelInfo = decoder.info
        self.path = decoder.path
        super().__init__(decoder)
        self._encoder_source = encoder  # its path until it is read, so that the file may vanish afterwards
        self._threads = threads
        self._decoder = Session(decoder, thread_count=threads)
        self._encoder: Session | None = None
        self._opening = forks.Lock()

    @classmethod
    def open(
        cls,
        path: str | bytes | os.PathLike[str],
        *,
        precision: Precision = "float32",
        threads: int | None = None,
    ) -> "Model":
        """Open a run folder, a model folder or a decoder file; encoder.onnx beside it is opened at its first use.

        Args:
            path: the folder or file; or `fashion-mnist`, the model that comes with vaecli, unless a file, a run or
                a model folder here has that name.
            precision: `int8` opens decoder.int8.onnx in place of decoder.onnx: faster, nearly the same pictures;
                `fp16` opens decoder.fp16.onnx and encoder.fp16.onnx: smaller files, as fast.
            threads: number of threads to use; all that the process may use if left out.

        Raises:
            ModelError: nothing is there, or a file is damaged or not made by vaecli.
            OptionError: an empty path, an unknown precision, or a thread count out of its range.
        """
        checks.choice(precision, "--precision", PRECISIONS)
        if threads is not None:
            threads = checks.integer(threads, "--threads", least=1, most=MAX_THREADS)
        decoder, encoder = read_decoder(path, precision)
        return cls(decoder, encoder, threads=threads)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape (H, W, C) of one image."""
        return self.info.image_shape

    @property
    def latent_dim(self) -> int:
        """Number D of latent dimensions."""
        return self.info.latent_dim

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood p(x given z), computed from the decoder's outputs."""
        return from_metadata(self.info.likelihood)

    @functools.cached_property
    def facts(self) -> "Facts":
        """Facts about the latent space, of validation images; each is None if the file does not have it."""
        return self._decoder_file.facts()

    @functools.cached_property
    def scorer(self) -> "Scorer":
        """The fitted parts of the score.

        Raises:
            ModelError: the decoder file does not have it, or it does not fit the model.
        """
        from vaecli.runtime.scoring import read_scorer  # noqa: PLC0415  # `score` alone needs it

        return read_scorer(self._decoder_file)

    @property
    def threads(self) -> int:
        """Number of threads that encode and decode."""
        return self._decoder.thread_count

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the files of both parts, by part, as their metadata hold it.

        Raises:
            ModelError: the encoder is missing, damaged, or belongs to another model.
        """
        files = {"encoder": self._encoder_file(), "decoder": self._decoder_file}
        return {part: file.metadata[KEY_DIGEST] for part, file in files.items()}

    @property
    def has_encoder(self) -> bool:
        """Whether there is an encoder; without it a model can only sample and decode."""
        encoder = self._encoder_source
        return isinstance(encoder, ModelFile) or os.path.exists(encoder)  # noqa: PTH110  # raises nothing

    def encode(self, images: npt.ArrayLike, labels: Labels = None) -> tuple[Float32, Float32]:
        """Compute the posterior of each image: `z_mean` and `z_log_var`, both (N, D).

        Args:
            images: (N, H, W, C), floats in [0, 1], or uint8, which is divided by 255.
            labels: of a conditional model: numbers or names of classes; None for no labels.

        Raises:
            ModelError: the encoder is missing, damaged, or belongs to another model.
            OptionError: another shape, type or range, NaN or infinity; unknown labels, or any for another model.
        """
        outputs = self._encoder_session().run(encoder_inputs(self.info, images, labels))
        return outputs["z_mean"], outputs["z_log_var"]

    def reconstruct(self, images: npt.ArrayLike, labels: Labels = None) -> Float32:
        """Decode the posterior mean of images (N, H, W, C), as `encode` takes them: (N, H, W, C) in [0, 1]."""
        return self.decode(self.encode(images, labels)[0], labels)

    def outputs(self, z: npt.ArrayLike, labels: Labels = None) -> Mapping[str, Float32]:
        """Compute all outputs for z (N, D): `image` (N, H, W, C) in [0, 1] and the likelihood's raw outputs."""
        return self._decoder.run(decoder_inputs(self.info, z, labels))

    def decode(self, z: npt.ArrayLike, labels: Labels = None) -> Float32:
        """Compute the mean image of each latent (N, D): (N, H, W, C) in [0, 1].

        Raises:
            OptionError: another shape or type, NaN, or numbers beyond 1e6; labels as for `encode`.
        """
        image: Float32 = self._decoder.run(decoder_inputs(self.info, z, labels), ("image",))["image"]
        return image

    def interpolate(
        self,
        a: npt.ArrayLike,
        b: npt.ArrayLike,
        *,
        steps: int = 11,
        path: PathKind = "linear",
        labels: Labels = None,
    ) -> Float32:
        """Decode a path from image a to image b (H, W, C), both ends reconstructed: (steps, H, W, C).

        Args:
            a: first image, uint8 or floats in [0, 1].
            b: last image, likewise.
            steps: number of pictures, at least 2.
            path: `linear`; `spherical`, away from the latent origin; `even`, with equally different pictures.
            labels: of a conditional model: the class of both images, or of each; then it is crossed over.

        Raises:
            OptionError: an array of another shape, type or range, an unknown path, or too few or too many steps;
                labels as for `encode`.
        """
        checks.choice(path, "--path", get_args(PathKind))
        checks.integer(steps, "--steps", least=2, most=MAX_STEPS)
        images = [single_image(image, self.image_shape, name=name) for name, image in (("a", a), ("b", b))]
        points = track.encode(self, np.concatenate(images), labels)
        chunk = chunk_length(self.image_shape, most=_EVEN_CHUNK)
        return points.decoder(self)(track.path_between(self, points, steps, path, chunk=chunk).z)

    def score(self, images: npt.ArrayLike) -> "Scores":
        """Score how unlike the training images each of images (N, H, W, C) is: `score`, `percentile`, components.

        Raises:
            ModelError: the model has no encoder, or no figures for scores.
            OptionError: an array of another shape, type or range.
        """
        from vaecli.metrics.score import measure_all  # noqa: PLC0415

        scorer, batch = self.scorer, image_batch(images, self.image_shape)
        return scorer.apply(measure_all(self, batch, threads=self.threads))

    def similar(self, image: npt.ArrayLike, among: npt.ArrayLike, *, n: int = 10) -> "Nearest":
        """Find the `n` of images (N, H, W, C), or of latents (N, D), nearest to an image: `indices`, `distances`.

        Raises:
            ModelError: the model has no encoder.
            OptionError: an array of another shape, type or range.
        """
        from vaecli.runtime.similar import nearest  # noqa: PLC0415

        return nearest(self, image, among, n)

    def _encoder_session(self) -> Session:
        if self._encoder is None:
            with self._opening:
                if self._encoder is None:
                    self._encoder = Session(self._encoder_file(), thread_count=self._threads)
        return self._encoder

    def _encoder_file(self) -> ModelFile:
        if not isinstance(self._encoder_source, ModelFile):
            self._encoder_source = read_encoder(self._encoder_source, self._decoder_file)
        return self._encoder_source

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the bytes of the files, so that another process or machine needs no folder."""
        encoder = self._encoder_file() if self.has_encoder else self._encoder_source
        file, path = (encoder, encoder.path) if isinstance(encoder, ModelFile) else (None, encoder)
        decoder = str(self.path), self._decoder_file.content
        return unpickle, (decoder, (str(path), file and file.content), self._threads)
