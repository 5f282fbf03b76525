"""`vaecli export`: write a run's best weights as a folder of ONNX files that needs no TensorFlow.

Weights and training figures come from the run's saved state, so that they fit together. The options come from
config.toml, the description of the data from provenance.json.
"""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vaecli import checks, files
from vaecli.choices import Precision
from vaecli.commands import command
from vaecli.config import read_options
from vaecli.errors import ModelError, TrainingError
from vaecli.export import describe, opsets
from vaecli.extras import require
from vaecli.modelfile import facts, metadata
from vaecli.modelfile.facts import Facts
from vaecli.modelfile.find import CARD, EXACT, read_all
from vaecli.modelfile.metadata import ModelInfo
from vaecli.options import TrainOptions
from vaecli.paths import user_path
from vaecli.probability.likelihoods import from_metadata
from vaecli.runs import kept, layout
from vaecli.runs import state as states
from vaecli.runs.kept import KeptImages
from vaecli.runs.lock import locked
from vaecli.runs.state import State
from vaecli.tasks import export_target
from vaecli.tasks.prior.source import PriorSource
from vaecli.tasks.run_data import RunData, RunImages
from vaecli.tasks.score.facts import ScoreSource
from vaecli.training.tensorflow import quietly

if TYPE_CHECKING:
    from vaecli.export.parity import Difference
    from vaecli.training.vae import Vae


@dataclasses.dataclass(frozen=True)
class ExportOptions:
    """The options of an export.

    Attributes:
        out: the folder to write; the run's own `model` if left out, and then its .keras files are written, too.
        opset: version of the ONNX operators.
        precisions: of further files: `int8`, a decoder fitted to the run's kept training images and the prior, or
            `fp16`, both halves.
        force: replace files of the same name.
        examples: store latents of individual validation images in the decoders; they reveal something of the data.
            The figures for scores, which are of at least 100 images together, are stored in any case.

    Raises:
        OptionError: an opset or a precision that does not exist or is not supported.
    """

    out: str | os.PathLike[str] | None = None
    opset: int = opsets.DEFAULT
    precisions: Sequence[Precision] = ()
    force: bool = False
    examples: bool = True

    def __post_init__(self) -> None:
        opsets.require_opset(self.opset)
        for precision in self.precisions:
            checks.choice(precision, "precisions", ("int8", "fp16"))


@dataclasses.dataclass(frozen=True)
class Exported:
    """The result of an export.

    Attributes:
        folder: the folder that was written.
        table: the differences between the outputs of Keras and of the float32 files.
        degradations: precision -> the figures of its files, as in `export.reduced`.
        without_score: why the decoders have no figures for `vaecli score`; empty if they have.
        prior_note: why the decoders have no mixture, or not the one that was asked for; empty otherwise.
    """

    folder: pathlib.Path
    table: list["Difference"]
    degradations: dict[Precision, dict[str, float]]
    without_score: str = ""
    prior_note: str = ""


DEFAULTS = ExportOptions()


def export(run_path: str | os.PathLike[str], options: ExportOptions = DEFAULTS) -> Exported:
    """Convert the best weights of a run so far, compare the files with Keras, and write the model folder.

    Args:
        run_path: a run with at least one completed epoch, whether it has ended or not. It is written to only if
            `options.out` is left out or names its own `model` folder.
        options: where to write, and what.

    Raises:
        ModelError: the path is not a run, or the run has no completed epoch.
        TrainingError: the run's state is missing or damaged, or does not fit its configuration; or another process
            trains the run whose own model is to be written.
        ParityError: a file's outputs differ too much from those of the network; nothing is written.
        OutputError: the folder is not empty, or cannot be written.
        MissingExtraError: TensorFlow or tf2onnx is not installed.
    """
    require("Exporting needs TensorFlow and tf2onnx", "tensorflow", "keras", "tf2onnx", "onnx")
    run = layout.Run(user_path(run_path, option="--model", error=ModelError))
    run.read_provenance()  # a folder that is not a run stays as it is
    target = export_target.resolve(run, options.out)
    with locked(run.lock) if target == run.model else contextlib.nullcontext():
        return export_locked(run, options)


