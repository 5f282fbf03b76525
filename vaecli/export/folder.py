"""The model folder: encoder and decoder converted, compared with Keras, and only then put in place."""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import onnx

from vaecli import files, folders
from vaecli.choices import Precision
from vaecli.export import convert, opsets, parity, reduced
from vaecli.export.card import model_card
from vaecli.export.previous import outdated_files
from vaecli.export.rewrite import faster
from vaecli.export.stamp import stamp
from vaecli.modelfile.facts import KEY_FACTS, Facts
from vaecli.modelfile.find import CARD, EXACT
from vaecli.modelfile.golden import Golden
from vaecli.modelfile.metadata import LABEL, ModelInfo
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior
from vaecli.modelfile.score_facts import KEY_SCORE, ScoreFacts
from vaecli.runs.kept import KeptImages
from vaecli.runtime.model import Model
from vaecli.training.vae import Vae


@dataclasses.dataclass(frozen=True)
class ExportedFolder:
    """The measurements of an export.

    Attributes:
        table: the differences between Keras and the float32 files.
        degradations: precision -> the figures of its files, see `degradation`, for int8 or fp16.
    """

    table: list[parity.Difference]
    degradations: dict[Precision, dict[str, float]]


def export_folder(
    vae: Vae,
    info: ModelInfo,
    images: KeptImages,
    target: pathlib.Path,
    *,
    facts: Facts | None = None,
    fit_score: Callable[[Model], ScoreFacts | None] = lambda _model: None,
    fit_prior: Callable[[Model], StoredPrior] = lambda _model: StoredPrior({"name": "normal"}, PriorFacts()),
    opset: int = opsets.DEFAULT,
    precisions: Sequence[Precision] = (),
    force: bool = True,
) -> ExportedFolder:
    """Write encoder.onnx, decoder.onnx, the files of reduced precision and MODEL_CARD.md to a folder.

    Args:
        vae: the trained networks.
        info: the metadata; `part` and `inputs` are filled in here.
        images: validation images to compare with Keras on, and training images to fit int8 to.
        target: the folder. Files of the same name are replaced. Files of another model or of an earlier state of
            its training are removed; all other files stay.
        facts: facts about the latent space, for the decoders.
        fit_score: fits the score of the exported model, also for the decoders.
        fit_prior: fits the prior of the exported model, also for the decoders.
        opset: version of the ONNX operators.
        precisions: further files to write: `int8` for decoder.int8.onnx; `fp16` for decoder.fp16.onnx and
            encoder.fp16.onnx.
        force: replace files; without it, `target` must still be empty when the files are complete.

    Raises:
        ParityError: encoder.onnx or decoder.onnx differs too much from Keras, or a file of reduced precision
            from the float32 one; `target` stays as it was.
        ModelError: the conversion fails.
        OutputError: the folder cannot be written.
    """
    graphs = to_graphs(vae, info, opset=opset)
    reference = KerasReference(vae)
    encoder_inputs, decoder_inputs = reference.inputs(images.validation)
    golden = parity.golden(encoder_inputs, decoder_inputs, reference.encode, reference.decode)
    if_taken: Literal["replace", "refuse"] = "replace" if force else "refuse"
    outdated = outdated_files(info)
    with folders.replacing_folder(target, if_taken=if_taken, is_outdated=outdated) as folder:
        with files.translating(target):
            _write_parts(folder, graphs, info, golden)
        exact = Model.open(folder)
        table = compare_with_keras(vae, exact, images.validation)
        parity.require(table)
        prior = fit_prior(exact)
        entries = _fact_entries(facts, fit_score(exact)) | prior.entries()
        info = info.replace(prior=prior.description)
        with files.translating(target):
            _write_parts(folder, graphs, info, golden, entries)
        exact = Model.open(folder)  # with its own prior
        origin = reduced.Origin(exact, vae.decoder, graphs, golden, images, entries, opset)
        exported = ExportedFolder(table, reduced.add(origin, precisions))
        sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.onnx"))}
        card = model_card(info, table, sizes, exported.degradations)
        with files.translating(target):
            (folder / CARD).write_text(card, encoding="utf-8")
    return exported


