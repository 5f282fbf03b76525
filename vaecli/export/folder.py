"""The model folder: both halves converted, stamped, checked against Keras, and only then in place."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
import onnx
import tensorflow as tf

from vaecli import files, folders
from vaecli.choices import Precision
from vaecli.errors import ModelError
from vaecli.export import convert, parity, reduced
from vaecli.export.card import model_card
from vaecli.export.rewrite import faster
from vaecli.export.stamp import stamped
from vaecli.modelfile.facts import Facts
from vaecli.modelfile.find import DECODERS
from vaecli.modelfile.metadata import INPUTS, ModelInfo
from vaecli.modelfile.read import read_file
from vaecli.runs.kept import KeptImages
from vaecli.runtime.model import Model
from vaecli.training.vae import Vae


def export_folder(
    vae: Vae,
    info: ModelInfo,
    real: KeptImages,
    target: pathlib.Path,
    *,
    facts: Facts | None = None,
    opset: int = convert.DEFAULT_OPSET,
    precisions: Sequence[Precision] = (),
    force: bool = True,
) -> list[parity.Difference]:
    """Write encoder.onnx, decoder.onnx, others that are asked for, and MODEL_CARD.md to a folder.

    Args:
        vae: the trained networks.
        info: the metadata; `part` and `inputs` are filled in here.
        real: images (N, H, W, C) of the data.
        target: the folder; files of the same name in it are replaced, and decoders of another model go.
        facts: of the latent space, for the decoders.
        opset: of the ONNX operators.
        precisions: of further decoders, `int8` for decoder.int8.onnx and `fp16` for decoder.fp16.onnx.
        force: replace files; without it, `target` must still be empty when the files are complete.

    Returns:
        The table of differences between Keras and the files.

    Raises:
        ParityError: a file is off; nothing is left in `target`.
        ModelError: the conversion fails.
        OutputError: the folder cannot be written.
    """
    parts = to_graphs(vae, info, opset=opset)
    original = Source(vae)
    images, latents = original.inputs(real.validation)
    golden = parity.golden(images, latents, original.encode, original.decode)
    with folders.replacing_folder(target, if_taken="replace" if force else "refuse") as folder:
        for part, graph in parts.items():
            described = info.replace(part=part, inputs=INPUTS[part])
            content = stamped(graph, described, golden[part], facts if part == "decoder" else None)
            with files.translating(target):
                (folder / f"{part}.onnx").write_bytes(content)
        table = check(vae, Model.open(folder), real.validation)
        parity.require(table)
        source = reduced.Origin(folder, vae.decoder, parts["decoder"], real, opset)
        losses = reduced.add(source, precisions)
        sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.onnx"))}
        card = model_card(info, table, sizes, losses)
        with files.translating(target):
            (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    _remove_others(target, info)
    return table


def to_graphs(vae: Vae, info: ModelInfo, *, opset: int) -> dict[str, onnx.ModelProto]:
    """Convert both halves of a network to ONNX, by part.

    Raises:
        ModelError: the conversion fails.
    """
    encoder = convert.to_onnx(
        lambda inputs: convert.encoder_outputs(vae, inputs), {"image": info.image_shape}, opset=opset
    )
    decoder = convert.to_onnx(
        lambda inputs: convert.decoder_outputs(vae, inputs), {"z": (info.latent_dim,)}, opset=opset
    )
    return {"encoder": encoder, "decoder": faster(decoder)}


def _remove_others(folder: pathlib.Path, info: ModelInfo) -> None:
    """Remove the decoders of other weights, or of another training, that an earlier export left."""
    for path in (folder / name for name in DECODERS.values()):
        try:
            found = read_file(path).info if path.exists() else info
            same = (found.model_id, found.training) == (info.model_id, info.training)
        except ModelError:
            same = False
        if not same:
            with files.translating(path):
                path.unlink()


def check(vae: Vae, model: Model, validation: np.ndarray) -> list[parity.Difference]:
    """Differences between Keras, run eagerly, and an opened model."""

    def exported_encoder(inputs: parity.Arrays) -> parity.Arrays:
        z_mean, z_log_var = model.encode(inputs["image"])
        return {"z_mean": z_mean, "z_log_var": z_log_var}

    source = Source(vae)
    images, latents = source.inputs(validation)
    return [
        *parity.compare("encoder", images, source.encode, exported_encoder),
        *parity.compare("decoder", latents, source.decode, lambda inputs: model.outputs(inputs["z"])),
    ]


@dataclasses.dataclass(frozen=True)
class Source:
    """The Keras model that files are made from and judged by, run eagerly."""

    vae: Vae

    def encode(self, inputs: parity.Arrays) -> parity.Arrays:
        """Compute `z_mean` and `z_log_var` (N, D) of `image` (N, H, W, C) float32."""
        return _numpy(convert.encoder_outputs(self.vae, _tensors(inputs)))

    def decode(self, inputs: parity.Arrays) -> parity.Arrays:
        """Compute `image` and the likelihood's outputs (N, H, W, C) of `z` (N, D) float32."""
        return _numpy(convert.decoder_outputs(self.vae, _tensors(inputs)))

    def inputs(self, validation: np.ndarray) -> tuple[parity.ByKind, parity.ByKind]:
        """Return encoder inputs and decoder inputs to compare on, from real images (N, H, W, C) uint8."""
        images = parity.image_inputs(validation)
        return images, parity.latent_inputs(self.encode(images["real"])["z_mean"])


def _tensors(arrays: parity.Arrays) -> dict[str, tf.Tensor]:
    return {name: tf.constant(array) for name, array in arrays.items()}


def _numpy(tensors: dict[str, tf.Tensor]) -> parity.Arrays:
    return {name: tensor.numpy() for name, tensor in tensors.items()}