def export_locked(run: layout.Run, options: ExportOptions, data: RunImages | None = None) -> Exported:
    """Export as `export` does. The caller holds the run's lock if the run's own model is written.

    `data` are the run's images if they are in memory; the score and the prior are fitted on them.
    """
    target = export_target.resolve(run, options.out)
    export_target.require_usable(run, target, options.precisions, force=options.force)
    state, trained_with = _trained(run)
    info = _describe(run, state, trained_with)
    images = _images(run, info)
    log = (
        run.log if target == run.model else pathlib.Path(os.devnull)
    )  # a run that is only read stays as it is
    with quietly(log):
        from vaecli.export.folder import export_folder

        vae = _network(info, state)  # before the facts: its error names the weights that do not fit
    latent_facts = _facts(run, info, state)
    if not options.examples:
        latent_facts = latent_facts.without_examples()
    if target == run.model:
        save_keras(run, vae)
    with files.translating(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    run_data = RunData(run, info.data["sha256"], data)
    score, prior = ScoreSource(run, target == run.model, run_data), PriorSource(run, run_data)
    exported = export_folder(
        vae,
        info,
        images,
        target,
        facts=latent_facts,
        fit_score=score.facts,
        fit_prior=prior.prior,
        opset=options.opset,
        precisions=list(dict.fromkeys(options.precisions)),
        force=options.force,
    )
    return Exported(target, exported.table, exported.degradations, score.missing, prior.note)


def save_keras(run: layout.Run, vae: "Vae") -> None:
    """Write the run's .keras files."""
    from vaecli.training import keras_files

    keras_files.save(vae, run.path, encoder=run.encoder.name, decoder=run.decoder.name)


def is_current(run: layout.Run) -> bool:
    """Return whether the run's own model folder is complete and every file in it holds the run's best weights."""
    expected = _describe(run, *_trained(run))
    try:
        infos = [file.info for file in read_all(run.model)]
    except ModelError:
        return False
    same = all((info.model_id, info.training) == (expected.model_id, expected.training) for info in infos)
    complete = all((run.model / name).exists() for name in (*EXACT.values(), CARD))
    return same and complete


def _trained(run: layout.Run) -> tuple[State, TrainOptions]:
    """Read the state of a run and the options that it was trained with; refuse others in its config.toml."""
    saved = states.read(run.checkpoint)
    trained_with, state = read_options(run.config), saved.state
    states.require_same(saved.identity, saved.identity | {"options": states.deciding(trained_with)})
    if not state.best_weights:
        raise ModelError(
            f"{run.path} has no completed epoch, so there is no model to export.",
            hint=f"Continue its training: {command('train', '--resume', run.path)}",
        )
    return state, trained_with


def _describe(run: layout.Run, state: State, trained_with: TrainOptions) -> ModelInfo:
    """Describe the best weights, and check the description as a reader of the files will."""
    provenance = run.read_provenance()
    try:
        start = provenance.get("start_from")
        info = describe.trained(provenance["data"], trained_with, state, name=run.name, start_from=start)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            f"{run.provenance} is damaged or of another version: {type(error).__name__}: {error}.",
            hint="Train the run again.",
        ) from error
    metadata.from_metadata(info.to_metadata(), f"a model of {run.path}")
    return info


def _facts(run: layout.Run, info: ModelInfo, state: State) -> Facts:
    try:
        return facts.from_arrays(
            state.best_facts, latent_dim=info.latent_dim, class_count=len(info.class_names)
        )
    except (ValueError, TypeError) as error:
        raise TrainingError(f"{run.checkpoint} is damaged: {error}.", hint="Train the run again.") from error


def _images(run: layout.Run, info: ModelInfo) -> KeptImages:
    images = kept.read(run.kept)
    for name, array in images._asdict().items():
        if array.shape[1:] != info.image_shape:
            raise ModelError(
                f"The {name} images in {run.kept} must have the shape {info.image_shape}, got {array.shape[1:]}.",
                hint="Train the run again.",
            )
    return images


def _network(info: ModelInfo, state: State) -> "Vae":
    from vaecli.training import checkpoint
    from vaecli.training.vae import build

    vae = build(
        info.network,
        from_metadata(info.likelihood),
        info.image_shape,
        info.latent_dim,
        seed=info.training["seed"],
        size=describe.network_size(info),
        label_count=describe.label_count(info),
    )
    checkpoint.restore_best(state, vae.variables)
    return vae