def to_graphs(vae: Vae, info: ModelInfo, *, opset: int) -> dict[str, onnx.ModelProto]:
    """Convert encoder and decoder to ONNX graphs, keyed `encoder` and `decoder`.

    Raises:
        ModelError: the conversion fails.
    """
    label = {LABEL: (vae.label_count,)} if vae.label_count else {}
    encoder = convert.to_onnx(
        lambda inputs: convert.encoder_outputs(vae, inputs), {"image": info.image_shape, **label}, opset=opset
    )
    decoder = convert.to_onnx(
        lambda inputs: convert.decoder_outputs(vae, inputs), {"z": (info.latent_dim,), **label}, opset=opset
    )
    return {"encoder": encoder, "decoder": faster(decoder)}


def _write_parts(
    folder: pathlib.Path,
    graphs: Mapping[str, onnx.ModelProto],
    info: ModelInfo,
    golden: Mapping[str, Golden],
    facts: Mapping[str, str] | None = None,
) -> None:
    """Write both files; `facts` are further entries of the decoder's metadata."""
    for part, graph in graphs.items():
        part_info = info.as_part(part)
        content = stamp(graph, part_info, golden[part], facts if part == "decoder" else None)
        (folder / EXACT[part]).write_bytes(content)


def _fact_entries(facts: Facts | None, score: ScoreFacts | None) -> dict[str, str]:
    """Return the metadata entries of the facts that there are."""
    entries = {KEY_FACTS: facts.to_text()} if facts and facts.arrays() else {}
    return entries | ({KEY_SCORE: score.to_text()} if score else {})


def compare_with_keras(vae: Vae, model: Model, validation: np.ndarray) -> list[parity.Difference]:
    """Compare an opened model with Keras on `validation` (N, H, W, C) uint8, random and extreme inputs."""

    def exported_encoder(inputs: parity.Arrays) -> parity.Arrays:
        z_mean, z_log_var = model.encode(inputs["image"], labels=inputs.get(LABEL))
        return {"z_mean": z_mean, "z_log_var": z_log_var}

    reference = KerasReference(vae)
    encoder_inputs, decoder_inputs = reference.inputs(validation)
    return [
        *parity.compare("encoder", encoder_inputs, reference.encode, exported_encoder),
        *parity.compare(
            "decoder",
            decoder_inputs,
            reference.decode,
            lambda inputs: model.outputs(inputs["z"], labels=inputs.get(LABEL)),
        ),
    ]


@dataclasses.dataclass(frozen=True)
class KerasReference:
    """The Keras model, run eagerly, with which exported files are compared."""

    vae: Vae

    def encode(self, inputs: parity.Arrays) -> parity.Arrays:
        """Compute `z_mean` and `z_log_var` (N, D) of `image` (N, H, W, C) float32, and `label`."""
        return convert.reference(lambda tensors: convert.encoder_outputs(self.vae, tensors), inputs)

    def decode(self, inputs: parity.Arrays) -> parity.Arrays:
        """Compute `image` and the likelihood's outputs (N, H, W, C) of `z` (N, D) float32, and `label`."""
        return convert.reference(lambda tensors: convert.decoder_outputs(self.vae, tensors), inputs)

    def inputs(self, validation: np.ndarray) -> tuple[parity.ByKind, parity.ByKind]:
        """Return the encoder inputs and decoder inputs to compare on, from real images (N, H, W, C) uint8."""
        count = self.vae.label_count
        images = parity.with_labels(parity.image_inputs(validation), count)
        latents = parity.latent_inputs(self.encode(images["real"])["z_mean"])
        return images, parity.with_labels(latents, count)
